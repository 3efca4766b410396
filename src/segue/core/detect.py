"""Alarms: has the candidate become worse than it may be, and worse than the baseline?

A confidence interval begun with the stage has a week of good evidence to unlearn before it notices bad news.
A detector keeps, for each way of being worse, the evidence since the best moment to begin; a fault on the sixth
day is noticed as fast as one in the first hour (``stats.cusum_step`` has the source).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.core.stats import (
    RATE_RATIOS,
    alternatives,
    cusum_step,
    log_mean_exp,
    rate_increment,
    share_increment,
)

if TYPE_CHECKING:
    from segue.core.gates import Counted

CEILING = 2.0
"""Evidence is held below this many times what raises the alarm."""


@dataclass(frozen=True, slots=True)
class Run:
    """Counts since the moment from which the evidence speaks loudest.

    ``severe`` are the candidate's cases that are bad by the graver of a gate's two levels, too.
    """

    bad: float = 0.0
    severe: float = 0.0
    trials: float = 0.0
    baseline_trials: float = 0.0

    @property
    def rate(self) -> float:
        return self.bad / self.trials if self.trials else 0.0

    def plus(self, other: Run) -> Run:
        return Run(
            self.bad + other.bad,
            self.severe + other.severe,
            self.trials + other.trials,
            self.baseline_trials + other.baseline_trials,
        )


@dataclass(frozen=True, slots=True)
class Detector:
    """Evidence, in logarithms, for each alternative, and the run that it rests on."""

    log_e: tuple[float, ...]
    runs: tuple[Run, ...]

    @property
    def evidence(self) -> float:
        """Logarithm of the e-value: an alarm is due once it reaches the plan's."""
        return log_mean_exp(self.log_e)

    @property
    def run(self) -> Run:
        """The run of the alternative that fits best."""
        best = max(range(len(self.log_e)), key=self.log_e.__getitem__)
        return self.runs[best]


def fresh(count: int) -> Detector:
    return Detector((0.0,) * count, (Run(),) * count)


def watched(
    detector: Detector | None, candidate: Counted, severe: float, baseline_trials: float, alarm_log_e: float
) -> Detector:
    """After one more slot: is the candidate's rate of bad cases beyond the boundary?"""
    ways = alternatives(candidate.boundary)
    good = candidate.trials - candidate.bad
    increments = [rate_increment(candidate.bad, good, candidate.boundary, way) for way in ways]
    seen = Run(candidate.bad, severe, candidate.trials, baseline_trials)
    return _stepped(detector or fresh(len(ways)), increments, seen, alarm_log_e)


def compared(detector: Detector | None, candidate: Counted, baseline: Counted, alarm_log_e: float) -> Detector:
    """After one more slot: does the candidate have more bad cases than its part of the trials explains?"""
    trials = candidate.trials + baseline.trials
    weight = candidate.trials / trials if trials else 0.0
    both = candidate.bad + baseline.bad
    increments = [share_increment(candidate.bad, both, weight, ratio) for ratio in RATE_RATIOS]
    seen = Run(candidate.bad, 0.0, candidate.trials, baseline.trials)
    return _stepped(detector or fresh(len(increments)), increments, seen, alarm_log_e)


def _stepped(detector: Detector, increments: list[float], seen: Run, alarm_log_e: float) -> Detector:
    ceiling = CEILING * alarm_log_e
    evidence, runs = [], []
    for log_e, run, increment in zip(detector.log_e, detector.runs, increments, strict=True):
        evidence.append(cusum_step(log_e, increment, ceiling))
        runs.append(seen if log_e <= 0.0 else run.plus(seen))
    return Detector(tuple(evidence), tuple(runs))
