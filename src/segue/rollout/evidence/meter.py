"""Counts units per slot in each worker, for the judge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.arms import Arm
from segue.kernel.assign import AssignmentReason
from segue.kernel.errors import ErrorCode
from segue.kernel.ports.recorder import NOT_ASKED, OVERLOADED, Outcome, RecorderListener, UnitOutcome
from segue.kernel.units import day_of
from segue.rollout.core.windows import PARTS
from segue.rollout.evidence.shadow_units import shadow_unit
from segue.rollout.evidence.units import NUMBERS, SlotSeen, UnitFlags, UnitSeen, lasting_number, place_in_sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.recorder import (
        Attempt,
        Failed,
        Hit,
        RecordedRequest,
        Served,
    )

_MOST_UNITS = 20_000
"""Units remembered in a window; with more, every second listener is dropped, by its place in the day's sample."""

_MOST_SPLIT = 2_000
"""Listeners remembered in a slot for the test of the split, on each arm."""

_ABANDONED_AFTER_S = 120.0
"""A request whose client has disconnected is never answered; its result counts after this time."""

_OUTSIDE = AssignmentReason.OUTSIDE_SHARE
_BY_SHARE = (AssignmentReason.IN_SHARE, _OUTSIDE)
_TIMED = (None, ErrorCode.DEADLINE)
_NO_ANSWER = UnitFlags.ERROR | UnitFlags.REFUSED


@dataclass(frozen=True, slots=True)
class MeterPeriods:
    """The length of slots, and of the window in which a unit counts once."""

    slot_s: float = 60.0
    window_s: float = 900.0


@dataclass(slots=True)
class _Underway:
    """A request that has results but is not answered yet; the reference keeps its ``id()`` unique.

    ``unspeakable``: neither arm produced speech for its text, so the text is at fault. ``backed``: a
    backup was called.
    """

    request: RecordedRequest
    since_s: float
    units: list[UnitSeen] = field(default_factory=list)
    rescued: bool = False
    unspeakable: bool = False
    backed: bool = False


class _Times(NamedTuple):
    """The times of an attempt that ``UnitSeen`` contains."""

    seconds: float | None = None
    first_audio_s: float | None = None


_UNTIMED = _Times()


