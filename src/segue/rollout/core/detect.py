"""Alarms: detects whether the candidate is worse than it may be, and whether only the candidate is.

A confidence interval that starts with the stage would first have to outweigh a week of good evidence before it
shows bad news. A detector instead keeps, for each alternative rate, the evidence since the most suspicious
starting point. So it finds a fault on the sixth day as fast as one in the first hour (``stats.cusum_step`` names
the source). The candidate is compared with the baseline over exactly this run. What both arms suffered before it,
or how they differ within their gates, is not held against the candidate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from segue.rollout.core.compare import Block, Comparison, Rates, Terms, compared
from segue.rollout.core.stats import cusum_step, log_mean_exp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CEILING = 2.0
"""Evidence is capped at this multiple of the evidence for an alarm."""

_OWN_STRENGTH = 1.0
"""Weight, in trials, of the initial guess of the candidate's rate in a comparison."""


@dataclass(frozen=True, slots=True)
class EvidenceRun:
    """What was seen since ``since_s`` (Unix time), the start of the run for which the evidence is strongest.

    A time that nobody watched moves ``since_s`` on by as much, because it is unknown what happened in it.
    ``severe`` are the candidate's cases that are bad by the graver of a gate's two levels too; for a mean, all bad
    cases. ``lasted_s`` is the time in which something was bad. ``rest_bad`` and ``rest_trials`` are the
    candidate's cases for all other characters in the same slots; for the overall scope they are 0.
    """

    since_s: float = 0.0
    bad: float = 0.0
    severe: float = 0.0
    trials: float = 0.0
    lasted_s: float = 0.0
    rest_bad: float = 0.0
    rest_trials: float = 0.0

    @property
    def rate(self) -> float:
        return self.bad / self.trials if self.trials else 0.0

    def plus(self, other: EvidenceRun) -> EvidenceRun:
        return EvidenceRun(
            self.since_s if self.trials or self.rest_trials else other.since_s,
            self.bad + other.bad,
            self.severe + other.severe,
            self.trials + other.trials,
            self.lasted_s + other.lasted_s,
            self.rest_bad + other.rest_bad,
            self.rest_trials + other.rest_trials,
        )


@dataclass(frozen=True, slots=True)
class Detector:
    """The evidence for one alternative rate, as a logarithm, with its run and the comparison with the baseline.

    Without evidence, ``run`` and ``comparison`` are None. ``top_log_e`` is the maximum of the evidence in this
    run, and ``top_s`` (Unix time) is when it was last reached: what followed did not count against the candidate
    on balance.
    """

    log_e: float = 0.0
    run: EvidenceRun | None = None
    comparison: Comparison | None = None
    top_log_e: float = 0.0
    top_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Watch:
    """One gate watched in one scope, with a detector for each alternative rate."""

    ways: tuple[Detector, ...]

    @property
    def evidence(self) -> float:
        """Logarithm of the e-value; an alarm is raised when it reaches the plan's level."""
        return log_mean_exp([way.log_e for way in self.ways])

    @property
    def best(self) -> Detector:
        """The detector with the most evidence; if several are at the ceiling, the one with the worst rate."""
        return max(reversed(self.ways), key=lambda way: way.log_e)

    @property
    def is_calm(self) -> bool:
        """Whether there is no evidence at all, so that nothing must be kept."""
        return all(way.run is None for way in self.ways)

    def moved(self, by_s: float) -> Watch:
        """The same watch with its runs' times moved by ``by_s``; how long they lasted does not change."""
        return Watch(tuple(_moved(way, by_s) for way in self.ways))


def _moved(way: Detector, by_s: float) -> Detector:
    if way.run is None:
        return way
    return replace(way, run=replace(way.run, since_s=way.run.since_s + by_s), top_s=way.top_s + by_s)


class Seen(NamedTuple):
    """One slot, for one gate in one scope: its run, both arms' trials, and the terms of their comparison.

    The slot ends at ``end_s`` (Unix time).
    """

    run: EvidenceRun
    block: Block
    terms: Terms
    end_s: float


class ExpectedRates(NamedTuple):
    """Initial values of a comparison: the candidate's rate for each alternative, and the baseline's usual bad and
    good cases.
    """

    rates: Sequence[float]
    usual: Callable[[], tuple[float, float]]


def stepped(
    watch: Watch | None, gains: Sequence[float], seen: Seen, expected: ExpectedRates, ceiling: float
) -> Watch:
    """The watch after one more slot; ``gains`` are the detectors' increments."""
    before = watch.ways if watch is not None else (Detector(),) * len(gains)
    return Watch(
        tuple(
            _stepped(way, gain, seen, rate, expected, ceiling)
            for way, gain, rate in zip(before, gains, expected.rates, strict=True)
        )
    )


def _stepped(
    way: Detector, gain: float, seen: Seen, rate: float, expected: ExpectedRates, ceiling: float
) -> Detector:
    log_e = cusum_step(way.log_e, gain, ceiling)
    if log_e <= 0.0:
        return _CALM
    known = way.comparison
    if known is None:
        bad, good = expected.usual()
        known = Comparison(Rates(_OWN_STRENGTH * rate, _OWN_STRENGTH * (1.0 - rate), bad, good))
    run = seen.run if way.run is None else way.run.plus(seen.run)
    top_log_e, top_s = way.top_log_e, way.top_s
    if gain > 0.0 and log_e >= top_log_e:
        top_log_e, top_s = log_e, seen.end_s
    return Detector(log_e, run, compared(known, seen.block, seen.terms), top_log_e, top_s)


_CALM = Detector()


def grave_by_rate(run: EvidenceRun, boundary: float) -> bool:
    """Whether the run shows, with odds of ``GRAVE_ODDS``, that the rate is beyond the graver level.

    A run is the worst stretch of many, so its observed rate is higher than the true one. That alone is not a
    reason to take the candidate from all listeners.
    """
    hits, misses = run.severe, run.trials - run.severe
    if run.severe <= boundary * run.trials:
        return False
    rate = (hits + 0.5) / (run.trials + 1.0)
    gain = hits * math.log(rate / boundary) + misses * math.log((1.0 - rate) / (1.0 - boundary))
    return gain >= math.log(GRAVE_ODDS)


GRAVE_ODDS = 3.0
