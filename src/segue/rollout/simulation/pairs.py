"""Compares both arms for many cells at once: the arithmetic of ``segue.rollout.core.compare`` on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from segue.rollout.simulation.drawn import Floats

_LEAST, _MOST = 1e-5, 1.0 - 1e-5
_STEPS = 60
_NEAR = 1e-10
"""``segue.rollout.core.compare`` bisects, which leaves about ten times as much."""


def log_gains(block: Floats, rates: Floats, tolerance: float, handed_on: Floats) -> Floats:
    """Logarithm of each closed block's e-variable.

    The first dimension of ``block`` are the fields of ``Block``, that of ``rates`` those of ``Rates``.
    """
    ours = np.clip(rates[0] / (rates[0] + rates[1]), _LEAST, _MOST)
    theirs = np.clip(rates[2] / (rates[2] + rates[3]), _LEAST, _MOST)
    gains: Floats = np.zeros_like(ours)
    bets = ours > theirs + tolerance
    if bets.any():
        gains[bets] = _gains(block[:, bets], ours[bets], theirs[bets], tolerance, handed_on[bets])
    return gains


def _gains(block: Floats, ours: Floats, theirs: Floats, tolerance: float, handed_on: Floats) -> Floats:
    bad, trials, other_bad, other_trials, handed, lost = block
    their_weight = other_trials + handed_on * trials * ours
    alike = _no_worse(ours, theirs, trials, their_weight, tolerance)
    raised = np.minimum(alike + tolerance, _MOST)
    mine = bad * np.log(ours / raised) + (trials - bad) * np.log((1.0 - ours) / (1.0 - raised))
    total_bad, total = other_bad + lost, other_trials + handed
    other = total_bad * np.log(theirs / alike) + (total - total_bad) * np.log((1.0 - theirs) / (1.0 - alike))
    gained: Floats = mine + other
    return gained


def _no_worse(ours: Floats, theirs: Floats, our_weight: Floats, their_weight: Floats, tolerance: float) -> Floats:
    if tolerance <= 0.0:
        mixed: Floats = (our_weight * ours + their_weight * theirs) / (our_weight + their_weight)
        return mixed
    low, high = theirs.copy(), np.minimum(ours - tolerance, _MOST - tolerance)
    rate = (our_weight * high + their_weight * low) / (our_weight + their_weight)
    for _ in range(_STEPS):
        slope, bend = _slope_and_bend(ours, rate + tolerance)
        their_slope, their_bend = _slope_and_bend(theirs, rate)
        slope = our_weight * slope + their_weight * their_slope
        below = slope < 0.0
        low, high = np.where(below, rate, low), np.where(below, high, rate)
        ahead = rate - slope / (our_weight * bend + their_weight * their_bend)
        inside = (ahead >= low) & (ahead <= high)
        before, rate = rate, np.where(inside, ahead, (low + high) / 2.0)
        if np.abs(rate - before).max() < _NEAR:
            break
    return rate


def _slope_and_bend(estimate: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """The first two derivatives, by the rate, of the divergence of a trial's outcome at the estimated rate."""
    bad, good = estimate / rate, (1.0 - estimate) / (1.0 - rate)
    return good - bad, bad / rate + good / (1.0 - rate)