class Meter(RecorderListener):
    """Collects slots for ``take``, and tells ``counted`` about each complete unit.

    A unit counts in the slot in which its request was answered, for the arm that it was assigned to. Therefore the
    baseline's fallback responses are not evidence about the baseline, and requests with a forced arm are not
    evidence about either arm. A request that waited for another request's synthesis is not evidence, whatever its
    result: it was one call and is one unit. Requests that found Segue's own queue full, and texts for which
    neither arm produced speech, are not evidence either. ``salt`` is the rollout's id; every worker must have the
    same.
    """

    def __init__(
        self,
        counted: Callable[[UnitOutcome], None],
        clock: Clock,
        pace: MeterPeriods | None = None,
        salt: str = "",
    ) -> None:
        self._tell = counted
        self._clock = clock
        self._pace = pace or MeterPeriods()
        self._salt = salt
        self._slot_start_s = self._slot_now_s()
        self._window = self._day = -1
        self._threshold = NUMBERS
        self._counted: set[tuple[int, int, str]] = set()
        self._underway: dict[int, _Underway] = {}
        self._units: list[UnitSeen] = []
        self._split: tuple[set[str], set[str]] = (set(), set())
        self._hits = self._lookups = self._recalled = 0

    @property
    def pace(self) -> MeterPeriods:
        return self._pace

    def set_pace(self, pace: MeterPeriods) -> None:
        """Uses the periods of another plan; what the current slot has collected so far stays in it."""
        if pace != self._pace:
            self._pace, self._window = pace, -1
            self._slot_start_s = self._slot_now_s()

    def take(self) -> SlotSeen:
        """What was collected since the last call, as a slot of the present length."""
        self._sweep()
        candidate, baseline = (self._numbers(side) for side in self._split)
        seen = SlotSeen(
            self._pace.slot_s,
            self._window,
            self._threshold,
            self._hits + self._recalled,
            self._lookups + self._recalled,
            [unit for unit in self._units if self._is_sampled(unit.number)],
            (candidate, baseline),
            lasting=True,
        )
        self._units, self._split = [], (set(), set())
        self._slot_start_s = self._slot_now_s()
        self._hits = self._lookups = self._recalled = 0
        return seen

    def attempted(self, attempt: Attempt) -> None:
        fate = UnitFlags.FINE if attempt.error is None else UnitFlags.ERROR
        if attempt.error is ErrorCode.BAD_AUDIO:
            fate |= UnitFlags.BAD_AUDIO
            underway = self._underway.get(id(attempt.request))
            if underway is not None and underway.rescued:
                underway.unspeakable = True
        times = _Times(attempt.duration_s, attempt.first_audio_s) if attempt.error in _TIMED else _UNTIMED
        self._see(attempt.request, attempt.arm, attempt.character_key, fate, times)
        if times is not _UNTIMED:
            self._time_backup(attempt)

    def shadowed(self, attempt: Attempt, *, refused: bool = False) -> None:
        """A shadow unit is complete immediately.

        It does not go to ``counted``, whose units listeners have heard.
        """
        unit = shadow_unit(self._number(attempt.request.unit.identity), attempt, refused=refused)
        if self._is_first(unit):
            self._add_to_slot([unit])

    def in_doubt(self, request: RecordedRequest) -> None:
        underway = self._underway.get(id(request))
        if underway is not None:
            underway.rescued = True

    def fell_back(self, request: RecordedRequest, character_key: str, error_type: str) -> None:
        if error_type == OVERLOADED:
            return
        if error_type in NOT_ASKED:
            self._see(request, Arm.CANDIDATE, character_key, UnitFlags.REFUSED)
        self._mark(request, UnitFlags.FALLBACK)
        underway = self._underway.get(id(request))
        if underway is not None:
            underway.rescued = True

    def backed_up(self, failed: Failed) -> None:
        """The attempt that failed has been seen already; one that was not made is seen here."""
        if failed.error_type in NOT_ASKED and failed.error_type != OVERLOADED:
            self._see(failed.request, failed.arm, failed.character_key, UnitFlags.REFUSED)
        underway = self._underway.get(id(failed.request))
        if underway is not None:
            underway.backed = True

    def served(self, served: Served) -> None:
        self._assigned(served)
        if served.backup_for is not None:
            self._mark_backed_up(served)
        if served.outcome is Outcome.FAILED:
            blameless = served.joined or served.overloaded
            if self._underway.get(id(served.request)) is None and not blameless:
                self._see(served.request, served.assignment.arm, served.character_key, UnitFlags.REFUSED)
            self._mark(served.request, UnitFlags.UNSERVED)
        finished = self._underway.pop(id(served.request), None)
        if finished is not None:
            arm, excused = served.assignment.arm, UnitFlags.BAD_AUDIO if finished.unspeakable else UnitFlags(0)
            self._complete([unit for unit in finished.units if unit.arm is arm and not unit.fate & excused])

    def looked_up(self, model: str, source: str | None) -> None:  # noqa: ARG002
        self._lookups += 1
        self._hits += source is not None

    def recalled(self, hit: Hit) -> None:
        """On the hot path, so the code of ``_assigned`` is repeated here: a call would take longer than its
        body.
        """
        self._recalled += 1
        reason = hit.assignment.reason
        if reason in _BY_SHARE:
            side = self._split[reason is _OUTSIDE]
            if len(side) < _MOST_SPLIT:
                side.add(hit.request.unit.identity)

    def _assigned(self, served: Served) -> None:
        reason = served.assignment.reason
        if reason in _BY_SHARE:
            side = self._split[reason is _OUTSIDE]
            if len(side) < _MOST_SPLIT:
                side.add(served.request.unit.identity)

    def _see(
        self, request: RecordedRequest, arm: Arm, character_key: str, fate: UnitFlags, times: _Times = _UNTIMED
    ) -> None:
        """Records the unit's first attempt at the arm in this window.

        A second attempt of the same request is not counted.
        """
        if request.forced_arm is not None or request.background:
            return
        underway = self._underway.get(id(request))
        if underway is None:
            underway = self._underway[id(request)] = _Underway(request, self._clock.monotonic_s())
        if underway.rescued:
            return
        number = self._number(request.unit.identity)
        side = UnitFlags.CANDIDATE if arm is Arm.CANDIDATE else UnitFlags.FINE
        unit = UnitSeen(number, character_key, fate | side, *times)
        if self._is_first(unit):
            underway.units.append(unit)

    def _is_first(self, unit: UnitSeen) -> bool:
        """Whether the unit is in the sample and is met for the first time in this window."""
        if not self._is_sampled(unit.number) or unit.key in self._counted:
            return False
        self._counted.add(unit.key)
        if len(self._counted) > _MOST_UNITS:
            self._thin_out()
        return True

    def _mark(self, request: RecordedRequest, fate: UnitFlags) -> None:
        """Adds to the result of the unit of this request; does nothing if its unit has counted before."""
        underway = self._underway.get(id(request))
        for unit in underway.units if underway is not None else ():
            unit.fate |= fate

    def _time_backup(self, attempt: Attempt) -> None:
        """Sets the backup's times for a unit whose first voice failed without any."""
        underway = self._underway.get(id(attempt.request))
        if underway is None or not underway.backed:
            return
        for unit in underway.units:
            if unit.arm is attempt.arm and unit.fate & _NO_ANSWER and unit.seconds is None:
                unit.seconds, unit.first_audio_s = attempt.duration_s, attempt.first_audio_s

    def _mark_backed_up(self, served: Served) -> None:
        """Marks the units that failed on the arm that answered nevertheless."""
        underway = self._underway.get(id(served.request))
        for unit in underway.units if underway is not None else ():
            if unit.arm is served.arm and unit.fate & _NO_ANSWER:
                unit.fate |= UnitFlags.BACKED_UP

    def _number(self, identity: str) -> int:
        now_s = self._clock.now_s()
        span = int(now_s // self._pace.window_s), day_of(now_s)
        if span != (self._window, self._day):
            (self._window, self._day), self._threshold, self._counted = span, NUMBERS, set()
        return lasting_number(identity, self._salt)

    def _numbers(self, identities: set[str]) -> list[int]:
        return [lasting_number(identity, self._salt) for identity in identities]

    def _is_sampled(self, number: int) -> bool:
        return self._threshold == NUMBERS or place_in_sample(number, self._day) < self._threshold

    def _thin_out(self) -> None:
        self._threshold //= 2
        self._counted = {key for key in self._counted if self._is_sampled(key[0])}

    def _sweep(self) -> None:
        """Counts the results of abandoned requests.

        Bad audio is left out: the text may be at fault, and the request ended before this was known.
        """
        before_s = self._clock.monotonic_s() - _ABANDONED_AFTER_S
        for key in [key for key, underway in self._underway.items() if underway.since_s < before_s]:
            units = self._underway.pop(key).units
            self._complete([unit for unit in units if not unit.fate & UnitFlags.BAD_AUDIO])

    def _complete(self, units: list[UnitSeen]) -> None:
        self._add_to_slot(units)
        for unit in units:
            outcome = UnitOutcome(unit.arm, unit.character_key, unit.fates, unit.seconds, unit.first_audio_s)
            self._tell(outcome)

    def _add_to_slot(self, units: list[UnitSeen]) -> None:
        """Adds them to the current slot, with the part of it in which they were answered."""
        passed = (self._clock.now_s() - self._slot_start_s) / self._pace.slot_s
        for unit in units:
            unit.part = min(max(int(passed * PARTS), 0), PARTS - 1)
        self._units += units

    def _slot_now_s(self) -> float:
        return self._clock.now_s() // self._pace.slot_s * self._pace.slot_s
