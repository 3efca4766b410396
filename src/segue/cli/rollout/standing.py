"""Where a rollout stands, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.markup import escape
from rich.table import Table

from segue.core.gates import Verdict
from segue.core.rollout import Phase
from segue.ops.words import moment, ratio_in_words, share_in_words, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from segue.cli.rollout.wire import Judgement, Plan, Stage, Status

_COLOURS = {"pass": "green", "fail": "red", "error": "yellow", "inconclusive": "yellow"}
_HOLDING = (Phase.RUNNING, Phase.AWAITING_APPROVAL)


def standing(status: Status, now_s: float) -> RenderableType:
    """The whole of it at ``now_s``, by the service's clock."""
    lines = [*_place(status, now_s), f"[bold]Next:[/] {escape(coming(status, now_s))}", *_people(status, now_s)]
    judgement = _readings_of(status)
    if judgement is None:
        return Group(*lines)
    return Group(*lines, gates_table(judgement), *(escape(one.sentence) for one in judgement.readings))


def _readings_of(status: Status) -> Judgement | None:
    """The judgement, where it read gates and the state is still the one that was judged."""
    judgement = status.judgement
    current = judgement is not None and judgement.revision == status.revision
    return judgement if current and judgement is not None and judgement.readings else None


def _place(status: Status, now_s: float) -> Iterator[str]:
    state, plan = status.state, status.plan
    under = f", plan {plan.name}" if plan is not None else ""
    yield f"[bold]{escape(status.rollout_id)}[/] is [bold]{state.phase}[/], revision {status.revision}{under}"
    if plan is not None:
        stage = plan.stages[state.stage]
        step = f", step {state.step + 1} of {len(stage.steps)}" if len(stage.steps) > 1 else ""
        yield f"Stage {state.stage} (of 0 to {len(plan.stages) - 1}): [bold]{stage.name}[/]{step}"
    yield f"Candidate: {escape(heard_by(status))}"
    if plan is not None and state.phase != Phase.FINISHED:
        yield f"Held for {span(held_for_s(status, now_s))} of {span(status.hold_s)}"
    judgement = status.judgement
    if judgement is not None and judgement.revision == status.revision and judgement.stuck:
        yield "[yellow]This step is stuck: it should have ended long ago, and will hardly end by itself[/]"


def held_for_s(status: Status, now_s: float) -> float:
    """How long the step has been held at ``now_s``; it grows only while it counts."""
    return status.held_for_s + (max(0.0, now_s - status.now_s) if status.state.phase in _HOLDING else 0.0)


def heard_by(status: Status) -> str:
    """Who hears the candidate."""
    state = status.state
    if status.locked_off:
        return "nobody: CHIRP3_ENABLED=false in the environment holds it off"
    if not state.enabled:
        return "nobody: it is switched off"
    whom = ", ".join(state.characters) or "all characters"
    held = f"; held back: {', '.join(state.held_back)}" if state.held_back else ""
    safety = "" if state.fallback else "; without a fallback"
    return f"{share_in_words(state.share_percent)} of the listeners of {whom}{held}{safety}"


def coming(status: Status, now_s: float) -> str:
    """What would happen next, when, and on which condition."""
    state, plan = status.state, status.plan
    if plan is None:
        return "nothing by itself; `segue rollout start PLAN` begins a plan"
    if state.phase == Phase.RUNNING:
        return _running_on(status, plan, now_s)
    cool_s = state.cool_until_s - now_s
    return {
        Phase.AWAITING_APPROVAL: f"{_after(status, plan)}, once `segue rollout approve` was given",
        Phase.COOLING: f"goes on with this stage in {span(cool_s)} ({moment(state.cool_until_s)} UTC)",
        Phase.PAUSED: "stays as it is until `segue rollout resume`; alarms still take it back",
        Phase.ROLLED_BACK: f"stays off until `segue rollout resume`{_resumed(status, plan)}",
        Phase.FINISHED: "nothing: the plan has ended well; alarms still take it back",
        Phase.MANUAL: "nothing by itself; a person sets the routing",
    }[Phase(state.phase)]


def _running_on(status: Status, plan: Plan, now_s: float) -> str:
    left_s = status.hold_s - held_for_s(status, now_s)
    target = _after(status, plan)
    if left_s > 0:
        at = f"in {span(left_s)} ({moment(now_s + left_s)} UTC)"
        return f"{target}, when the hold is over {at} and every gate is met"
    judgement = _readings_of(status)
    if judgement is None:
        return f"{target}, when every gate is met; the hold is over"
    short = [one.gate for one in judgement.readings if one.verdict != Verdict.PASS]
    return f"{target}, but for {', '.join(short or judgement.reasons)}"


def _after(status: Status, plan: Plan) -> str:
    state = status.state
    stage = plan.stages[state.stage]
    if state.step + 1 < len(stage.steps):
        return f"to {share_in_words(stage.steps[state.step + 1].share_percent)} of {stage.name}"
    if state.stage + 1 == len(plan.stages):
        return "the plan ends well"
    return _entered(plan.stages[state.stage + 1])


def _entered(stage: Stage) -> str:
    agreed = " (a person must approve it)" if stage.approval else ""
    return f"to stage {stage.name}, {share_in_words(stage.steps[0].share_percent)}{agreed}"


def _resumed(status: Status, plan: Plan) -> str:
    if status.resume_stage is None:
        return ""
    stage = plan.stages[status.resume_stage]
    return f", which begins stage {stage.name} again, {share_in_words(stage.steps[0].share_percent)}"


def _people(status: Status, now_s: float) -> Iterator[str]:
    judgement = status.judgement
    if judgement is not None:
        verb = judgement.verb or "hold"
        ago = span(now_s - judgement.at_s)
        why = "" if _readings_of(status) else f": {escape('; '.join(judgement.reasons))}"
        yield f"[bold]Judge:[/] {escape(judgement.by)} looked {ago} ago: {verb}{why}"
    behind = [one.name for one in status.replicas if one.revision < status.revision]
    names = ", ".join(one.name for one in status.replicas) or "none heard of lately"
    current = f", all at revision {status.revision}" if status.replicas and not behind else ""
    yield f"[bold]Replicas:[/] {escape(names)}{current}"
    if behind:
        yield f"[yellow]not yet at revision {status.revision}: {escape(', '.join(behind))}[/]"


def gates_table(judgement: Judgement) -> Table:
    """Each gate as it was read last."""
    table = Table("gate", "read on", "bad", "within", "limit", "verdict", box=SIMPLE_HEAD)
    table.caption = "bad: calls that miss the gate; of a mean, its part of the longest time a call may take"
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
