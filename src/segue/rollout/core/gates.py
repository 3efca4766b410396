"""Gates: the conditions for advancing, and the alarm levels for going back.

Every gate is evaluated as one question, "is the rate of bad cases below this boundary?", because this question can
be tested at any moment without inflating the error probability:

* a success rate above 95 % is a failure rate below 5 %;
* "P95 under 2.5 s" is "fewer than 5 % take longer than 2.5 s", of all calls or, for the first audio, of streams;
* "the mean is under 2 s" is "on average, less than 2 s of the longest time that a call can take is used".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.rollout.core.betting import log_mean_below, log_mean_beyond
from segue.rollout.core.reasons import Reason
from segue.rollout.core.stats import Interval, log_below, log_beyond, rate_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.rollout.core.windows import Tally


class GateMetric(StrEnum):
    """The metric of a gate; the values are keys in plans."""

    SUCCESS_RATE = "success_rate"
    ERROR_RATE = "error_rate"
    FALLBACK_RATE = "fallback_rate"
    BAD_AUDIO_RATE = "bad_audio_rate"
    UNSERVED_RATE = "unserved_rate"
    MEAN_SYNTHESIS = "mean_synthesis"
    P50_SYNTHESIS = "p50_synthesis"
    P95_SYNTHESIS = "p95_synthesis"
    P99_SYNTHESIS = "p99_synthesis"
    P50_FIRST_AUDIO = "p50_first_audio"
    P95_FIRST_AUDIO = "p95_first_audio"
    CACHE_HIT_RATE = "cache_hit_rate"

    @property
    def higher_is_better(self) -> bool:
        return self in (GateMetric.SUCCESS_RATE, GateMetric.CACHE_HIT_RATE)

    @property
    def is_duration(self) -> bool:
        return self in (GateMetric.MEAN_SYNTHESIS, *QUANTILES)

    @property
    def of_streams(self) -> bool:
        """Whether only streams count: audio that is not streamed has no separate first sound."""
        return self in FIRST_AUDIO_QUANTILES

    @property
    def measure(self) -> str:
        """What its value is: a ``mean`` in seconds, the part ``slower`` than a level, or the ``bad`` part."""
        if self is GateMetric.MEAN_SYNTHESIS:
            return "mean"
        return "slower" if self in QUANTILES else "bad"

    @property
    def cases(self) -> str:
        """The unit in which its cases are counted, in one word."""
        return "streams" if self.of_streams else "units"

    @property
    def edges_s(self) -> tuple[float, ...]:
        """The values that a level can have; for durations only."""
        return FIRST_AUDIO_EDGES_S if self.of_streams else EDGES_S


SYNTHESIS_QUANTILES = {
    GateMetric.P50_SYNTHESIS: 0.50,
    GateMetric.P95_SYNTHESIS: 0.95,
    GateMetric.P99_SYNTHESIS: 0.99,
}
FIRST_AUDIO_QUANTILES = {GateMetric.P50_FIRST_AUDIO: 0.50, GateMetric.P95_FIRST_AUDIO: 0.95}
QUANTILES = SYNTHESIS_QUANTILES | FIRST_AUDIO_QUANTILES


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate. Levels are ratios, or seconds for durations; None if the gate does not have that level.

    ``target`` must be met with confidence to advance. Beyond ``step_back`` (P1) the rollout goes back one stage,
    beyond ``roll_back`` (P0) it rolls back. ``margin`` compares with the baseline in the same time: it is how much
    worse the candidate may be. For a mean it is a part of the baseline's mean. Otherwise it is a difference of
    rates; for a quantile, of the rates of calls that take longer than its level.
    """

    metric: GateMetric
    target: float | None = None
    step_back: float | None = None
    roll_back: float | None = None
    margin: float | None = None

    @property
    def alarm(self) -> float | None:
        """The level that raises an alarm: the milder one. How far it is exceeded decides what happens."""
        return self.roll_back if self.step_back is None else self.step_back


class Verdict(StrEnum):
    """The result of a gate. ``error``: its source cannot be read, which does not count against the candidate."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class Counted(NamedTuple):
    """Bad cases among trials, and the rate of bad cases at the gate's level."""

    bad: float
    trials: float
    boundary: float


@dataclass(frozen=True, slots=True)
class Reading:
    """The evaluation of a gate: the evidence, as rates of bad cases, and what would change the verdict."""

    gate: str
    arm: str
    character: str
    bad: float
    trials: float
    boundary: float
    alpha: float
    verdict: Verdict
    sentence: str = ""
    """The result in words, in histories of development versions; later ones have ``reason``."""

    given: Interval | None = None
    """The interval of a mean, as parts of the longest time; the interval of a rate follows from its counts."""

    reason: Reason | None = None

    @property
    def estimate(self) -> float:
        return self.bad / self.trials if self.trials else 0.0

    @property
    def interval(self) -> Interval:
        """The confidence interval of the rate, valid at all times at once except in ``alpha`` of all runs."""
        return self.given or rate_interval(self.bad, self.trials - self.bad, self.alpha)


def counted(metric: GateMetric, level: float, tally: Tally, longest_s: float) -> Counted:
    """The tally as bad cases and trials for this metric and level; ``longest_s`` limits every duration."""
    if metric is GateMetric.MEAN_SYNTHESIS:
        return Counted(min(tally.seconds / longest_s, tally.timed), tally.timed, level / longest_s)
    if metric in QUANTILES:
        return _slower(metric, level, tally, 1.0 - QUANTILES[metric])
    return _among_units(metric, tally, 1.0 - level if metric.higher_is_better else level)


