"""A rollout as it is meant to go: stages, gates, and how much evidence a decision takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segue.core.gates import QUANTILES, Gate, Metric
from segue.core.stats import units_needed
from segue.core.units import PPM, percent_from_ppm

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYONE: frozenset[str] = frozenset()
"""As a stage's characters: all of them. A stage for nobody has a share of 0."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When a stage may be entered: between two minutes of the day, on these weekdays (0 is Monday), in a zone.

    ``first_minute`` may lie after ``last_minute``: over midnight, counted to the day it begins on.
    """

    first_minute: int = 0
    last_minute: int = 24 * 60
    weekdays: frozenset[int] = frozenset(range(7))
    zone: str = "UTC"

    @property
    def never(self) -> bool:
        """Whether no moment at all lies within."""
        return self.first_minute == self.last_minute or not self.weekdays

    def allow(self, now_s: float) -> bool:
        """Whether the Unix time ``now_s`` lies within."""
        local = datetime.fromtimestamp(now_s, ZoneInfo(self.zone))
        minute, weekday = local.hour * 60 + local.minute, local.weekday()
        if self.first_minute <= self.last_minute:
            return weekday in self.weekdays and self.first_minute <= minute < self.last_minute
        if minute >= self.first_minute:
            return weekday in self.weekdays
        return minute < self.last_minute and (weekday - 1) % 7 in self.weekdays


@dataclass(frozen=True, slots=True)
class Step:
    """A share held for a time. Most stages have one; some climb in several."""

    share_ppm: int
    hold_s: float


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. ``approval``: a person must agree before it is entered."""

    name: str
    steps: tuple[Step, ...]
    characters: frozenset[str] = EVERYONE
    approval: bool = False
    hours: Hours | None = None
    description: str = ""

    @property
    def hold_s(self) -> float:
        return sum(step.hold_s for step in self.steps)


