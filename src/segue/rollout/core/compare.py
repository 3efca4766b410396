"""Tests whether the candidate is worse than the baseline in the same time.

Trouble of both arms is not held against it. The evidence is an e-variable for two groups of trials (Turner, Ly,
Grunwald 2024, J. Statistical Planning and Inference 230), multiplied over blocks of time. A block closes as soon
as it contains trials of both arms. Each block contributes a likelihood ratio. Its numerator is "each arm fails at
its own rate", with rates estimated beforehand. Its denominator uses the likeliest rates for which the candidate's
rate exceeds the baseline's by no more than the tolerance. As long as the candidate is no worse than that, the
product reaches ``1 / alpha`` in at most one of ``1 / alpha`` runs, however the common rate changes from block to
block.

A failure of the candidate that falls back is also a trial of the baseline, at the same moment and with the same
text: if the baseline fails too, the candidate is not at fault. The number of these trials depends on the
candidate's own failures. Therefore the likeliest rates are weighted by the expected number, which keeps the
e-variable valid (``tests/unit/rollout/core/test_compare.py`` sums over every outcome).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from operator import add
from typing import NamedTuple

WORSE_ODDS = 1000.0
"""Odds of "the candidate is worse" against "it is not" from which the candidate is accused."""

_LEAST, _MOST = 1e-5, 1.0 - 1e-5
_FLOOR = -math.log(WORSE_ODDS)
"""Evidence for "no worse" below this is discarded.

Otherwise a long outage of both arms would hide what follows it.
"""

_BISECTIONS = 30


class Block(NamedTuple):
    """Trials of both arms in a period, and how many of them were bad.

    ``handed`` of the candidate's bad trials fell back to the baseline, and ``lost`` of those failed there too.
    """

    bad: float = 0.0
    trials: float = 0.0
    other_bad: float = 0.0
    other_trials: float = 0.0
    handed: float = 0.0
    lost: float = 0.0

    def plus(self, more: Block) -> Block:
        return Block(*map(add, self, more))


_NO_TRIALS = Block()


class Rates(NamedTuple):
    """The expected rates of both arms, as numbers of bad and good cases, as if that many had been observed."""

    bad: float
    good: float
    other_bad: float
    other_good: float

    @property
    def candidate(self) -> float:
        return min(max(self.bad / (self.bad + self.good), _LEAST), _MOST)

    @property
    def baseline(self) -> float:
        return min(max(self.other_bad / (self.other_bad + self.other_good), _LEAST), _MOST)


class Terms(NamedTuple):
    """The terms of a comparison.

    ``tolerance`` is how much higher the candidate's rate may be. ``handed_on`` is the part of its failures that
    fall back, as known before the block. If it is 0, trials that fell back are not counted.
    """

    tolerance: float = 0.0
    handed_on: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The evidence since some moment, as a logarithm, with the expected rates and the block that is still open.

    ``other_trials`` are the baseline's since then, including those that fell back to it.
    """

    rates: Rates
    log_e: float = 0.0
    other_trials: float = 0.0
    open: Block = _NO_TRIALS

    @property
    def accuses(self) -> bool:
        return self.log_e >= math.log(WORSE_ODDS)


def compared(known: Comparison, seen: Block, terms: Terms) -> Comparison:
    """The comparison after one more slot; the rates do not change until the block contains trials of both arms."""
    block = known.open.plus(seen)
    other_trials = known.other_trials + seen.other_trials + seen.handed
    if not block.trials or not (block.other_trials or terms.handed_on):
        return replace(known, open=block, other_trials=other_trials)
    if not terms.handed_on:
        block = block._replace(handed=0.0, lost=0.0)
    log_e = max(known.log_e + log_gain(block, known.rates, terms), _FLOOR)
    return Comparison(_learnt(known.rates, block), log_e, other_trials)


def _learnt(rates: Rates, block: Block) -> Rates:
    other_bad, other_trials = block.other_bad + block.lost, block.other_trials + block.handed
    return Rates(
        rates.bad + block.bad,
        rates.good + block.trials - block.bad,
        rates.other_bad + other_bad,
        rates.other_good + other_trials - other_bad,
    )


def log_gain(block: Block, rates: Rates, terms: Terms) -> float:
    """Logarithm of one block's e-variable."""
    ours, theirs = rates.candidate, rates.baseline
    if ours <= theirs + terms.tolerance:
        return 0.0
    weights = block.trials, block.other_trials + terms.handed_on * block.trials * ours
    alike = no_worse(ours, theirs, weights, terms.tolerance)
    other_bad, other_trials = block.other_bad + block.lost, block.other_trials + block.handed
    return _log_ratio(block.bad, block.trials, ours, min(alike + terms.tolerance, _MOST)) + _log_ratio(
        other_bad, other_trials, theirs, alike
    )


def _log_ratio(bad: float, trials: float, rate: float, other: float) -> float:
    return bad * math.log(rate / other) + (trials - bad) * math.log((1.0 - rate) / (1.0 - other))


def no_worse(ours: float, theirs: float, weights: tuple[float, float], tolerance: float) -> float:
    """The baseline's rate in the likeliest pair of rates that differ by exactly the tolerance.

    The pair is nearest to (``ours``, ``theirs``) in Kullback-Leibler divergence, weighted by the trials of each
    arm.
    """
    our_weight, their_weight = weights
    if tolerance <= 0.0:
        return (our_weight * ours + their_weight * theirs) / (our_weight + their_weight)
    low, high = theirs, min(ours - tolerance, _MOST - tolerance)
    for _ in range(_BISECTIONS):
        rate = (low + high) / 2.0
        raised = rate + tolerance
        slope = our_weight * (raised - ours) / (raised * (1.0 - raised)) + their_weight * (rate - theirs) / (
            rate * (1.0 - rate)
        )
        low, high = (rate, high) if slope < 0.0 else (low, rate)
    return (low + high) / 2.0
