"""Formats the status of a rollout for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from segue.ops.words import moment, off_in_words, ratio_in_words, share_in_words, span
from segue.rollout.core.gates import Verdict
from segue.rollout.core.rollout import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from segue.rollout.ports.control import JudgementBody, PlanBody, StageBody, StateBody, StatusBody, WaitBody

_COLOURS = {"pass": "green", "fail": "red", "error": "yellow", "inconclusive": "yellow"}


def standing(status: StatusBody, now_s: float) -> RenderableType:
    """The whole status at ``now_s`` by the service's clock."""
    lines = [*_place(status), f"[bold]Next:[/] {escape(coming(status, now_s))}", *_people(status, now_s)]
    judgement = _readings_of(status)
    if judgement is None:
        return Group(*lines)
    return Group(*lines, gates_table(judgement), *(escape(one.sentence) for one in judgement.readings))


def _readings_of(status: StatusBody) -> JudgementBody | None:
    """The judgement, if it read gates and applies to the current revision."""
    judgement = status.judgement
    current = judgement is not None and judgement.revision == status.revision
    return judgement if current and judgement is not None and judgement.readings else None


def _place(status: StatusBody) -> Iterator[str]:
    state, plan = status.state, status.plan
    under = f", plan {plan.name}" if plan is not None else ""
    yield f"[bold]{escape(status.rollout_id)}[/] is [bold]{state.phase}[/], revision {status.revision}{under}"
    if plan is not None:
        stage = plan.stages[state.stage]
        step = f", step {state.step + 1} of {len(stage.steps)}" if len(stage.steps) > 1 else ""
        yet = ", not entered yet" if state.entering else ""
        yield f"Stage {state.stage} (of 0 to {len(plan.stages) - 1}): [bold]{stage.name}[/]{step}{yet}"
    yield f"Candidate: {escape(heard_by(status))}"
    if plan is not None and state.phase != Phase.FINISHED and not state.entering:
        yield f"Held for {span(status.held_for_s)} of {span(status.hold_s)} (including short gaps without traffic)"
    judgement = status.judgement
    if judgement is not None and judgement.revision == status.revision and judgement.stuck:
        yield "[yellow]This step is stuck: it is long overdue and unlikely to end without your action[/]"


def heard_by(status: StatusBody) -> str:
    """Who hears the candidate."""
    state = status.state
    if status.locked_off:
        by = off_in_words(status.locked_off_by)
        return f"no listeners on the replica that answered: {by} keeps it off; other replicas may differ"
    if not state.enabled:
        return "no listeners: it is switched off; `segue rollout history` says by whom"
    whom = ", ".join(state.characters) or "all characters"
    held = f"; held back: {', '.join(state.held_back)}" if state.held_back else ""
    safety = "" if state.fallback else "; without a fallback"
    heard = f"{share_in_words(state.share_percent)} of the listeners of {whom}{_yardstick(status)}"
    return f"{heard}{held}{safety}{_shadow(status)}"


def _yardstick(status: StatusBody) -> str:
    part = 0.0 if status.plan is None else status.plan.yardstick_percent
    return f" ({share_in_words(part)} stay on the baseline as a yardstick)" if part else ""


def _shadow(status: StatusBody) -> str:
    part = status.state.shadow_percent
    return f"; shadow requests for {share_in_words(part)} of the baseline's requests" if part else ""


def coming(status: StatusBody, now_s: float) -> str:
    """What happens next, when, and on which condition."""
    state, plan = status.state, status.plan
    if plan is None:
        return "nothing until you start a plan with `segue rollout start PLAN`"
    if state.phase == Phase.RUNNING:
        return _running_on(status, plan, now_s)
    cool_s = state.cool_until_s - now_s
    return {
        Phase.AWAITING_APPROVAL: _waiting(status, plan),
        Phase.AWAITING_HOURS: _waiting(status, plan),
        Phase.COOLING: f"continues with this stage in {span(cool_s)} ({moment(state.cool_until_s)} UTC)",
        Phase.PAUSED: "stays as it is until `segue rollout resume`; alarms can still roll it back",
        Phase.ROLLED_BACK: f"{_back_on(state, now_s)}{_resumed(status, plan)}",
        Phase.FINISHED: "nothing: the plan is complete; alarms can still roll it back",
        Phase.MANUAL: "nothing: an operator sets the routing",
    }[Phase(state.phase)]