@dataclass(frozen=True, slots=True)
class Place:
    """A step of a stage, by their numbers from 0."""

    stage: int
    step: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """How sure a decision must be.

    A detector at its boundary raises a false alarm once in ``slots_between_false_alarms`` slots or more, on
    average; a healthy candidate lies far from it. ``promotion_alpha`` is the chance that any gate of a step is
    believed met when it is not. ``least_units`` are needed before a gate may pass. Counts are taken every
    ``slot_s``; a unit counts once in ``unit_window_s``. No call takes longer than ``longest_s``.
    """

    slots_between_false_alarms: float = 100_000.0
    promotion_alpha: float = 0.05
    least_units: float = 50.0
    least_baseline_units: float = 20.0
    slot_s: float = 60.0
    unit_window_s: float = 900.0
    longest_s: float = 20.0

    @property
    def alarm_log_e(self) -> float:
        return math.log(self.slots_between_false_alarms)


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about trouble, besides going back.

    After a step back nothing goes on for ``cool_down_s``; after ``most_step_backs`` of them a person must look. A
    step that has not ended after ``progress_deadline`` times its hold is reported as stuck.
    """

    cool_down_s: float = 3600.0
    most_step_backs: int = 3
    progress_deadline: float = 1.5


@dataclass(frozen=True, slots=True)
class Plan:
    """Stages in order, the gates of all of them, and the rest."""

    name: str
    stages: tuple[Stage, ...]
    gates: tuple[Gate, ...]
    statistics: Statistics = field(default_factory=Statistics)
    policy: Policy = field(default_factory=Policy)
    description: str = ""

    def stage(self, place: Place) -> Stage:
        return self.stages[place.stage]

    def step(self, place: Place) -> Step:
        return self.stages[place.stage].steps[place.step]

    def after(self, place: Place) -> Place | None:
        """The next step, of this stage or the next; None at the end."""
        if place.step + 1 < len(self.stages[place.stage].steps):
            return Place(place.stage, place.step + 1)
        return Place(place.stage + 1, 0) if place.stage + 1 < len(self.stages) else None

    def before(self, place: Place) -> Place:
        """Where to begin again after the step at ``place`` went wrong: ``retreat``, or else the first stage."""
        return self.retreat(place, self.step(place).share_ppm, self.stage(place).characters) or Place(0, 0)

    def retreat(self, place: Place, share_ppm: int, characters: frozenset[str]) -> Place | None:
        """The nearest earlier stage in which nobody hears more of the candidate than now, and someone less.

        Now ``share_ppm`` of these characters' listeners do. A stage before may let more people on (the plan of a
        test runs up to everybody before production begins with a tenth), and nobody should first meet a candidate
        because it is in trouble. None: there is no such stage.
        """
        for number in reversed(range(place.stage)):
            stage = self.stages[number]
            first_ppm = stage.steps[0].share_ppm
            within = not characters or (bool(stage.characters) and stage.characters <= characters)
            less = (first_ppm, stage.characters) != (share_ppm, characters)
            if first_ppm == 0 or (first_ppm <= share_ppm and within and less):
                return Place(number, 0)
        return None

    def places(self) -> Iterator[Place]:
        for number, stage in enumerate(self.stages):
            for step in range(len(stage.steps)):
                yield Place(number, step)

    @property
    def hold_s(self) -> float:
        """All holds together: the shortest that the plan can take."""
        return sum(stage.hold_s for stage in self.stages)

    @property
    def gate_alpha(self) -> float:
        """The promotion alpha, split over the gates that promotion reads."""
        readers = sum((gate.target is not None) + (gate.margin is not None) for gate in self.gates)
        return self.statistics.promotion_alpha / max(1, readers)


def faults(plan: Plan) -> list[str]:
    """Everything that makes the plan unusable, all at once, each with the place it stands at."""
    found = [fault for number, stage in enumerate(plan.stages) for fault in _stage_faults(number, stage)]
    if not plan.stages:
        found.append("stages: a plan needs at least one")
    seen = [gate.metric for gate in plan.gates]
    found += [f"gates.{metric}: named twice" for metric in sorted(set(seen)) if seen.count(metric) > 1]
    for gate in plan.gates:
        found += _gate_faults(gate, plan.statistics.longest_s)
    if plan.gates and all(gate.alarm is None for gate in plan.gates):
        found.append("gates: none of them can ever take the candidate back")
    if all(gate.target is None or gate.metric in _SILENT_ON_AN_ARM for gate in plan.gates):
        found.append("gates: none with a target can be read on both arms, so no step could ever end")
    return [*found, *_statistics_faults(plan.statistics)]


_SILENT_ON_AN_ARM = (Metric.CACHE_HIT_RATE, Metric.FALLBACK_RATE)
"""Cache hits say nothing of any arm, fallbacks nothing of the baseline, which a step with no share is read on."""


def _statistics_faults(statistics: Statistics) -> Iterator[str]:
    if not statistics.slot_s > 0:
        yield "statistics.slot: must be longer than nothing"
    if not statistics.longest_s > 0:
        yield "statistics.longest_synthesis: must be longer than nothing"
    if not 0 < statistics.promotion_alpha < 1:
        yield "statistics.promotion_alpha: must be more than 0 % and less than 100 %"


def _stage_faults(number: int, stage: Stage) -> Iterator[str]:
    at = f"stages[{number}]"
    if not stage.steps:
        yield f"{at}: a stage needs at least one step"
    for step in stage.steps:
        if not 0 <= step.share_ppm <= PPM:
            yield f"{at}.share: {percent_from_ppm(step.share_ppm):g} % is not from 0 to 100"
        if not step.hold_s > 0:
            yield f"{at}.hold: must be longer than nothing"
    if stage.hours is not None and stage.hours.never:
        yield f"{at}.hours: no moment lies within, so the stage could never be entered"


def _gate_faults(gate: Gate, longest_s: float) -> Iterator[str]:
    at, metric = f"gates.{gate.metric}", gate.metric
    levels = {"target": gate.target, "step_back": gate.step_back, "roll_back": gate.roll_back}
    given = {name: level for name, level in levels.items() if level is not None}
    if not given and gate.margin is None:
        yield f"{at}: has no level, so it can neither pass nor fail"
    for name, level in given.items():
        if metric.is_duration and level not in metric.edges_s:
            known = ", ".join(f"{edge:g}" for edge in metric.edges_s)
            yield f"{at}.{name}: the histogram cannot resolve {level:g} s; it can at {known} s"
        if metric.is_duration and not 0 < level < longest_s:
            yield f"{at}.{name}: no call takes longer than {longest_s:g} s, so {level:g} s is never crossed"
        if not metric.is_duration and not 0 < level < 1:
            yield (
                f"{at}.{name}: {level:.0%} can never be crossed" if level in (0, 1) else f"{at}.{name}: not a rate"
            )
    ordered = list(given.values())
    if ordered != sorted(ordered, reverse=metric.higher_is_better):
        yield f"{at}: target, step_back and roll_back must each be worse than the one before"
    if metric is Metric.CACHE_HIT_RATE and (gate.alarm is not None or gate.margin is not None):
        yield f"{at}: cache hits say nothing of an arm, so they can hold a rollout, never take it back"
    if metric in QUANTILES and gate.margin is not None and not given:
        yield f"{at}.margin: compares who takes longer than a level, and none is given"


def starved(plan: Plan, candidate_units_per_s: dict[Place, float]) -> list[str]:
    """Steps that could not gather the evidence to end within their hold, even behind a flawless candidate."""
    found = []
    for place in plan.places():
        expected = candidate_units_per_s.get(place, 0.0) * plan.step(place).hold_s
        if plan.step(place).share_ppm == 0 or not plan.gates:
            continue
        needed, gate = max(((_units_for(gate, plan), gate) for gate in plan.gates), key=lambda item: item[0])
        if expected < needed:
            found.append(
                f"stages[{place.stage}] ({plan.stage(place).name}): {gate.metric} needs about {needed:,.0f} "
                f"{gate.metric.cases} of a flawless candidate; this traffic gives {expected:,.0f} within the hold"
            )
    return found


def _units_for(gate: Gate, plan: Plan) -> float:
    if gate.target is None or gate.metric is Metric.CACHE_HIT_RATE:
        return plan.statistics.least_units
    if gate.metric in QUANTILES:
        boundary = 1.0 - QUANTILES[gate.metric]
    elif gate.metric is Metric.MEAN_SYNTHESIS:
        boundary = gate.target / plan.statistics.longest_s
    else:
        boundary = 1.0 - gate.target if gate.metric.higher_is_better else gate.target
    return max(plan.statistics.least_units, units_needed(boundary, 0.0, plan.gate_alpha))
