"""How many units a step needs to show that its targets are met, for an arm of expected quality."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.rollout.core.betting import mean_units_needed
from segue.rollout.core.gates import Gate, GateMetric, counted
from segue.rollout.core.stats import log_below, units_needed
from segue.rollout.core.supply import Traffic, supply
from segue.rollout.core.windows import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.rollout.core.plan import Place, Plan, Statistics


@dataclass(frozen=True, slots=True)
class ExpectedQuality:
    """The expected quality of an arm, apart from its errors.

    ``mean_s`` is its mean synthesis time in seconds. ``over`` is the part of its calls that take longer than each
    of ``EDGES_S``, ``late`` the part of its streams whose first audio takes longer than each of
    ``FIRST_AUDIO_EDGES_S``. ``streams_ratio`` of the calls are streams.
    """

    mean_s: float
    over: tuple[float, ...]
    late: tuple[float, ...] = (0.0,) * len(FIRST_AUDIO_EDGES_S)
    streams_ratio: float = 0.0


class DemandWorld(NamedTuple):
    traffic: Traffic
    expected: ExpectedQuality
    error_rate: float


class Question(NamedTuple):
    """A target as a rate of bad cases: ``rate`` is the true rate, which must be shown to be below ``boundary``.

    Each unit counts as ``per_unit`` cases. ``usual`` is the number of cases that is usually enough. ``sure``:
    chance hardly changes that number.
    """

    metric: GateMetric
    rate: float
    boundary: float
    per_unit: float
    usual: float
    sure: bool = False

    @property
    def draws_from(self) -> str:
        """Targets that count the same bad cases share the same random draws."""
        return "errors" if self.metric in _FAILURES else self.metric


_FAILURES = (GateMetric.SUCCESS_RATE, GateMetric.ERROR_RATE, GateMetric.FALLBACK_RATE)
_UNLIKELY = (GateMetric.BAD_AUDIO_RATE, GateMetric.UNSERVED_RATE)


def questions(plan: Plan, place: Place, world: DemandWorld) -> Iterator[Question]:
    arm = supply(plan, place, world.traffic)
    for gate in plan.gates_at(place):
        if gate.target is None or (gate.metric is GateMetric.FALLBACK_RATE and not arm.of_candidate):
            continue
        if gate.metric is not GateMetric.CACHE_HIT_RATE:
            yield _question(gate, gate.target, world, plan.statistics)
        elif world.traffic.cache_hits is not None and arm.units_a_day:
            missing = 1.0 - world.traffic.cache_hits
            per_unit = world.traffic.requests_a_day / max(missing, _RARE) / arm.units_a_day
            yield _sure(gate.metric, missing, 1.0 - gate.target, per_unit, plan.statistics)


def _question(gate: Gate, target: float, world: DemandWorld, statistics: Statistics) -> Question:
    tally = _many(world)
    bad, cases, boundary = counted(gate.metric, target, tally, statistics.longest_s)
    rate = bad / cases if cases else 0.0
    per_unit = cases / tally.units
    if gate.metric is GateMetric.MEAN_SYNTHESIS:
        usual = mean_units_needed(target, statistics.longest_s, tally, statistics.promotion_alpha)
        return Question(gate.metric, rate, boundary, per_unit, usual, sure=True)
    question = _sure(gate.metric, rate, boundary, per_unit, statistics)
    return question._replace(sure=rate > _OFTEN)


def _sure(metric: GateMetric, rate: float, boundary: float, per_unit: float, statistics: Statistics) -> Question:
    usual = units_needed(boundary, rate, statistics.promotion_alpha)
    return Question(metric, rate, boundary, per_unit, usual, sure=True)


_RARE = 1e-9
_OFTEN = 0.05
"""Bad cases that are this frequent arrive so evenly that their number is treated as certain."""

_MANY = 1e6


def _many(world: DemandWorld) -> Tally:
    """The tally of a very large number of units."""
    failed, expected = world.error_rate * _MANY, world.expected
    timed = _MANY - failed
    streams = timed * expected.streams_ratio
    return Tally(
        units=_MANY,
        errors=failed,
        fallbacks=failed,
        timed=timed,
        seconds=timed * expected.mean_s,
        over=tuple(timed * part for part in expected.over[: len(EDGES_S)]),
        streams=streams,
        late=tuple(streams * part for part in expected.late),
    )


def never(question: Question) -> bool:
    return question.usual == math.inf or not question.per_unit


@lru_cache(16_384)
def cases_needed(boundary: float, bad: int, alpha: float) -> float:
    """The smallest number of cases, ``bad`` of them bad, that shows a rate below ``boundary``."""
    enough = -math.log(alpha)
    low = max(float(bad), cases_needed(boundary, bad - 1, alpha) if bad else 0.0)
    step = max(1.0, 1.0 / boundary)
    while log_below(bad, low + step - bad, boundary) < enough or bad >= boundary * (low + step):
        low, step = low + step, 2.0 * step
    high = low + step
    while high - low > max(0.5, 1e-3 * high):
        middle = (low + high) / 2.0
        shown = bad < boundary * middle and log_below(bad, middle - bad, boundary) >= enough
        low, high = (low, middle) if shown else (middle, high)
    return high
