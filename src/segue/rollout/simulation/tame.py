"""Identifies worlds in which no alarm is missed if many slots are drawn as one.

A detector can restart at every slot, so a long slot has fewer possible starts than it should. This is harmless if
a climb from 0 to the alarm is almost impossible from any of them. If the mean of ``L ** theta`` is at most 1 for a
unit's likelihood ratio L, a climb to the alarm A has a probability of at most ``A ** -theta`` (Lundberg's
inequality; Asmussen and Albrecher 2010, Ruin Probabilities, chapter IV).

Units are assumed to be independent. A session's second unit fails with its first, but a whole unit window later,
when the units in between have already reduced the first one's evidence.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from segue.rollout.core.betting import STAKES
from segue.rollout.core.evidence import UNITS_PART
from segue.rollout.core.gates import Gate, GateMetric, level_as_rate
from segue.rollout.core.stats import alternatives
from segue.rollout.simulation.world import Tail

if TYPE_CHECKING:
    from segue.rollout.core.plan import Plan
    from segue.rollout.simulation.drawn import Floats
    from segue.rollout.simulation.world import Behaviour

MISSED = 1e-4
"""Alarms that may be missed in a run, on average."""

_POINTS = 400


def tame(plan: Plan, scopes: int, usual: Behaviour) -> bool:
    """Whether an arm with its usual behaviour reaches an alarm less than once in ``1 / MISSED`` runs."""
    beginnings = plan.hold_s / plan.statistics.slot_s * scopes
    theta = math.log(beginnings / MISSED) / plan.statistics.alarm_log_e(2.0 * len(plan.watched_gates) / UNITS_PART)
    return all(
        float(np.exp(theta * log_ratio).mean()) <= 1.0
        for gate in plan.watched_gates
        for log_ratio in _log_ratios(gate, usual, plan.statistics.longest_s)
    )


def chance_of_alarm(plan: Plan, scopes: int, usual: Behaviour, within_s: float) -> float:
    """An upper bound of the probability that an arm with its usual behaviour raises an alarm within this time.

    It holds for any traffic: each slot is a beginning, from which a climb is as unlikely however many units
    follow. Alternatives, gates and scopes are added up.
    """
    alarm = plan.statistics.alarm_log_e(2.0 * len(plan.watched_gates) / UNITS_PART)
    beginnings = within_s / plan.statistics.slot_s * scopes
    climbs = sum(
        math.exp(-_largest_theta(log_ratio) * alarm)
        for gate in plan.watched_gates
        for log_ratio in _log_ratios(gate, usual, plan.statistics.longest_s)
    )
    return min(1.0, beginnings * climbs)


def _largest_theta(log_ratio: Floats) -> float:
    """The largest theta found for which the mean of ``L ** theta`` is at most 1."""
    low, high = 0.0, _MOST_THETA
    for _ in range(_BISECTIONS):
        theta = (low + high) / 2.0
        low, high = (theta, high) if float(np.exp(theta * log_ratio).mean()) <= 1.0 else (low, theta)
    return low


_MOST_THETA, _BISECTIONS = 64.0, 40


def _log_ratios(gate: Gate, usual: Behaviour, longest_s: float) -> list[Floats]:
    """The log ratios of a unit at equally likely points, for each alternative."""
    bad = _bad(gate, usual, longest_s)
    boundary = level_as_rate(gate, longest_s)
    if gate.metric is GateMetric.MEAN_SYNTHESIS:
        return [np.log1p(stake * (bad / boundary - 1.0)) for stake in STAKES]
    return [
        bad * math.log(way / boundary) + (1.0 - bad) * math.log((1.0 - way) / (1.0 - boundary))
        for way in alternatives(boundary)
    ]


def _bad(gate: Gate, usual: Behaviour, longest_s: float) -> Floats:
    """The parts of a bad case that a unit contributes, as equally likely points."""
    if gate.metric is GateMetric.MEAN_SYNTHESIS:
        if usual.delays.tail is Tail.PARETO:
            chances = (np.arange(_POINTS) + 1.0) / _POINTS
            chances[-1] = 1.0 - 1e-6
            least_s = usual.delays.mean_s * (usual.delays.index - 1.0) / usual.delays.index
            at = least_s * (1.0 - chances) ** (-1.0 / usual.delays.index)
        else:
            at = np.exp(usual.delays.mu + usual.delays.sigma * _normal_points())
        parts: Floats = np.minimum(at / longest_s, 1.0)
        return parts
    if gate.metric.is_duration:
        assert gate.alarm is not None, "checked by the caller"
        delays = usual.first_audio if gate.metric.of_streams else usual.delays
        return _coin(delays.beyond(gate.alarm))
    return _coin(usual.error_rate)


def _coin(chance: float) -> Floats:
    """Enough equally likely points, with the probability rounded up."""
    points = np.zeros(_COIN_POINTS)
    points[: math.ceil(chance * _COIN_POINTS)] = 1.0
    return points


_COIN_POINTS = 10_000


def _normal_points() -> Floats:
    """Standard normal quantiles at the upper ends of equally likely parts; the last one is far out."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse(min((number + 1) / _POINTS, 1.0 - 1e-6)) for number in range(_POINTS)])
