"""Evaluates the gates for advancing: each with its numbers, and what would change the verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.arms import Arm
from segue.rollout.core.betting import mean_interval_s, mean_units_needed
from segue.rollout.core.evidence import OVERALL, candidate_of
from segue.rollout.core.gates import (
    Counted,
    Gate,
    GateMetric,
    Reading,
    Verdict,
    comparable,
    counted,
    judged,
    judged_mean,
)
from segue.rollout.core.reasons import Reason, ReasonCode, reason
from segue.rollout.core.stats import Interval, rate_interval, units_needed

if TYPE_CHECKING:
    from segue.rollout.core.evidence import Evidence
    from segue.rollout.core.plan import Plan
    from segue.rollout.core.windows import Slot, Tally

FRESH_UNITS = 10.0
"""Units from the step itself that advancing requires, however many there are from earlier steps."""

_DAY_S = 86_400.0


class Sides(NamedTuple):
    """What a gate is evaluated on: everything known of an arm, and the present step's part of it."""

    total: Tally
    step: Tally
    lookups: tuple[Slot, Slot]
    listeners: float | None
    step_s: float


def sides_of(evidence: Evidence, arm: Arm, characters: frozenset[str]) -> Sides:
    """The arm's side for these characters; shadow requests count like requests that listeners heard."""
    both = evidence.total, evidence.step
    total, step = (_of(slot, arm, characters) for slot in both)
    return Sides(total, step, both, _listeners(evidence.total, arm), evidence.step.length_s)


def _listeners(total: Slot, arm: Arm) -> float | None:
    """The arm's different listeners.

    Listeners of shadow requests are the baseline's, at most one for each shadow unit.
    """
    if total.listeners is None:
        return None
    on_candidate, on_baseline = total.listeners
    if arm is Arm.BASELINE:
        return float(on_baseline)
    return on_candidate + min(float(on_baseline), total.shadow_of(total.characters).units)


def _of(slot: Slot, arm: Arm, characters: frozenset[str]) -> Tally:
    return candidate_of(slot, characters) if arm is Arm.CANDIDATE else slot.of(arm, characters)


def read_gates(
    plan: Plan, evidence: Evidence, arm: Arm, characters: frozenset[str], gates: tuple[Gate, ...] | None = None
) -> tuple[Reading, ...]:
    """Every gate with a target, evaluated on ``arm``, and every margin if both arms have units.

    While no listener hears the candidate, the targets are evaluated on the baseline, because the yardstick must
    meet them too. ``gates`` are the plan's, possibly with a stage's own targets. Every target must be met.
    Therefore each test can use the full error probability of all of them (an intersection-union test: Berger 1982,
    Technometrics 24(4)).
    """
    gates = plan.gates if gates is None else gates
    sides, baseline = sides_of(evidence, arm, characters), evidence.total.of(Arm.BASELINE, characters)
    found = [
        _target(gate, plan, sides, arm)
        for gate in gates
        if gate.target is not None and not (arm is Arm.BASELINE and gate.metric is GateMetric.FALLBACK_RATE)
    ]
    if arm is Arm.CANDIDATE and baseline.units >= plan.statistics.least_baseline_units:
        found += [_margin(gate, plan, sides.total, baseline) for gate in gates if gate.margin is not None]
    return tuple(found)


def _counts(gate: Gate, tally: Tally, lookups: Slot, longest_s: float) -> Counted:
    assert gate.target is not None, "only gates with a target are evaluated"
    if gate.metric is GateMetric.CACHE_HIT_RATE:
        return Counted(max(0.0, lookups.lookups - lookups.hits), lookups.lookups, 1.0 - gate.target)
    return counted(gate.metric, gate.target, tally, longest_s)


