"""The judge: a function from plan, state, evidence and time to a decision, with its reasons.

It looks for trouble first, in every phase in which anyone hears the candidate; then at whether the split itself
is sound; then at whether the step has been held long enough and its gates are met. No traffic is never success,
and a source of metrics that cannot be read is never a verdict: both hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.core.evidence import OVERALL, Evidence
from segue.core.gates import QUANTILES, Gate, Metric, Reading, Verdict, counted
from segue.core.readings import read_gates
from segue.core.rollout import Phase, Verb, retreat
from segue.core.speech import Arm
from segue.core.stats import log_split_evidence
from segue.core.units import PPM

if TYPE_CHECKING:
    from segue.core.evidence import Watch
    from segue.core.plan import Place, Plan
    from segue.core.rollout import RolloutState

SPLIT_ODDS = 1000.0
"""How much likelier a broken split must be than a sound one before the rollout is paused."""

_STALE_AFTER_SLOTS = 5.0
_SOONEST_S = 0.01
_MEASURED = (Phase.RUNNING, Phase.AWAITING_APPROVAL)
_WATCHED = (Phase.RUNNING, Phase.AWAITING_APPROVAL, Phase.COOLING, Phase.PAUSED, Phase.FINISHED)


class Trigger(StrEnum):
    """How grave it is: P0 takes everything back at once, P1 one stage or one character."""

    P0 = "P0"
    P1 = "P1"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why. ``verb`` None is to hold; ``wake_at_s`` is when to look again, always later than now.

    ``stuck`` says that the step should have ended long ago.
    """

    verb: Verb | None
    reasons: tuple[str, ...]
    wake_at_s: float
    readings: tuple[Reading, ...] = ()
    trigger: Trigger | None = None
    character: str = ""
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Alarm:
    """A gate whose detector has spoken: in which scope, how bad, on how much evidence.

    ``compared`` says that the baseline was heard enough meanwhile to tell the candidate's trouble from everyone's.
    """

    gate: Gate
    scope: str
    rate: float
    grave: bool
    units: float
    log_e: float
    compared: bool


