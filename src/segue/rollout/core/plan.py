"""A plan: stages, gates, and the evidence that decisions require."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segue.kernel.shadow_budget import ShadowBudget
from segue.kernel.units import PPM
from segue.rollout.core.gates import Gate, GateMetric

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYONE: frozenset[str] = frozenset()
"""The ``characters`` of a stage that includes all of them. A stage without listeners has a share of 0."""

HOUR_S = 3600.0
_DAY_S = 24 * 3600

_DAYS_AHEAD = 16
"""A weekday recurs within a week; a clock change can remove one occurrence."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When a stage may be entered: between two minutes of the day, on these weekdays (0 is Monday), in a time
    zone.

    ``first_minute`` may be after ``last_minute``: the period then spans midnight and belongs to the day on which
    it begins.
    """

    first_minute: int = 0
    last_minute: int = 24 * 60
    weekdays: frozenset[int] = frozenset(range(7))
    zone: str = "UTC"

    @property
    def never(self) -> bool:
        """Whether no moment is allowed.

        From 24:00 to 00:00 is such a period, because both are the same midnight.
        """
        empty = self.first_minute == self.last_minute or (self.first_minute, self.last_minute) == (24 * 60, 0)
        return empty or not self.weekdays

    def allow(self, now_s: float) -> bool:
        """Whether entry is allowed at the Unix time ``now_s``."""
        local = datetime.fromtimestamp(now_s, ZoneInfo(self.zone))
        minute, weekday = local.hour * 60 + local.minute, local.weekday()
        if self.first_minute <= self.last_minute:
            return weekday in self.weekdays and self.first_minute <= minute < self.last_minute
        if minute >= self.first_minute:
            return weekday in self.weekdays
        return minute < self.last_minute and (weekday - 1) % 7 in self.weekdays

    def opens(self, now_s: float) -> datetime:
        """The next moment at which entry is allowed, in the zone: ``now_s`` itself, or the start of the next
        period.

        Raises:
            ValueError: there is no such moment.
        """
        now = datetime.fromtimestamp(now_s, ZoneInfo(self.zone))
        if self.allow(now_s):
            return now
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        for day in range(-1, _DAYS_AHEAD):
            morning = midnight + timedelta(days=day)
            for begins_s in sorted(self._beginnings(morning)):
                if begins_s > now_s and self.allow(begins_s):
                    return datetime.fromtimestamp(begins_s, now.tzinfo)
        raise ValueError("these hours allow no moment")

    def _beginnings(self, morning: datetime) -> Iterator[float]:
        """The Unix times at which the period can start on a day.

        These are its first minute, which occurs twice if clocks are set back within it, and the moment of a clock
        change.
        """
        begins = morning + timedelta(minutes=self.first_minute)
        yield from {begins.replace(fold=fold).timestamp() for fold in (0, 1)}
        before_s, after_s = (int(begins.timestamp()) + around_s for around_s in (-_DAY_S, _DAY_S))
        offset = datetime.fromtimestamp(before_s, begins.tzinfo).utcoffset()
        if offset == datetime.fromtimestamp(after_s, begins.tzinfo).utcoffset():
            return
        while after_s - before_s > 1:
            between_s = (before_s + after_s) // 2
            same = datetime.fromtimestamp(between_s, begins.tzinfo).utcoffset() == offset
            before_s, after_s = (between_s, after_s) if same else (before_s, between_s)
        yield float(after_s)


@dataclass(frozen=True, slots=True)
class Step:
    """A share and its hold. Most stages have one step; some raise the share in several."""

    share_ppm: int
    hold_s: float


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. ``approval``: a person must approve before it is entered.

    ``shadow_ppm`` of a million requests that the baseline answers are also sent to the candidate as shadow
    requests; no listener hears the result. ``targets`` replace the gates' own targets in this stage.
    """

    name: str
    steps: tuple[Step, ...]
    characters: frozenset[str] = EVERYONE
    approval: bool = False
    hours: Hours | None = None
    description: str = ""
    shadow_ppm: int = 0
    targets: Mapping[GateMetric, float] = field(default_factory=dict)

    @property
    def hold_s(self) -> float:
        return sum(step.hold_s for step in self.steps)

    def is_open(self, now_s: float) -> bool:
        """Whether the stage's hours allow entry at the Unix time ``now_s``."""
        return self.hours is None or self.hours.allow(now_s)