def _target(gate: Gate, plan: Plan, sides: Sides, arm: Arm) -> Reading:
    """Passes if all evidence together shows that the target is met, and the step's own evidence does not
    contradict it.
    """
    alpha = plan.statistics.promotion_alpha
    counts = _counts(gate, sides.total, sides.lookups[0], plan.statistics.longest_s)
    own = _counts(gate, sides.step, sides.lookups[1], plan.statistics.longest_s)
    verdict = _verdict(gate, plan, sides, counts, own)
    why = _explained(gate, plan, sides, counts, own, verdict)
    interval = None
    if gate.metric is GateMetric.MEAN_SYNTHESIS:
        low_s, high_s = mean_interval_s(sides.total, plan.statistics.longest_s, alpha)
        interval = Interval(low_s / plan.statistics.longest_s, high_s / plan.statistics.longest_s)
    return Reading(gate.metric, arm, OVERALL, *counts, alpha, verdict, given=interval, reason=why)


def _verdict(gate: Gate, plan: Plan, sides: Sides, counts: Counted, own: Counted) -> Verdict:
    if _judged(gate, plan, sides.step, own) is Verdict.FAIL:
        return Verdict.FAIL
    if own.trials < FRESH_UNITS or _too_few_listeners(plan, sides):
        return Verdict.INCONCLUSIVE
    return _judged(gate, plan, sides.total, counts)


def _judged(gate: Gate, plan: Plan, tally: Tally, counts: Counted) -> Verdict:
    statistics = plan.statistics
    if gate.metric is GateMetric.MEAN_SYNTHESIS:
        assert gate.target is not None, "only gates with a target are evaluated"
        return judged_mean(
            tally, gate.target, statistics.longest_s, statistics.promotion_alpha, statistics.least_units
        )
    return judged(counts, statistics.promotion_alpha, statistics.least_units)


def _too_few_listeners(plan: Plan, sides: Sides) -> bool:
    return sides.listeners is not None and sides.listeners < plan.statistics.least_listeners


def _explained(gate: Gate, plan: Plan, sides: Sides, counts: Counted, own: Counted, verdict: Verdict) -> Reason:
    least, metric = plan.statistics.least_units, gate.metric
    if metric.of_streams and not counts.trials:
        return reason(ReasonCode.NO_STREAM, metric=metric)
    if verdict is Verdict.INCONCLUSIVE and sides.listeners is not None and _too_few_listeners(plan, sides):
        wanted = plan.statistics.least_listeners
        return reason(ReasonCode.FEW_LISTENERS, metric=metric, listeners=sides.listeners, wanted=wanted)
    if counts.trials < least:
        days, trials = _days_until(least, counts, own, sides), counts.trials
        return reason(
            ReasonCode.FEW_CASES, metric=metric, trials=trials, wanted=least, cases=metric.cases, days=days
        )
    shown = own if verdict is Verdict.FAIL else counts
    code, missing = _state(gate, plan, sides, counts, own, verdict)
    is_mean = metric is GateMetric.MEAN_SYNTHESIS
    scale = plan.statistics.longest_s if is_mean else 1.0
    return reason(
        code,
        metric=metric,
        measure=metric.measure,
        level_s=(gate.target or 0.0) if metric.is_duration else 0.0,
        value=shown.bad / shown.trials * scale,
        limit=shown.boundary * scale,
        unit="s" if is_mean else "",
        trials=shown.trials,
        cases=metric.cases,
        **missing,
    )


def _state(
    gate: Gate, plan: Plan, sides: Sides, counts: Counted, own: Counted, verdict: Verdict
) -> tuple[ReasonCode, dict[str, float]]:
    """The verdict, or what it still requires, in numbers."""
    if verdict is Verdict.PASS:
        return ReasonCode.GATE_MET, {}
    if verdict is Verdict.FAIL:
        return ReasonCode.GATE_MISSED, {}
    if own.trials < FRESH_UNITS:
        return ReasonCode.GATE_NEEDS_CASES_OF_STEP, {"of_step": own.trials, "wanted": FRESH_UNITS}
    needed = units_to_pass(gate, plan, sides.total, counts)
    if needed == math.inf:
        return ReasonCode.GATE_UNREACHABLE, {}
    if needed <= counts.trials:
        return ReasonCode.GATE_NEARLY_MET, {}
    return ReasonCode.GATE_NEEDS_CASES, {"wanted": needed, "days": _days_until(needed, counts, own, sides)}


