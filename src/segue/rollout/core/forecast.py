"""Forecasts how long each step of a plan takes: its hold, or the evidence that its targets require, if that is
longer.

A step ends when the evidence shows that the candidate meets every target (``segue.rollout.core.readings``). How
many units this takes depends on when the bad ones occur. Therefore some hundreds of runs are drawn: for each
target, the distances between bad units, from a fixed seed. Traffic, delays and clocks are not drawn; use ``segue
simulate`` for that.

Margins against the baseline, alarms, chance failures of a step's own reading, and differences between streams and
other calls (apart from the first audio) are left out, because they hardly matter for a healthy candidate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from segue.rollout.core.demand import DemandWorld, ExpectedQuality, Question, cases_needed, never, questions
from segue.rollout.core.gates import GateMetric
from segue.rollout.core.readings import FRESH_UNITS
from segue.rollout.core.supply import DAY_S, Supply, Traffic, heard_part, supply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.rollout.core.plan import Place, Plan, Statistics

RUNS = 300
"""This many runs determine the 90th percentile to about a tenth."""

ERROR_RATES = (0.0, 0.002, 0.005)
"""The error rates that are forecast: a flawless candidate, a usual one, and a poor one."""


class Days(NamedTuple):
    """A duration in days: the median and the 90th percentile over all runs. Infinite means that it never ends."""

    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class StepForecast:
    """The forecast of a step: its hold and its duration by error rate.

    ``units_a_day`` are those of the arm that is read. ``missed`` are the targets that a candidate with this error
    rate does not meet, so that the step never ends.
    """

    place: Place
    hold_days: float
    units_a_day: float
    days: Mapping[float, Days]
    missed: Mapping[float, tuple[GateMetric, ...]]


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of every step in order, and the total.

    ``in_time`` is the part of the runs that end within 1.5 times the plan's holds, by error rate.
    """

    steps: tuple[StepForecast, ...]
    total: Mapping[float, Days]
    in_time: Mapping[float, float] = field(default_factory=dict)

    @property
    def can_end(self) -> bool:
        """Whether a candidate with one of the error rates finishes the plan, even if late."""
        return any(math.isfinite(days.median) for days in self.total.values())


LATE = 1.5
"""Multiple of a plan's holds; a duration beyond it causes a warning."""


def forecast(
    plan: Plan, traffic: Traffic, expected: ExpectedQuality, error_rates: tuple[float, ...] = ERROR_RATES
) -> Forecast:
    """The forecast for this plan and traffic, for candidates with these error rates."""
    places = tuple(plan.places())
    supplies = [supply(plan, place, traffic) for place in places]
    runs = {rate: _runs(plan, traffic, expected, rate) for rate in error_rates}
    steps = tuple(
        StepForecast(
            place,
            plan.step(place).hold_s / DAY_S,
            supplies[number].units_a_day,
            {rate: _days([run[number] for run in found]) for rate, found in runs.items()},
            {rate: _missed(plan, place, DemandWorld(traffic, expected, rate)) for rate in error_rates},
        )
        for number, place in enumerate(places)
    )
    totals = {rate: [sum(run) for run in found] for rate, found in runs.items()}
    late = LATE * plan.hold_s / DAY_S
    in_time = {rate: sum(days <= late for days in found) / len(found) for rate, found in totals.items()}
    return Forecast(steps, {rate: _days(found) for rate, found in totals.items()}, in_time)


def _missed(plan: Plan, place: Place, world: DemandWorld) -> tuple[GateMetric, ...]:
    return tuple(one.metric for one in questions(plan, place, world) if never(one))


# Runs


def _runs(plan: Plan, traffic: Traffic, expected: ExpectedQuality, error_rate: float) -> list[list[float]]:
    """For each run, the days that each step took."""
    world = DemandWorld(traffic, expected, error_rate)
    steps = [_Step.of(plan, place, world) for place in plan.places()]
    return [_run(steps, plan.statistics, number) for number in range(RUNS)]


class _Step(NamedTuple):
    """What determines a step's days.

    ``carried`` is the part of each earlier step's units that counts in this step.
    """

    supply: Supply
    hold_days: float
    questions: tuple[Question, ...]
    characters: frozenset[str]
    carried: tuple[float, ...]

    @classmethod
    def of(cls, plan: Plan, place: Place, world: DemandWorld) -> _Step:
        found = supply(plan, place, world.traffic)
        heard = heard_part(found.requests_a_day, plan.statistics.quiet_s)
        hold_days = plan.step(place).hold_s / DAY_S / heard if heard else math.inf
        asked = tuple(questions(plan, place, world))
        return cls(found, hold_days, asked, plan.stage(place).characters, _carried(plan, place, world.traffic))