@dataclass(frozen=True, slots=True)
class Place:
    """A step of a stage; both are numbers from 0."""

    stage: int
    step: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The confidence that decisions require.

    ``slots_between_false_alarms`` applies to the whole plan: for a candidate exactly at an alarm level, this is
    the mean number of slots between false alarms, or more; a healthy candidate is far from the level.
    ``promotion_alpha`` is the probability that a step ends although one of its targets is not met. A gate passes
    only with ``least_units`` units of ``least_listeners`` different listeners. ``least_baseline_units`` are
    required before a comparison with the baseline can show that only the candidate is affected. Trouble that lasts
    for less than ``least_duration_s`` (None: half a slot) raises no alarm. When both arms slow down, the candidate
    may be ``slower_ratio`` times as slow.

    A step's hold counts silences of up to ``quiet_s``, so that a night without traffic counts. Counts are
    collected every ``slot_s``; a unit counts once in ``unit_window_s``. No call takes longer than ``longest_s``.
    """

    slots_between_false_alarms: float = 10_000.0
    promotion_alpha: float = 0.05
    least_units: float = 50.0
    least_baseline_units: float = 5.0
    slot_s: float = 60.0
    unit_window_s: float = 900.0
    longest_s: float = 20.0
    least_listeners: float = 20.0
    least_duration_s: float | None = None
    slower_ratio: float = 2.0
    quiet_s: float = 12.0 * HOUR_S

    @property
    def blip_s(self) -> float:
        """Trouble that lasts for less than this raises no alarm."""
        return self.slot_s / 2.0 if self.least_duration_s is None else self.least_duration_s

    def alarm_log_e(self, detectors: float) -> float:
        """The logarithm of the evidence that each of ``detectors`` equally weighted detectors needs for an alarm.

        With it, all of them together respect the plan's limit on false alarms.
        """
        return math.log(self.slots_between_false_alarms * max(1.0, detectors))


class Missed(StrEnum):
    """What happens if a target is still certainly missed when the hold has been over for another hold."""

    HOLD = "hold"
    STEP_BACK = "step_back"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens after trouble, besides going back.

    After a step back the rollout does not advance for ``cool_down_s``; after ``most_step_backs`` of them a person
    must decide. A step that has not ended after ``progress_deadline`` times its hold is reported as stuck.
    ``missed`` says what happens if a target is certainly missed. An alarm that no baseline can confirm or refute
    rolls back when it has lasted ``alone_after_s``; None: never. ``resume_after_s`` after a rollback by the judge
    the rollout resumes where a step back would have led; None: a person must resume it.
    """

    cool_down_s: float = 3600.0
    most_step_backs: int = 3
    progress_deadline: float = 1.5
    missed: Missed = Missed.STEP_BACK
    alone_after_s: float | None = None
    resume_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Stages in order, the gates of all stages, and the other settings.

    ``yardstick_ppm`` of a million listeners stay on the baseline at every share, so that a comparison is always
    possible.
    """

    name: str
    stages: tuple[Stage, ...]
    gates: tuple[Gate, ...]
    statistics: Statistics = field(default_factory=Statistics)
    policy: Policy = field(default_factory=Policy)
    description: str = ""
    yardstick_ppm: int = 0
    shadow: ShadowBudget = field(default_factory=ShadowBudget)

    def stage(self, place: Place) -> Stage:
        return self.stages[place.stage]

    def stage_number(self, which: int | str) -> int:
        """A stage's number from 0, given that number or the stage's name.

        Raises:
            LookupError: there is no such stage; the message lists the stages of the plan.
        """
        names = [stage.name for stage in self.stages]
        if which in names:
            return names.index(str(which))
        number = int(which) if str(which).isdecimal() else -1
        if not 0 <= number < len(names):
            known = ", ".join(f"{name} ({number})" for number, name in enumerate(names))
            raise LookupError(f"the plan has no stage {str(which)[:64]!r}; it has {known}")
        return number

    def step(self, place: Place) -> Step:
        return self.stages[place.stage].steps[place.step]

    def share_ppm(self, place: Place) -> int:
        """The candidate's share at this step: the step's own share, limited by the yardstick."""
        return min(self.step(place).share_ppm, PPM - self.yardstick_ppm)

    def gates_at(self, place: Place) -> tuple[Gate, ...]:
        """The gates with the targets of this stage."""
        targets = self.stage(place).targets
        return tuple(replace(gate, target=targets.get(gate.metric, gate.target)) for gate in self.gates)

    @property
    def watched_gates(self) -> tuple[Gate, ...]:
        """The gates that can raise an alarm."""
        return tuple(gate for gate in self.gates if gate.alarm is not None)

    def after(self, place: Place) -> Place | None:
        """The next step, in this stage or the next; None at the end."""
        if place.step + 1 < len(self.stages[place.stage].steps):
            return Place(place.stage, place.step + 1)
        return Place(place.stage + 1, 0) if place.stage + 1 < len(self.stages) else None

    def before(self, place: Place) -> Place:
        """Where to resume after the step at ``place`` failed: ``retreat``, or else the first stage."""
        return self.retreat(place, self.share_ppm(place), self.stage(place).characters) or Place(0, 0)

    def retreat(self, place: Place, share_ppm: int, characters: frozenset[str]) -> Place | None:
        """The nearest earlier stage in which no listener hears more of the candidate than now, and at least one
        hears less.

        Now ``share_ppm`` of these characters' listeners hear it. An earlier stage can have more exposure: a test
        stage may run up to 100 % before production starts at 10 %. No listener should hear the candidate for the
        first time because it is in trouble. None: there is no such stage.
        """
        for number in reversed(range(place.stage)):
            stage = self.stages[number]
            first_ppm = self.share_ppm(Place(number, 0))
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
        """The sum of all holds: the shortest time that the plan can take."""
        return sum(stage.hold_s for stage in self.stages)
