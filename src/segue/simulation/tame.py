"""Worlds in which no alarm can be missed by looking seldom.

A detector restarts at every slot, so what is drawn as one long slot has fewer beginnings than it should. That is
harmless exactly where a climb from nothing to the alarm is all but impossible from any of them. If the mean of
``L ** theta`` is at most 1 for a unit's likelihood ratio L, a climb to the alarm A has a chance of at most
``A ** -theta`` (Lundberg's inequality; Asmussen and Albrecher 2010, Ruin Probabilities, chapter IV).

Units are taken for independent. A session's second unit fails with its first, but a whole unit window later, when
the units in between have worn the first one's evidence away.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from segue.core.gates import QUANTILES, Gate, Metric
from segue.core.stats import alternatives

if TYPE_CHECKING:
    from segue.core.plan import Plan
    from segue.simulation.drawn import Floats
    from segue.simulation.world import Behaviour

MISSED = 1e-4
"""Alarms that may be missed in a run, on average."""

_POINTS = 400


def tame(plan: Plan, scopes: int, usual: Behaviour) -> bool:
    """Whether an arm that does as usual climbs to an alarm less than once in ``1 / MISSED`` runs."""
    beginnings = plan.hold_s / plan.statistics.slot_s * scopes
    theta = math.log(beginnings / MISSED) / plan.statistics.alarm_log_e
    return all(
        _mean_power(bad, way, boundary_of(gate, plan.statistics.longest_s), theta) <= 1.0
        for gate in plan.gates
        if gate.alarm is not None
        for bad in [_bad(gate, usual, plan.statistics.longest_s)]
        for way in alternatives(boundary_of(gate, plan.statistics.longest_s))
    )


def boundary_of(gate: Gate, longest_s: float) -> float:
    """The rate of bad cases at which the gate's alarm lies."""
    assert gate.alarm is not None, "only gates with an alarm have one"
    if gate.metric in QUANTILES:
        return 1.0 - QUANTILES[gate.metric]
    if gate.metric is Metric.MEAN_SYNTHESIS:
        return gate.alarm / longest_s
    return 1.0 - gate.alarm if gate.metric.higher_is_better else gate.alarm


def _mean_power(bad: Floats, way: float, boundary: float, theta: float) -> float:
    """The mean of ``L ** theta``, over equally likely parts of a bad case."""
    log_ratio = bad * math.log(way / boundary) + (1.0 - bad) * math.log((1.0 - way) / (1.0 - boundary))
    return float(np.exp(theta * log_ratio).mean())


def _bad(gate: Gate, usual: Behaviour, longest_s: float) -> Floats:
    """The parts of a bad case that a unit makes, as equally likely points."""
    if gate.metric is Metric.MEAN_SYNTHESIS:
        at = np.exp(usual.delays.mu + usual.delays.sigma * _normal_points())
        parts: Floats = np.minimum(at / longest_s, 1.0)
        return parts
    if gate.metric.is_duration:
        assert gate.alarm is not None, "checked by the caller"
        delays = usual.first_audio if gate.metric.of_streams else usual.delays
        return _coin(delays.beyond(gate.alarm))
    return _coin(usual.error_rate)


def _coin(chance: float) -> Floats:
    """Enough equally likely points, the chance rounded up."""
    points = np.zeros(_COIN_POINTS)
    points[: math.ceil(chance * _COIN_POINTS)] = 1.0
    return points


_COIN_POINTS = 10_000


def _normal_points() -> Floats:
    """Standard normal quantiles at the upper ends of equally likely parts; the last one reaches far."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse(min((number + 1) / _POINTS, 1.0 - 1e-6)) for number in range(_POINTS)])