def decide(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision:
    """The decision at ``now_s`` (Unix time). Total: every state and evidence has one."""
    wake_at_s = now_s + plan.statistics.slot_s
    if state.phase not in _WATCHED:
        return Decision(None, (f"the rollout is {state.phase}: nothing goes on by itself",), wake_at_s)
    return (
        _alarmed(plan, state, evidence, wake_at_s)
        or _unreadable(plan, state, evidence, now_s)
        or _split(state, evidence, wake_at_s)
        or _by_phase(plan, state, evidence, now_s)
    )


def alarms(plan: Plan, evidence: Evidence) -> list[Alarm]:
    """Every gate in every scope whose level has been crossed beyond doubt, and not by the baseline alike."""
    found = []
    for gate in plan.gates:
        for (metric, scope), watch in evidence.watches.items():
            if metric == gate.metric and _rings(watch, plan):
                found.append(_alarm(gate, scope, watch, plan))
    return found


def _rings(watch: Watch, plan: Plan) -> bool:
    enough = plan.statistics.alarm_log_e
    if watch.beyond.evidence < enough:
        return False
    return not _comparable(watch, plan) or watch.worse.evidence >= enough


def _comparable(watch: Watch, plan: Plan) -> bool:
    return watch.beyond.run.baseline_trials >= plan.statistics.least_baseline_units


def _alarm(gate: Gate, scope: str, watch: Watch, plan: Plan) -> Alarm:
    run = watch.beyond.run
    if gate.roll_back is None:
        grave = False
    elif gate.metric in QUANTILES:
        grave = run.severe > (1.0 - QUANTILES[gate.metric]) * run.trials
    elif gate.metric is Metric.MEAN_SYNTHESIS:
        grave = run.rate * plan.statistics.longest_s > gate.roll_back
    else:
        grave = run.rate > (1.0 - gate.roll_back if gate.metric.higher_is_better else gate.roll_back)
    return Alarm(gate, scope, run.rate, grave, run.trials, watch.beyond.evidence, _comparable(watch, plan))


def _alarmed(plan: Plan, state: RolloutState, evidence: Evidence, wake_at_s: float) -> Decision | None:
    heard = eligible(state, evidence) | {OVERALL}
    ringing = [alarm for alarm in alarms(plan, evidence) if alarm.scope in heard]
    if not ringing:
        return None
    culprit = _only_culprit(plan, state, evidence, ringing)
    if culprit is not None:
        mine = [alarm for alarm in ringing if alarm.scope == culprit]
        why = tuple(_accusation(alarm, plan) for alarm in mine)
        confined = (f"the trouble is confined to {culprit}; the other characters go on",)
        return Decision(Verb.HOLD_BACK, why + confined, wake_at_s, (), Trigger.P1, culprit)
    overall = [alarm for alarm in ringing if alarm.scope == OVERALL] or ringing
    why = tuple(_accusation(alarm, plan) for alarm in overall)
    if any(alarm.grave for alarm in overall):
        return Decision(Verb.ROLL_BACK, why, wake_at_s, (), Trigger.P0)
    if state.step_backs >= plan.policy.most_step_backs:
        often = (f"stepped back {state.step_backs} times already: a person must look",)
        return Decision(Verb.ROLL_BACK, why + often, wake_at_s, (), Trigger.P1)
    if retreat(state, plan) is None:
        nowhere = ("no earlier stage lets fewer hear the candidate: there is nowhere to go but off",)
        return Decision(Verb.ROLL_BACK, why + nowhere, wake_at_s, (), Trigger.P1)
    return Decision(Verb.STEP_BACK, why, wake_at_s, (), Trigger.P1)


def _only_culprit(plan: Plan, state: RolloutState, evidence: Evidence, ringing: list[Alarm]) -> str | None:
    """The one character that all the trouble is of, where the others have been heard enough and are well.

    Well is both: few bad cases lately, and no evidence climbing. A fault of everyone's rings for one of them
    first, while what was seen lately is still mostly from before it.
    """
    accused = {alarm.scope for alarm in ringing} - {OVERALL}
    if len(accused) != 1:
        return None
    culprit = next(iter(accused))
    others = eligible(state, evidence) - {culprit}
    rest = evidence.recent_of(Arm.CANDIDATE, others)
    if rest.units < plan.statistics.least_baseline_units or _any_climbs(plan, evidence, others, ringing):
        return None
    for alarm in ringing:
        level = alarm.gate.alarm
        assert level is not None, "it rang"
        counts = counted(alarm.gate.metric, level, rest, plan.statistics.longest_s)
        if counts.trials < plan.statistics.least_baseline_units or counts.bad > counts.boundary * counts.trials:
            return None
    return culprit


def _any_climbs(plan: Plan, evidence: Evidence, others: frozenset[str], ringing: list[Alarm]) -> bool:
    enough = _SUSPICION * plan.statistics.alarm_log_e
    watches = (evidence.watches.get((alarm.gate.metric, other)) for alarm in ringing for other in others)
    return any(watch is not None and watch.beyond.evidence >= enough for watch in watches)


_SUSPICION = 0.25
"""Of an alarm's evidence, so much makes a character one of those that the trouble is of."""


def eligible(state: RolloutState, evidence: Evidence) -> frozenset[str]:
    """The characters that may use the candidate, as far as they were heard of."""
    named = state.routing.characters or frozenset(character for _, character in evidence.recent)
    return named - state.routing.held_back


def _accusation(alarm: Alarm, plan: Plan) -> str:
    whose = f" of {alarm.scope}" if alarm.scope else ""
    metric = alarm.gate.metric
    size = f"{1.0 - alarm.rate if metric.higher_is_better else alarm.rate:.1%}"
    if alarm.gate.metric is Metric.MEAN_SYNTHESIS:
        size = f"{alarm.rate * plan.statistics.longest_s:.2f} s"
    elif alarm.gate.metric in QUANTILES:
        size = f"{alarm.rate:.1%} take longer than {alarm.gate.alarm:g} s"
    beside = "worse than the baseline" if alarm.compared else "with too little of the baseline to compare"
    return (
        f"{alarm.gate.metric}{whose}: {size} over the last {alarm.units:.0f} {metric.cases}, "
        f"{beside}; odds {math.exp(min(alarm.log_e, 50.0)):,.0f} to 1 against chance"
    )


def _unreadable(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision | None:
    """A source that fails, or has fallen silent, says nothing about the candidate."""
    wake_at_s, stuck = now_s + plan.statistics.slot_s, _stuck(plan, state, now_s)
    if evidence.trouble:
        reason = f"the source of metrics cannot be read ({evidence.trouble}): holding, nothing is decided"
        return Decision(None, (reason,), wake_at_s, stuck=stuck)
    fresh_at_s = evidence.fresh_at_s if evidence.fresh_at_s is not None else evidence.since_s
    if now_s - fresh_at_s > _STALE_AFTER_SLOTS * plan.statistics.slot_s:
        reason = f"no traffic for {now_s - fresh_at_s:.0f} s: holding, for no data is not good data"
        return Decision(None, (reason,), wake_at_s, stuck=stuck)
    return None


def _stuck(plan: Plan, state: RolloutState, now_s: float) -> bool:
    longest_s = plan.step(state.place).hold_s * plan.policy.progress_deadline
    return state.phase is Phase.RUNNING and state.held_for_s(now_s) > longest_s


def _split(state: RolloutState, evidence: Evidence, wake_at_s: float) -> Decision | None:
    """Pauses where the arms are not split as they should be: whatever was measured, it was not this share."""
    share = state.routing.share_ppm / PPM
    on_candidate, on_baseline = evidence.total.assigned
    if state.phase not in _MEASURED or not 0.0 < share < 1.0 or not on_candidate + on_baseline:
        return None
    if log_split_evidence(on_candidate, on_baseline, share) < math.log(SPLIT_ODDS):
        return None
    reason = (
        f"the split is broken: {on_candidate} of {on_candidate + on_baseline} units on the candidate, "
        f"where the share is {share:.1%}; what was measured means nothing until that is mended"
    )
    return Decision(Verb.PAUSE, (reason,), wake_at_s)


def _by_phase(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision:
    slot_s = plan.statistics.slot_s
    if state.phase is Phase.COOLING:
        if now_s >= state.cool_until_s:
            return Decision(Verb.RESUME, ("the cool-down is over",), now_s + slot_s)
        left_s = state.cool_until_s - now_s
        return Decision(None, (f"cooling down for another {left_s:.0f} s",), _soon(now_s, left_s, slot_s))
    if state.phase is Phase.AWAITING_APPROVAL:
        return _awaiting(plan, state, evidence, now_s)
    if state.phase is Phase.RUNNING:
        return _running(plan, state, evidence, now_s)
    return Decision(None, (f"the rollout is {state.phase}; alarms are heeded",), now_s + slot_s)


def _soon(now_s: float, left_s: float, slot_s: float) -> float:
    """When ``left_s`` is over or the next slot is, never so soon that the clock could not tell it from now."""
    return now_s + min(slot_s, max(left_s, _SOONEST_S))


def _awaiting(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision:
    """A person's word opens the next stage only while the gates are met: things may have changed since."""
    target = plan.after(state.place)
    readings = _readings(plan, state, evidence)
    if target is None or state.approved != target:
        wake_at_s = now_s + plan.statistics.slot_s
        return Decision(None, ("a person must approve the next stage",), wake_at_s, readings)
    return _not_met(plan, state, readings, now_s) or _entering(plan, target, "approved", now_s, readings)


def _running(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision:
    left_s = plan.step(state.place).hold_s - state.held_for_s(now_s)
    readings = _readings(plan, state, evidence)
    if left_s > 0:
        wake_at_s = _soon(now_s, left_s, plan.statistics.slot_s)
        return Decision(None, (f"held for another {left_s:.0f} s",), wake_at_s, readings)
    return _not_met(plan, state, readings, now_s) or _gone_well(plan, state, readings, now_s)


def _readings(plan: Plan, state: RolloutState, evidence: Evidence) -> tuple[Reading, ...]:
    arm = Arm.CANDIDATE if state.routing.share_ppm else Arm.BASELINE
    return read_gates(plan, evidence, arm, eligible(state, evidence))


def _not_met(plan: Plan, state: RolloutState, readings: tuple[Reading, ...], now_s: float) -> Decision | None:
    short = [reading for reading in readings if reading.verdict is not Verdict.PASS]
    if readings and not short:
        return None
    reasons = tuple(reading.sentence for reading in short) or ("no gate could be read",)
    wake_at_s = now_s + plan.statistics.slot_s
    return Decision(None, reasons, wake_at_s, readings, stuck=_stuck(plan, state, now_s))


def _gone_well(plan: Plan, state: RolloutState, readings: tuple[Reading, ...], now_s: float) -> Decision:
    why = f"held for {plan.step(state.place).hold_s:.0f} s, all {len(readings)} gates met"
    target = plan.after(state.place)
    wake_at_s = now_s + plan.statistics.slot_s
    if target is None:
        return Decision(Verb.FINISH, (why,), wake_at_s, readings)
    new_stage = target.stage != state.place.stage
    if new_stage and plan.stage(target).approval and state.approved != target:
        return Decision(Verb.ASK_APPROVAL, (why, "the next stage needs a person's approval"), wake_at_s, readings)
    return _entering(plan, target, why, now_s, readings)


def _entering(plan: Plan, target: Place, why: str, now_s: float, readings: tuple[Reading, ...] = ()) -> Decision:
    hours, wake_at_s = plan.stage(target).hours, now_s + plan.statistics.slot_s
    if hours is not None and not hours.allow(now_s):
        reason = f"{why}; {plan.stage(target).name} may not be entered at this hour"
        return Decision(None, (reason,), wake_at_s, readings)
    return Decision(Verb.ADVANCE, (why,), wake_at_s, readings)
