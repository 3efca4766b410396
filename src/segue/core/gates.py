"""What must hold for a rollout to go on, and what makes it go back.

Every gate is read as one question, "is the rate of bad cases below this boundary?", because that question can be
asked at any moment without fooling oneself:

* a success rate above 95 % is a failure rate below 5 %;
* "P95 under 2.5 s" is "fewer than 5 % take longer than 2.5 s", of all calls or, for the first audio, of streams;
* "the mean is under 2 s" is "of the longest time a call may take, less than the 2 s' part is used on average".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from segue.core.speech import Arm
from segue.core.stats import Interval, log_mixture, rate_interval
from segue.core.windows import EDGES_S, FIRST_AUDIO_EDGES_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.core.windows import Tally


class Metric(StrEnum):
    """What a gate looks at; the values are keys in plans."""

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
        return self in (Metric.SUCCESS_RATE, Metric.CACHE_HIT_RATE)

    @property
    def is_duration(self) -> bool:
        return self in (Metric.MEAN_SYNTHESIS, *QUANTILES)

    @property
    def of_streams(self) -> bool:
        """Whether only streams count: audio asked for whole has no first sound of its own."""
        return self in FIRST_AUDIO_QUANTILES

    @property
    def cases(self) -> str:
        """What it is counted over, in a word."""
        return "streams" if self.of_streams else "units"

    @property
    def edges_s(self) -> tuple[float, ...]:
        """Where a level of it may lie; of a duration only."""
        return FIRST_AUDIO_EDGES_S if self.of_streams else EDGES_S


SYNTHESIS_QUANTILES = {Metric.P50_SYNTHESIS: 0.50, Metric.P95_SYNTHESIS: 0.95, Metric.P99_SYNTHESIS: 0.99}
FIRST_AUDIO_QUANTILES = {Metric.P50_FIRST_AUDIO: 0.50, Metric.P95_FIRST_AUDIO: 0.95}
QUANTILES = SYNTHESIS_QUANTILES | FIRST_AUDIO_QUANTILES


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate. Levels are ratios, or seconds for durations; None where there is no such level.

    ``target`` must be met with confidence to go on. Beyond ``step_back`` (P1) one stage is taken back, beyond
    ``roll_back`` (P0) everything. ``margin`` compares with the baseline in the same time: the candidate may be
    worse by no more than that: a part of the baseline's for a mean; else a difference of rates, which for a
    quantile are the rates of those that take longer than its level.
    """

    metric: Metric
    target: float | None = None
    step_back: float | None = None
    roll_back: float | None = None
    margin: float | None = None

    @property
    def alarm(self) -> float | None:
        """The level whose crossing raises an alarm: the milder one; how far it went decides what is done."""
        return self.roll_back if self.step_back is None else self.step_back


class Verdict(StrEnum):
    """What a gate says. ``error`` is a source that cannot be read, which is no fault of the candidate."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class Counted(NamedTuple):
    """Bad cases among trials, and the rate of them at which the gate's level lies."""

    bad: float
    trials: float
    boundary: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A gate looked at: the evidence, in rates of bad cases, and what would change the verdict."""

    gate: str
    arm: str
    character: str
    bad: float
    trials: float
    boundary: float
    alpha: float
    verdict: Verdict
    sentence: str

    @property
    def estimate(self) -> float:
        return self.bad / self.trials if self.trials else 0.0

    @property
    def interval(self) -> Interval:
        """Where the rate lies, at every time at once, but for ``alpha`` of all runs."""
        return rate_interval(self.bad, self.trials - self.bad, self.alpha)


def counted(metric: Metric, level: float, tally: Tally, longest_s: float) -> Counted:
    """The tally as bad cases and trials for this metric at this level; ``longest_s`` bounds every duration."""
    if metric is Metric.MEAN_SYNTHESIS:
        return Counted(min(tally.seconds / longest_s, tally.timed), tally.timed, level / longest_s)
    if metric in QUANTILES:
        return _slower(metric, level, tally, 1.0 - QUANTILES[metric])
    return _among_units(metric, tally, 1.0 - level if metric.higher_is_better else level)


def comparable(metric: Metric, level: float, tally: Tally, arm: Arm) -> Counted:
    """The same question in a form in which two arms can be compared: cases, never parts of a case.

    A mean asks who took longer than the level. The baseline hands nothing on: against a candidate that does stand
    its own failures.
    """
    if metric.is_duration:
        return _slower(metric, level, tally, 1.0)
    if metric is Metric.FALLBACK_RATE and arm is Arm.BASELINE:
        return _among_units(Metric.SUCCESS_RATE, tally, level)
    return _among_units(metric, tally, level)


def _among_units(metric: Metric, tally: Tally, boundary: float) -> Counted:
    """Never more bad cases than cases: a source that estimates both may say so."""
    return Counted(min(_BAD[metric](tally), tally.units), tally.units, boundary)


def _slower(metric: Metric, level_s: float, tally: Tally, boundary: float) -> Counted:
    over, trials = (tally.late, tally.streams) if metric.of_streams else (tally.over, tally.timed)
    return Counted(min(over[metric.edges_s.index(level_s)], trials), trials, boundary)


_BAD: dict[Metric, Callable[[Tally], float]] = {
    Metric.SUCCESS_RATE: lambda tally: tally.errors + tally.refused,
    Metric.ERROR_RATE: lambda tally: tally.errors,
    Metric.FALLBACK_RATE: lambda tally: tally.fallbacks,
    Metric.BAD_AUDIO_RATE: lambda tally: tally.bad_audio,
    Metric.UNSERVED_RATE: lambda tally: tally.unserved,
}


def judged(counts: Counted, alpha: float, least_trials: float) -> Verdict:
    """Whether the rate of bad cases lies below the boundary, wrong at most once in ``1 / alpha`` runs.

    The interval of ``rate_interval`` lies on one side of the boundary exactly when the evidence against the
    boundary itself is strong enough.
    """
    if counts.trials < max(least_trials, _LEAST):
        return Verdict.INCONCLUSIVE
    against = log_mixture(counts.bad, counts.trials - counts.bad, counts.boundary)
    if against < -math.log(alpha):
        return Verdict.INCONCLUSIVE
    return Verdict.PASS if counts.bad < counts.boundary * counts.trials else Verdict.FAIL


_LEAST = 1.0
