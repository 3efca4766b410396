"""The judge: a function from plan, state, evidence and time to a decision with reasons.

It first looks for alarms, in every phase in which listeners hear the candidate. Then it checks that the split of
the listeners is correct, and last whether the hold is over and the gates are met. Missing traffic never counts as
success, and a source of metrics that cannot be read never counts as a verdict: in both cases the rollout holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.kernel.arms import Arm
from segue.kernel.units import PPM
from segue.rollout.core.alarms import Alarm, alarms
from segue.rollout.core.culprits import only_culprit
from segue.rollout.core.evidence import OVERALL, Evidence
from segue.rollout.core.gates import GateMetric, Reading, Verdict
from segue.rollout.core.plan import Missed
from segue.rollout.core.readings import read_gates
from segue.rollout.core.reasons import Beside, Reason, ReasonCode, Then, reason
from segue.rollout.core.rollout import Phase, Verb, retreat
from segue.rollout.core.stats import log_split_evidence

if TYPE_CHECKING:
    from segue.rollout.core.plan import Place, Plan
    from segue.rollout.core.rollout import RolloutState

SPLIT_ODDS = 1000.0
"""Odds of a broken split against a correct one from which the rollout is paused."""

_STALE_AFTER_SLOTS = 5.0
_MOST_LOG_ODDS = 50.0
_SOONEST_S = 0.01
_MEASURED = (Phase.RUNNING, Phase.AWAITING_APPROVAL)
_BEFORE_ENTRY = (Phase.AWAITING_APPROVAL, Phase.AWAITING_HOURS)
_WATCHED = (Phase.RUNNING, Phase.AWAITING_APPROVAL, Phase.COOLING, Phase.PAUSED, Phase.FINISHED)


class Trigger(StrEnum):
    """The severity of an alarm: P0 rolls everything back immediately, P1 takes back one stage or one character."""

    P0 = "P0"
    P1 = "P1"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why. ``verb`` None means hold.

    ``wake_at_s`` is the time of the next decision, always later than now. ``stuck``: the step has lasted longer
    than the plan's progress deadline. ``held_s`` of the step's hold have passed. Only histories of development
    versions have reasons that are sentences.
    """

    verb: Verb | None
    reasons: tuple[Reason | str, ...]
    wake_at_s: float
    readings: tuple[Reading, ...] = ()
    trigger: Trigger | None = None
    character: str = ""
    stuck: bool = False
    held_s: float = 0.0