def units_to_pass(gate: Gate, plan: Plan, tally: Tally, counts: Counted) -> float:
    """Approximately how many units like those seen show that the target is met; infinite if they never do."""
    alpha = plan.statistics.promotion_alpha
    if gate.metric is GateMetric.MEAN_SYNTHESIS:
        assert gate.target is not None, "only gates with a target are evaluated"
        return mean_units_needed(gate.target, plan.statistics.longest_s, tally, alpha)
    return units_needed(counts.boundary, counts.bad / counts.trials, alpha)


def _days_until(needed: float, counts: Counted, own: Counted, sides: Sides) -> float:
    """In how many days there are as many, with the traffic of this step; 0 if that is unknown or soon."""
    if not own.trials or sides.step_s <= 0.0:
        return 0.0
    days = max(0.0, needed - counts.trials) / (own.trials / sides.step_s) / _DAY_S
    return 0.0 if days < _SOON_DAYS else days


_SOON_DAYS = 0.1


class _Arm(NamedTuple):
    """One arm's counts, and the interval of its rate."""

    counts: Counted
    interval: Interval


def _margin(gate: Gate, plan: Plan, candidate: Tally, baseline: Tally) -> Reading:
    """Whether the candidate is worse than the baseline by at most the margin.

    Each side is tested with half of alpha.
    """
    assert gate.margin is not None, "only gates with a margin are compared"
    alpha = plan.statistics.promotion_alpha / 2
    ours = _side(gate, plan, candidate, Arm.CANDIDATE, alpha)
    theirs = _side(gate, plan, baseline, Arm.BASELINE, alpha)
    low, high = (_allowed(gate, edge) for edge in theirs.interval)
    verdict = Verdict.INCONCLUSIVE
    if ours.counts.trials and ours.interval.high <= low:
        verdict = Verdict.PASS
    elif ours.interval.low > high:
        verdict = Verdict.FAIL
    bad, trials, _ = ours.counts
    name = f"{gate.metric} vs baseline"
    why = _compared(gate, ours, theirs, verdict)
    return Reading(name, Arm.CANDIDATE, OVERALL, bad, trials, low, alpha, verdict, reason=why)


def _compared(gate: Gate, ours: _Arm, theirs: _Arm, verdict: Verdict) -> Reason:
    if gate.metric.of_streams and verdict is Verdict.INCONCLUSIVE:
        for arm, side in ((Arm.CANDIDATE, ours), (Arm.BASELINE, theirs)):
            if not side.counts.trials:
                return reason(ReasonCode.NO_STREAM, metric=gate.metric, arm=arm, verdict=verdict)
    return reason(
        ReasonCode.MARGIN,
        metric=gate.metric,
        low=ours.interval.low,
        high=ours.interval.high,
        baseline_low=theirs.interval.low,
        baseline_high=theirs.interval.high,
        margin=gate.margin or 0.0,
        verdict=verdict,
    )


def _side(gate: Gate, plan: Plan, tally: Tally, arm: Arm, alpha: float) -> _Arm:
    longest_s = plan.statistics.longest_s
    if gate.metric is GateMetric.MEAN_SYNTHESIS:
        low_s, high_s = mean_interval_s(tally, longest_s, alpha)
        counts = counted(gate.metric, longest_s / 2, tally, longest_s)
        return _Arm(counts, Interval(low_s / longest_s, high_s / longest_s))
    counts = comparable(gate.metric, gate.target or gate.alarm or 0.5, tally, arm)
    return _Arm(counts, rate_interval(counts.bad, counts.trials - counts.bad, alpha))


def _allowed(gate: Gate, rate: float) -> float:
    """The highest rate that the candidate may have if the baseline has ``rate``: relative for means, otherwise
    absolute.
    """
    assert gate.margin is not None, "only gates with a margin are compared"
    return rate * (1.0 + gate.margin) if gate.metric is GateMetric.MEAN_SYNTHESIS else rate + gate.margin