def _carried(plan: Plan, place: Place, traffic: Traffic) -> tuple[float, ...]:
    """For each earlier step, the part of its units with the same arm and characters as this step's."""
    read, parts = supply(plan, place, traffic).of_candidate, list[float]()
    wanted = plan.stage(place).characters
    for earlier in plan.places():
        if earlier == place:
            break
        had = plan.stage(earlier).characters
        both = had & wanted if had and wanted else had or wanted
        alike = supply(plan, earlier, traffic).of_candidate is read and bool(both or not (had or wanted))
        whole = traffic.part_of(had)
        parts.append(traffic.part_of(both) / whole if alike and whole else 0.0)
    return tuple(parts)


def _run(steps: list[_Step], statistics: Statistics, number: int) -> list[float]:
    draws: dict[_Chance, _Path] = {}
    taken, units = list[float](), list[float]()
    for step in steps:
        known = sum(part * seen for part, seen in zip(step.carried, units, strict=True))
        days = _days_of(step, known, statistics, _Draws(draws, number, step))
        taken.append(days)
        units.append(days * step.supply.units_a_day)
        if days == math.inf:
            break
    return taken + [math.inf] * (len(steps) - len(taken))


class _Chance(NamedTuple):
    """What is drawn once per run: for which arm and characters, and for which kind of bad case."""

    of_candidate: bool
    characters: frozenset[str]
    what: str

    def seed(self, number: int) -> int:
        named = [self.what, str(self.of_candidate), *sorted(self.characters), str(number)]
        return int.from_bytes(blake2b("\0".join(named).encode(), digest_size=8).digest())


class _Draws(NamedTuple):
    """The random draws of one run."""

    paths: dict[_Chance, _Path]
    number: int
    step: _Step

    def path(self, question: Question) -> _Path:
        chance = _Chance(self.step.supply.of_candidate, self.step.characters, question.draws_from)
        if chance not in self.paths:
            self.paths[chance] = _Path(question.rate, chance.seed(self.number))
        return self.paths[chance]


def _days_of(step: _Step, known: float, statistics: Statistics, draws: _Draws) -> float:
    rate = step.supply.units_a_day
    if not rate or step.hold_days == math.inf or any(never(one) for one in step.questions):
        return math.inf
    days = max(step.hold_days, FRESH_UNITS / rate)
    for question in step.questions:
        held = (known + days * rate) * question.per_unit
        needed = _cases_needed(question, held, statistics, draws)
        days = max(days, (needed / question.per_unit - known) / rate)
    return days


def _cases_needed(question: Question, held: float, statistics: Statistics, draws: _Draws) -> float:
    """How many cases there are when the target is met, starting from ``held`` cases."""
    alpha, least = statistics.promotion_alpha, statistics.least_units
    if question.sure or held >= _SURELY * question.usual:
        return max(held, question.usual, least)
    path, cases = draws.path(question), held
    bad = path.bad_until(cases)
    while bad < _MOST_BAD:
        enough = max(cases, cases_needed(question.boundary, bad, alpha), least)
        if enough < path.arrival(bad):
            return enough
        cases = max(cases, path.arrival(bad))
        bad += 1
    return math.inf


_SURELY = 8.0
"""Multiple of the usually sufficient cases from which chance no longer matters."""

_MOST_BAD = 1000


class _Path:
    """At which cases the bad ones occur, in one run."""

    def __init__(self, rate: float, seed: int) -> None:
        self._rate = rate
        self._uniforms = _uniforms(seed)
        self._arrivals: list[float] = []

    def arrival(self, number: int) -> float:
        """The case at which the bad case with this number (from 0) occurs; infinite if it never does."""
        if self._rate <= 0.0:
            return math.inf
        while len(self._arrivals) <= number:
            last = self._arrivals[-1] if self._arrivals else 0.0
            gap = math.ceil(math.log(next(self._uniforms)) / math.log1p(-min(self._rate, 1.0 - 1e-9)))
            self._arrivals.append(last + max(1.0, gap))
        return self._arrivals[number]

    def bad_until(self, cases: float) -> int:
        """How many of the first ``cases`` cases are bad."""
        number = 0
        while self.arrival(number) <= cases:
            number += 1
        return number


def _uniforms(seed: int) -> Iterator[float]:
    """Random numbers between 0 and 1, reproducible by seed: SplitMix64 (Steele, Lea, Flood 2014, OOPSLA)."""
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & _WORD
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
        yield ((mixed ^ (mixed >> 31)) + 1) / (_WORD + 2)


_WORD = 2**64 - 1


def _days(values: list[float]) -> Days:
    ordered = sorted(values)
    return Days(ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.9)])