def _waiting(status: StatusBody, plan: PlanBody) -> str:
    target = _entered(plan.stages[status.state.stage]) if status.state.entering else _after(status, plan)
    return f"{target}, {' and '.join(map(_wait, status.waiting)) or 'at the next check of the judge'}"


def _wait(wait: WaitBody) -> str:
    names = ", ".join(wait.names)
    return {
        "approval": "after `segue rollout approve`",
        "hours": f"within its hours, from {moment(wait.from_s)} UTC",
        "gates": f"when {names} {'is' if len(wait.names) == 1 else 'are'} met",
        "traffic": f"when there is enough traffic to judge {names}",
    }.get(wait.what, f"blocked by {names}")


def _back_on(state: StateBody, now_s: float) -> str:
    if not state.resume_at_s:
        return "stays off until `segue rollout resume`"
    return (
        f"restarts automatically in {span(state.resume_at_s - now_s)} ({moment(state.resume_at_s)} UTC), "
        "or with `segue rollout resume`"
    )


def _running_on(status: StatusBody, plan: PlanBody, now_s: float) -> str:
    left_s = status.hold_s - status.held_for_s
    target = _after(status, plan)
    if left_s > 0:
        at = f"in {span(left_s)} ({moment(now_s + left_s)} UTC)"
        return f"{target}, when the hold ends {at} and every gate is met"
    judgement = _readings_of(status)
    if judgement is None:
        return f"{target}, when every gate is met; the hold is over"
    short = [one.gate for one in judgement.readings if one.verdict != Verdict.PASS]
    return f"{target}, blocked by {', '.join(short or judgement.reasons)}"


def _after(status: StatusBody, plan: PlanBody) -> str:
    state = status.state
    stage = plan.stages[state.stage]
    if state.step + 1 < len(stage.steps):
        return f"to {share_in_words(stage.steps[state.step + 1].share_percent)} of {stage.name}"
    if state.stage + 1 == len(plan.stages):
        return "the plan completes"
    return _entered(plan.stages[state.stage + 1])


def _entered(stage: StageBody) -> str:
    agreed = " (needs approval)" if stage.approval else ""
    return f"to stage {stage.name}, {share_in_words(stage.steps[0].share_percent)}{agreed}"


def _resumed(status: StatusBody, plan: PlanBody) -> str:
    if status.resume_stage is None:
        return ""
    stage = plan.stages[status.resume_stage]
    return f", which restarts stage {stage.name} at {share_in_words(stage.steps[0].share_percent)}"


def _people(status: StatusBody, now_s: float) -> Iterator[str]:
    judgement = status.judgement
    if judgement is not None:
        verb = judgement.verb or "hold"
        ago = span(now_s - judgement.at_s)
        why = "" if _readings_of(status) else f": {escape('; '.join(judgement.reasons))}"
        yield f"[bold]Judge:[/] {escape(judgement.by)} checked {ago} ago: {verb}{why}"
    behind = [one.name for one in status.replicas if one.revision < status.revision]
    names = ", ".join(one.name for one in status.replicas) or "none has reported recently"
    current = f", all at revision {status.revision}" if status.replicas and not behind else ""
    yield f"[bold]Replicas:[/] {escape(names)}{current}"
    if behind:
        yield (
            f"[yellow]not yet at revision {status.revision}: {escape(', '.join(behind))} "
            "(a replica that stays behind cannot read the store; see its log)[/]"
        )


def gates_table(judgement: JudgementBody) -> Table:
    """A table of the latest reading of each gate."""
    table = Table("gate", "read on", "bad", "within", "limit", "verdict", box=SIMPLE_HEAD)
    table.caption = (
        "bad: part of calls that miss the gate; for a mean, its part of the longest time a call may take"
    )
    for one in judgement.readings:
        table.add_row(
            one.gate,
            f"{one.arm} {one.character}".strip(),
            ratio_in_words(one.estimate if one.trials else None),
            f"{round(one.low * 100, 2):g} to {one.high * 100:.3g} %",
            ratio_in_words(one.boundary),
            f"[{_COLOURS.get(one.verdict, 'default')}]{one.verdict}[/]",
        )
    return table