def decide(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision:
    """The decision at ``now_s`` (Unix time). Total: there is a decision for every state and evidence."""
    return replace(_decided(plan, state, evidence, now_s), held_s=evidence.held_s)


def _decided(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision:
    wake_at_s = now_s + plan.statistics.slot_s
    if state.phase is Phase.ROLLED_BACK and state.resume_at_s > 0.0:
        return _resuming(plan, state, evidence, now_s)
    if state.entering is not None and state.phase in _BEFORE_ENTRY:
        return _before_entry(plan, state, state.entering, now_s)
    if state.phase not in _WATCHED:
        return Decision(None, (reason(ReasonCode.INACTIVE, phase=state.phase),), wake_at_s)
    heard = eligible(state, evidence) | {OVERALL}
    ringing = [alarm for alarm in alarms(plan, evidence) if alarm.scope in heard]
    return (
        _alarmed(plan, state, evidence, ringing, now_s)
        or _unreadable(plan, state, evidence, now_s)
        or _split(state, evidence, wake_at_s)
        or _undecided(plan, state, ringing, now_s)
        or _by_phase(plan, state, evidence, now_s)
    )


def _resuming(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision:
    """After a rollback whose plan resumes automatically."""
    left_s = _by_this_clock(state.resume_at_s, plan.policy.resume_after_s, evidence) - now_s
    if left_s > 0.0:
        why = reason(ReasonCode.RESUMES_LATER, left_s=left_s)
        return Decision(None, (why,), _soon(now_s, left_s, plan.statistics.slot_s))
    return Decision(Verb.RESUME, (reason(ReasonCode.RESUME_DUE),), now_s + plan.statistics.slot_s)


def _by_this_clock(until_s: float, wait_s: float | None, evidence: Evidence) -> float:
    """The end of a wait of ``wait_s`` that was to end at ``until_s``.

    Going back starts the evidence, so a wait that ends later than ``wait_s`` after that was begun by a clock that
    has been set back since. The evidence then starts again, and so does the wait.
    """
    return until_s if wait_s is None else min(until_s, evidence.since_s + wait_s)


def _before_entry(plan: Plan, state: RolloutState, target: Place, now_s: float) -> Decision:
    """A stage that was started or resumed but is not entered yet: first it needs its approval, then its hours."""
    stage = plan.stage(target)
    if stage.approval and state.approved != target:
        why = reason(ReasonCode.STAGE_NEEDS_APPROVAL, stage=stage.name)
        return Decision(None, (why,), now_s + plan.statistics.slot_s)
    return _entering(plan, target, reason(ReasonCode.NOTHING_MISSING), now_s)


def _alarmed(
    plan: Plan, state: RolloutState, evidence: Evidence, ringing: list[Alarm], now_s: float
) -> Decision | None:
    guilty = [alarm for alarm in ringing if alarm.worse or _alone_for_long(alarm, plan, state)]
    if not guilty:
        return None
    wake_at_s = now_s + plan.statistics.slot_s
    culprit = only_culprit(plan, evidence, eligible(state, evidence), guilty)
    if culprit is not None:
        mine = [alarm for alarm in guilty if alarm.scope == culprit] or guilty
        why = tuple(_accusation(alarm, plan) for alarm in mine)
        confined = reason(ReasonCode.CONFINED_TO_CHARACTER, character=culprit)
        return Decision(Verb.HOLD_BACK, (*why, confined), wake_at_s, (), Trigger.P1, culprit)
    overall = [alarm for alarm in guilty if alarm.scope == OVERALL] or guilty
    why = tuple(_accusation(alarm, plan) for alarm in overall)
    if any(alarm.grave for alarm in overall):
        return Decision(Verb.ROLL_BACK, why, wake_at_s, (), Trigger.P0)
    return _back_a_stage(plan, state, why, wake_at_s)


def _alone_for_long(alarm: Alarm, plan: Plan, state: RolloutState) -> bool:
    after_s = plan.policy.alone_after_s
    return _is_alone(alarm, state) and after_s is not None and alarm.lasted_s >= after_s


def _is_alone(alarm: Alarm, state: RolloutState) -> bool:
    """Whether no baseline can confirm or refute the alarm.

    If the candidate's other characters have the same trouble, the overall alarm decides: it is compared with the
    whole baseline, however rarely this character was requested.
    """
    of_others_too = alarm.run.rest_bad > alarm.boundary * alarm.run.rest_trials
    return alarm.alone and not of_others_too and not _failed_by_both(alarm, state)


def _failed_by_both(alarm: Alarm, state: RolloutState) -> bool:
    """Whether the baseline was tried for each bad case: with the fallback on, every unserved request fell back."""
    return alarm.gate.metric is GateMetric.UNSERVED_RATE and state.routing.fallback


def _back_a_stage(plan: Plan, state: RolloutState, why: tuple[Reason, ...], wake_at_s: float) -> Decision:
    """Goes back one stage; rolls back if that happened too often, or if no earlier stage has less exposure."""
    if state.step_backs >= plan.policy.most_step_backs:
        often = reason(ReasonCode.STEPPED_BACK_OFTEN, times=state.step_backs)
        return Decision(Verb.ROLL_BACK, (*why, often), wake_at_s, (), Trigger.P1)
    if retreat(state, plan) is None:
        why = (*why, reason(ReasonCode.NO_MILDER_STAGE))
        return Decision(Verb.ROLL_BACK, why, wake_at_s, (), Trigger.P1)
    return Decision(Verb.STEP_BACK, why, wake_at_s, (), Trigger.P1)


def _undecided(plan: Plan, state: RolloutState, ringing: list[Alarm], now_s: float) -> Decision | None:
    """Holds while a level is crossed that cannot be attributed to the candidate."""
    if state.phase not in _MEASURED or not ringing:
        return None
    reasons = tuple(_accusation(alarm, plan, _then(alarm, plan, state)) for alarm in ringing)
    return Decision(None, reasons, now_s + plan.statistics.slot_s, stuck=_stuck(plan, state, now_s))


def _then(alarm: Alarm, plan: Plan, state: RolloutState) -> Then:
    """What follows an alarm that cannot be attributed to the candidate."""
    if not _is_alone(alarm, state):
        return Then.HOLDS
    return Then.HOLDS_WHILE_IT_LASTS if plan.policy.alone_after_s is None else Then.ROLLS_BACK_LATER


def eligible(state: RolloutState, evidence: Evidence) -> frozenset[str]:
    """The characters that may use the candidate, among those with evidence."""
    return (state.routing.characters or evidence.characters) - state.routing.held_back


def _accusation(alarm: Alarm, plan: Plan, then: Then = Then.ACTS) -> Reason:
    metric, run = alarm.gate.metric, alarm.run
    value = 1.0 - run.rate if metric.higher_is_better else run.rate
    if metric is GateMetric.MEAN_SYNTHESIS:
        value = run.rate * plan.statistics.longest_s
    return reason(
        ReasonCode.ALARM,
        metric=metric,
        character=alarm.scope,
        measure=metric.measure,
        value=value,
        level_s=(alarm.gate.alarm or 0.0) if metric.is_duration else 0.0,
        trials=run.trials,
        cases="listeners" if alarm.by_listener else metric.cases,
        beside=_beside(alarm),
        odds=math.exp(min(alarm.log_e, _MOST_LOG_ODDS)),
        then=then,
        after_s=(plan.policy.alone_after_s or 0.0) if then is Then.ROLLS_BACK_LATER else 0.0,
    )


def _beside(alarm: Alarm) -> Beside:
    if alarm.worse:
        return Beside.WORSE
    return Beside.NO_COMPARISON if alarm.alone else Beside.NOT_PROVEN


def _unreadable(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision | None:
    """Holds if the source of metrics fails or returns nothing new, which says nothing about the candidate."""
    wake_at_s, stuck = now_s + plan.statistics.slot_s, _stuck(plan, state, now_s)
    if evidence.trouble:
        why = reason(ReasonCode.METRICS_UNREADABLE, trouble=evidence.trouble)
        return Decision(None, (why,), wake_at_s, stuck=stuck)
    fresh_at_s = evidence.fresh_at_s if evidence.fresh_at_s is not None else evidence.since_s
    if now_s - fresh_at_s > _STALE_AFTER_SLOTS * plan.statistics.slot_s:
        why = reason(ReasonCode.NO_TRAFFIC, quiet_s=now_s - fresh_at_s)
        return Decision(None, (why,), wake_at_s, stuck=stuck)
    return None


def _stuck(plan: Plan, state: RolloutState, now_s: float) -> bool:
    longest_s = plan.step(state.place).hold_s * plan.policy.progress_deadline
    return state.phase is Phase.RUNNING and state.held_for_s(now_s) > longest_s


def _split(state: RolloutState, evidence: Evidence, wake_at_s: float) -> Decision | None:
    """Pauses if the listeners are not split by the share; then the measurements are not valid."""
    share = state.routing.share_ppm / PPM
    on_candidate, on_baseline = evidence.step.assigned
    if state.phase not in _MEASURED or not 0.0 < share < 1.0 or not on_candidate + on_baseline:
        return None
    if log_split_evidence(on_candidate, on_baseline, share) < math.log(SPLIT_ODDS):
        return None
    listeners = on_candidate + on_baseline
    why = reason(ReasonCode.SPLIT_BROKEN, on_candidate=on_candidate, listeners=listeners, share=share)
    return Decision(Verb.PAUSE, (why,), wake_at_s)


def _by_phase(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision:
    slot_s = plan.statistics.slot_s
    if state.phase is Phase.COOLING:
        left_s = _by_this_clock(state.cool_until_s, plan.policy.cool_down_s, evidence) - now_s
        if left_s <= 0.0:
            return Decision(Verb.RESUME, (reason(ReasonCode.COOLED_DOWN),), now_s + slot_s)
        why = reason(ReasonCode.COOLING, left_s=left_s)
        return Decision(None, (why,), _soon(now_s, left_s, slot_s))
    if state.phase is Phase.AWAITING_APPROVAL:
        return _awaiting(plan, state, evidence, now_s)
    if state.phase is Phase.RUNNING:
        return _running(plan, state, evidence, now_s)
    return Decision(None, (reason(ReasonCode.ONLY_ALARMS, phase=state.phase),), now_s + slot_s)


def _soon(now_s: float, left_s: float, slot_s: float) -> float:
    """When ``left_s`` is over or the next slot is due, but late enough for the clock to tell it from now."""
    return now_s + min(slot_s, max(left_s, _SOONEST_S))


def _awaiting(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision:
    """An approval opens the next stage only while the gates are met: the evidence may have changed since it was
    given.
    """
    target = plan.after(state.place)
    readings = _readings(plan, state, evidence)
    if target is None or state.approved != target:
        wake_at_s = now_s + plan.statistics.slot_s
        return Decision(None, (reason(ReasonCode.NEXT_STAGE_NEEDS_APPROVAL),), wake_at_s, readings)
    why = reason(ReasonCode.APPROVED)
    return _not_met(plan, state, readings, now_s) or _entering(plan, target, why, now_s, readings)


def _running(plan: Plan, state: RolloutState, evidence: Evidence, now_s: float) -> Decision:
    hold_s = plan.step(state.place).hold_s
    left_s = hold_s - evidence.held_s
    readings = _readings(plan, state, evidence)
    if left_s > 0:
        wake_at_s = _soon(now_s, left_s, plan.statistics.slot_s)
        return Decision(None, (reason(ReasonCode.HOLD_NOT_OVER, left_s=left_s),), wake_at_s, readings)
    return (
        _missed(plan, state, evidence, readings, now_s)
        or _not_met(plan, state, readings, now_s)
        or _gone_well(plan, state, readings, now_s)
    )


def _missed(
    plan: Plan, state: RolloutState, evidence: Evidence, readings: tuple[Reading, ...], now_s: float
) -> Decision | None:
    """What the plan does about a target that is certainly missed a full hold after the end of the hold."""
    failed = [one for one in readings if one.verdict is Verdict.FAIL and one.gate in _OF_THE_CANDIDATE]
    excused = _missed_by_the_baseline(plan, state, evidence) if failed else frozenset()
    missed = tuple(one.reason for one in failed if one.gate not in excused and one.reason is not None)
    hold_s, policy = plan.step(state.place).hold_s, plan.policy
    if not missed or policy.missed is Missed.HOLD or evidence.held_s < 2.0 * hold_s or not _measures(state):
        return None
    wake_at_s = now_s + plan.statistics.slot_s
    why = (*missed, reason(ReasonCode.MISSED_FOR_LONG, overdue_s=evidence.held_s - hold_s))
    if policy.missed is Missed.ROLL_BACK:
        return Decision(Verb.ROLL_BACK, why, wake_at_s, readings, Trigger.P1)
    return replace(_back_a_stage(plan, state, why, wake_at_s), readings=readings)


def _missed_by_the_baseline(plan: Plan, state: RolloutState, evidence: Evidence) -> frozenset[str]:
    """Targets that the baseline certainly misses too: going back to it would not help."""
    gates = plan.gates_at(state.place)
    readings = read_gates(plan, evidence, Arm.BASELINE, eligible(state, evidence), gates)
    return frozenset(one.gate for one in readings if one.verdict is Verdict.FAIL)


_OF_THE_CANDIDATE = frozenset(GateMetric) - {GateMetric.CACHE_HIT_RATE}


def _measures(state: RolloutState) -> bool:
    """Whether requests reach the candidate, from listeners or as shadow requests."""
    return bool(state.routing.share_ppm or state.routing.shadow_ppm)


def _readings(plan: Plan, state: RolloutState, evidence: Evidence) -> tuple[Reading, ...]:
    arm = Arm.CANDIDATE if _measures(state) else Arm.BASELINE
    return read_gates(plan, evidence, arm, eligible(state, evidence), plan.gates_at(state.place))


def _not_met(plan: Plan, state: RolloutState, readings: tuple[Reading, ...], now_s: float) -> Decision | None:
    short = [reading for reading in readings if reading.verdict is not Verdict.PASS]
    if readings and not short:
        return None
    reasons = tuple(one.reason for one in short if one.reason is not None) or (reason(ReasonCode.NO_GATE_READ),)
    wake_at_s = now_s + plan.statistics.slot_s
    return Decision(None, reasons, wake_at_s, readings, stuck=_stuck(plan, state, now_s))


def _gone_well(plan: Plan, state: RolloutState, readings: tuple[Reading, ...], now_s: float) -> Decision:
    why = reason(ReasonCode.HOLD_OVER, hold_s=plan.step(state.place).hold_s, gates=len(readings))
    target = plan.after(state.place)
    wake_at_s = now_s + plan.statistics.slot_s
    if target is None:
        return Decision(Verb.FINISH, (why,), wake_at_s, readings)
    new_stage = target.stage != state.place.stage
    if new_stage and plan.stage(target).approval and state.approved != target:
        asks = reason(ReasonCode.APPROVAL_REQUESTED)
        return Decision(Verb.ASK_APPROVAL, (why, asks), wake_at_s, readings)
    return _entering(plan, target, why, now_s, readings)


def _entering(
    plan: Plan, target: Place, why: Reason, now_s: float, readings: tuple[Reading, ...] = ()
) -> Decision:
    stage, wake_at_s = plan.stage(target), now_s + plan.statistics.slot_s
    if stage.hours is not None and not stage.is_open(now_s):
        opens_at_s = stage.hours.opens(now_s).timestamp()
        closed = reason(
            ReasonCode.STAGE_OPENS_LATER, stage=stage.name, opens_at_s=opens_at_s, zone=stage.hours.zone
        )
        return Decision(None, (why, closed), wake_at_s, readings)
    return Decision(Verb.ADVANCE, (why,), wake_at_s, readings)
