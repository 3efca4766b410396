"""The gates read for promotion: each with its numbers, and a sentence that says what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.core.evidence import OVERALL
from segue.core.gates import QUANTILES, Counted, Gate, Metric, Reading, Verdict, comparable, counted, judged
from segue.core.speech import Arm
from segue.core.stats import Interval, rate_interval

if TYPE_CHECKING:
    from segue.core.evidence import Evidence
    from segue.core.plan import Plan
    from segue.core.windows import Tally


def read_gates(plan: Plan, evidence: Evidence, arm: Arm, characters: frozenset[str]) -> tuple[Reading, ...]:
    """Every gate with a target, read on ``arm``, and every margin where both arms were heard.

    While no one hears the candidate the targets are read on the baseline: the yardstick must be sound, too.
    """
    tally, baseline = evidence.total.of(arm, characters), evidence.total.of(Arm.BASELINE, characters)
    found = [
        _target(gate, plan, _counts(gate, tally, evidence, plan.statistics.longest_s), arm)
        for gate in plan.gates
        if gate.target is not None and not (arm is Arm.BASELINE and gate.metric is Metric.FALLBACK_RATE)
    ]
    if arm is Arm.CANDIDATE and baseline.units >= plan.statistics.least_baseline_units:
        found += [_margin(gate, plan, tally, baseline) for gate in plan.gates if gate.margin is not None]
    return tuple(found)


def _counts(gate: Gate, tally: Tally, evidence: Evidence, longest_s: float) -> Counted:
    assert gate.target is not None, "only gates with a target are read"
    if gate.metric is Metric.CACHE_HIT_RATE:
        total = evidence.total
        return Counted(max(0.0, total.lookups - total.hits), total.lookups, 1.0 - gate.target)
    return counted(gate.metric, gate.target, tally, longest_s)


def _target(gate: Gate, plan: Plan, counts: Counted, arm: Arm) -> Reading:
    alpha = plan.gate_alpha
    verdict = judged(counts, alpha, plan.statistics.least_units)
    sentence = f"{gate.metric}: {_told(gate, counts, verdict, plan)}"
    return Reading(gate.metric, arm, OVERALL, *counts, alpha, verdict, sentence)


def _told(gate: Gate, counts: Counted, verdict: Verdict, plan: Plan) -> str:
    least, cases = plan.statistics.least_units, gate.metric.cases
    if gate.metric.of_streams and not counts.trials:
        return _NO_STREAM
    if counts.trials < least:
        return f"{counts.trials:.0f} of the {least:.0f} {cases} that a verdict takes"
    is_mean = gate.metric is Metric.MEAN_SYNTHESIS
    scale, unit = (plan.statistics.longest_s, "s") if is_mean else (100.0, "%")
    what = "mean" if is_mean else "bad"
    if gate.metric in QUANTILES:
        what = f"longer than {gate.target:g} s"
    state = {Verdict.PASS: "met", Verdict.FAIL: "missed"}.get(verdict, "not certain yet")
    return (
        f"{what} {counts.bad / counts.trials * scale:.3g} {unit} of {counts.trials:.0f} {cases}, "
        f"must be under {counts.boundary * scale:.3g} {unit}: {state}"
    )


_NO_STREAM = "no stream has been heard yet"


class _Sides(NamedTuple):
    """One arm's counts and where its rate lies."""

    counts: Counted
    interval: Interval


def _margin(gate: Gate, plan: Plan, candidate: Tally, baseline: Tally) -> Reading:
    """Whether the candidate is worse than the baseline by no more than the margin, each side at half alpha."""
    assert gate.margin is not None, "only gates with a margin are compared"
    alpha = plan.gate_alpha / 2
    ours = _side(gate, plan, candidate, Arm.CANDIDATE, alpha)
    theirs = _side(gate, plan, baseline, Arm.BASELINE, alpha)
    low, high = (_allowed(gate, edge) for edge in theirs.interval)
    verdict = Verdict.INCONCLUSIVE
    if ours.counts.trials and ours.interval.high <= low:
        verdict = Verdict.PASS
    elif ours.interval.low > high:
        verdict = Verdict.FAIL
    sentence = f"{gate.metric} against the baseline: {_compared(gate, ours, theirs, verdict)}: {verdict}"
    bad, trials, _ = ours.counts
    name = f"{gate.metric} vs baseline"
    return Reading(name, Arm.CANDIDATE, OVERALL, bad, trials, low, alpha, verdict, sentence)


def _compared(gate: Gate, ours: _Sides, theirs: _Sides, verdict: Verdict) -> str:
    if gate.metric.of_streams and verdict is Verdict.INCONCLUSIVE:
        for whose, side in (("candidate", ours), ("baseline", theirs)):
            if not side.counts.trials:
                return f"{_NO_STREAM} on the {whose}"
    return (
        f"{ours.interval.low:.2%} to {ours.interval.high:.2%}, "
        f"baseline {theirs.interval.low:.2%} to {theirs.interval.high:.2%}, margin {gate.margin:.1%}"
    )


def _side(gate: Gate, plan: Plan, tally: Tally, arm: Arm, alpha: float) -> _Sides:
    longest_s = plan.statistics.longest_s
    if gate.metric is Metric.MEAN_SYNTHESIS:
        counts = counted(gate.metric, longest_s / 2, tally, longest_s)
    else:
        counts = comparable(gate.metric, gate.target or gate.alarm or 0.5, tally, arm)
    return _Sides(counts, rate_interval(counts.bad, counts.trials - counts.bad, alpha))


def _allowed(gate: Gate, rate: float) -> float:
    """What the candidate may have where the baseline has ``rate``: a part more for means, a difference else."""
    assert gate.margin is not None, "only gates with a margin are compared"
    return rate * (1.0 + gate.margin) if gate.metric is Metric.MEAN_SYNTHESIS else rate + gate.margin