def level_as_rate(gate: Gate, longest_s: float) -> float:
    """The rate of bad cases at the gate's alarm level; the gate must have one."""
    assert gate.alarm is not None, "only gates with an alarm level"
    if gate.metric in QUANTILES:
        return 1.0 - QUANTILES[gate.metric]
    if gate.metric is GateMetric.MEAN_SYNTHESIS:
        return gate.alarm / longest_s
    return 1.0 - gate.alarm if gate.metric.higher_is_better else gate.alarm


def comparable(metric: GateMetric, level: float, tally: Tally, arm: Arm, slower_ratio: float = 1.0) -> Counted:
    """The same question in a form that allows comparing two arms: whole cases, never parts of a case.

    For a mean, bad cases are the calls that take longer than the level. The candidate may be ``slower_ratio``
    times as slow as the baseline. Therefore the baseline's level is lower by this ratio: the next edge below it.
    The baseline never falls back, so the candidate's fallbacks are compared with the baseline's own failures.
    """
    if metric.is_duration:
        if arm is Arm.BASELINE:
            level = compared_level_s(metric, level, slower_ratio)
        return _slower(metric, level, tally, 1.0)
    if metric is GateMetric.FALLBACK_RATE and arm is Arm.BASELINE:
        return _among_units(GateMetric.SUCCESS_RATE, tally, level)
    return _among_units(metric, tally, level)


def compared_level_s(metric: GateMetric, level_s: float, slower_ratio: float) -> float:
    """The edge that is used for the baseline if ``level_s`` is used for the candidate."""
    lower_s = level_s / slower_ratio
    return max((edge_s for edge_s in metric.edges_s if edge_s <= lower_s), default=metric.edges_s[0])


RESCUED = frozenset(
    {GateMetric.SUCCESS_RATE, GateMetric.ERROR_RATE, GateMetric.FALLBACK_RATE, GateMetric.BAD_AUDIO_RATE}
)
"""Metrics whose bad cases fall back to the baseline if the fallback is on."""


def handed_on(metric: GateMetric, tally: Tally) -> tuple[float, float]:
    """How many of the candidate's bad cases the baseline was tried for, and how many of those failed there too.

    A request that failed and did not fall back, because no time was left, is unserved too; it is not counted in
    the second number.
    """
    if metric not in RESCUED:
        return 0.0, 0.0
    handed = min(tally.fallbacks, _among_units(metric, tally, 0.0).bad)
    alone = max(0.0, tally.errors + tally.refused - tally.backed_up - tally.fallbacks)
    return handed, min(max(0.0, tally.unserved - alone), handed)


def tolerance(gate: Gate, level: float) -> float:
    """How much higher than the baseline's the candidate's rate of bad cases may be without counting against it.

    This is the rate that its target allows, but at most half of the alarm level.
    """
    if gate.metric.is_duration or gate.target is None:
        return 0.0
    worse = gate.metric.higher_is_better
    allowed, alarm = (1.0 - gate.target, 1.0 - level) if worse else (gate.target, level)
    return min(allowed, alarm / 2.0)


def _among_units(metric: GateMetric, tally: Tally, boundary: float) -> Counted:
    """Limits bad cases to the number of cases, because a source that estimates both can report more."""
    return Counted(min(_BAD[metric](tally), tally.units), tally.units, boundary)


def _slower(metric: GateMetric, level_s: float, tally: Tally, boundary: float) -> Counted:
    over, trials = (tally.late, tally.streams) if metric.of_streams else (tally.over, tally.timed)
    return Counted(min(over[metric.edges_s.index(level_s)], trials), trials, boundary)


_BAD: dict[GateMetric, Callable[[Tally], float]] = {
    GateMetric.SUCCESS_RATE: lambda tally: max(0.0, tally.errors + tally.refused - tally.backed_up),
    GateMetric.ERROR_RATE: lambda tally: tally.errors,
    GateMetric.FALLBACK_RATE: lambda tally: tally.fallbacks,
    GateMetric.BAD_AUDIO_RATE: lambda tally: tally.bad_audio,
    GateMetric.UNSERVED_RATE: lambda tally: tally.unserved,
}


def judged(counts: Counted, alpha: float, least_trials: float) -> Verdict:
    """Whether the rate of bad cases is below the boundary; wrong in at most one of ``1 / alpha`` runs."""
    if counts.trials < max(least_trials, _LEAST):
        return Verdict.INCONCLUSIVE
    good = counts.trials - counts.bad
    below = counts.bad < counts.boundary * counts.trials
    evidence = (log_below if below else log_beyond)(counts.bad, good, counts.boundary)
    if evidence < -math.log(alpha):
        return Verdict.INCONCLUSIVE
    return Verdict.PASS if below else Verdict.FAIL


def judged_mean(tally: Tally, level_s: float, longest_s: float, alpha: float, least_trials: float) -> Verdict:
    """The same for a mean of durations."""
    if tally.timed < max(least_trials, _LEAST):
        return Verdict.INCONCLUSIVE
    below = tally.seconds < level_s * tally.timed
    evidence = (log_mean_below if below else log_mean_beyond)(tally, level_s, longest_s)
    if evidence < -math.log(alpha):
        return Verdict.INCONCLUSIVE
    return Verdict.PASS if below else Verdict.FAIL


_LEAST = 1.0
