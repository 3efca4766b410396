"""Counts by units and slots of time, in each worker, for the judge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from segue.core.assign import Reason
from segue.core.errors import ErrorCode
from segue.core.speech import Arm
from segue.ports.recorder import NOT_ASKED, Outcome, UnitOutcome
from segue.telemetry.units import NUMBERS, Fate, SlotSeen, UnitSeen, lasting_number, window_number

if TYPE_CHECKING:
    from segue.core.breaker import BreakerPhase
    from segue.core.speech import SpeechRequest
    from segue.ports.clock import Clock
    from segue.ports.recorder import Attempt, Hit, LaneName, Recorder, Served

_MOST_UNITS = 20_000
"""Units remembered in a window; with more, every other one is let go, by its number."""

_MOST_SPLIT = 2_000
"""Units remembered in a slot for the test of the split itself, on each arm."""

_ABANDONED_AFTER_S = 120.0
"""A request whose caller has left is never answered; what it did counts after this time."""

_OUTSIDE = Reason.OUTSIDE_SHARE
_BY_SHARE = (Reason.IN_SHARE, _OUTSIDE)
_TIMED = (None, ErrorCode.DEADLINE)


@dataclass(frozen=True, slots=True)
class Pace:
    """How time is cut: slots of ``slot_s``; a unit counts once in ``window_s``."""

    slot_s: float = 60.0
    window_s: float = 900.0


@dataclass(slots=True)
class _Underway:
    """A request that has done something and has not been answered; holding it keeps its identity its own."""

    request: SpeechRequest
    since_s: float
    units: list[UnitSeen] = field(default_factory=list)
    rescued: bool = False


class _Times(NamedTuple):
    """What ``UnitSeen`` holds of an attempt's times."""

    seconds: float | None = None
    first_audio_s: float | None = None


_UNTIMED = _Times()


class Meter:
    """Implements ``segue.ports.recorder.Recorder``: hands everything on, and gathers slots for ``take``.

    A unit counts in the slot in which its request was answered, for the arm that it was assigned: what the
    baseline does for a candidate that failed is no evidence of the baseline, and a forced arm is none of either.
    """

    def __init__(self, inner: Recorder, clock: Clock, pace: Pace | None = None) -> None:
        self._inner = inner
        self._clock = clock
        self._pace = pace or Pace()
        self._window = -1
        self._threshold = NUMBERS
        self._counted: set[tuple[int, bool, str]] = set()
        self._underway: dict[int, _Underway] = {}
        self._units: list[UnitSeen] = []
        self._split: tuple[set[str], set[str]] = (set(), set())
        self._hits = self._lookups = self._recalled = 0
        self.kept = inner.kept
        self.counted = inner.counted
        self.lost = inner.lost
        self.rejected = inner.rejected
        self.load_changed = inner.load_changed
        self.quota_spent = inner.quota_spent

    @property
    def pace(self) -> Pace:
        return self._pace

    def set_pace(self, pace: Pace) -> None:
        """For a plan with other statistics; what the slot under way has gathered so far stays in it."""
        if pace != self._pace:
            self._pace, self._window = pace, -1

    def take(self) -> SlotSeen:
        """What was gathered since the last time, as a slot of the present pace."""
        self._sweep()
        split = (_numbers(self._split[0]), _numbers(self._split[1]))
        seen = SlotSeen(
            self._pace.slot_s,
            self._window,
            self._threshold,
            self._hits + self._recalled,
            self._lookups + self._recalled,
            [unit for unit in self._units if unit.number < self._threshold],
            split,
        )
        self._units, self._split = [], (set(), set())
        self._hits = self._lookups = self._recalled = 0
        return seen

    def attempted(self, attempt: Attempt) -> None:
        self._inner.attempted(attempt)
        fate = Fate.FINE if attempt.error is None else Fate.ERROR
        if attempt.error is ErrorCode.BAD_AUDIO:
            fate |= Fate.BAD_AUDIO
        times = _Times(attempt.duration_s, attempt.first_audio_s) if attempt.error in _TIMED else _UNTIMED
        self._see(attempt.request, attempt.arm, attempt.character_key, fate, times)

    def fell_back(self, request: SpeechRequest, character_key: str, error_type: str) -> None:
        self._inner.fell_back(request, character_key, error_type)
        if error_type in NOT_ASKED:
            self._see(request, Arm.CANDIDATE, character_key, Fate.REFUSED)
        self._mark(request, Fate.FALLBACK)
        underway = self._underway.get(id(request))
        if underway is not None:
            underway.rescued = True

    def served(self, served: Served) -> None:
        self._inner.served(served)
        self._assigned(served)
        if served.outcome is Outcome.FAILED:
            if self._underway.get(id(served.request)) is None:
                self._see(served.request, served.assignment.arm, served.character_key, Fate.REFUSED)
            self._mark(served.request, Fate.UNSERVED)
        finished = self._underway.pop(id(served.request), None)
        if finished is not None:
            arm = served.assignment.arm
            self._complete([unit for unit in finished.units if unit.arm is arm])

    def looked_up(self, model: str, source: str | None) -> None:
        self._inner.looked_up(model, source)
        self._lookups += 1
        self._hits += source is not None

    def recalled(self, hit: Hit) -> None:
        """On the hot path: what ``_assigned`` does stands here too, for a call takes longer than it does."""
        self._inner.recalled(hit)
        self._recalled += 1
        reason = hit.assignment.reason
        if reason in _BY_SHARE:
            side = self._split[reason is _OUTSIDE]
            if len(side) < _MOST_SPLIT:
                side.add(hit.request.unit.identity)

    def breaker_changed(self, lane: LaneName, phase: BreakerPhase, failures: int) -> None:
        self._inner.breaker_changed(lane, phase, failures)

    def _assigned(self, served: Served) -> None:
        reason = served.assignment.reason
        if reason in _BY_SHARE:
            side = self._split[reason is _OUTSIDE]
            if len(side) < _MOST_SPLIT:
                side.add(served.request.unit.identity)

    def _see(
        self, request: SpeechRequest, arm: Arm, character_key: str, fate: Fate, times: _Times = _UNTIMED
    ) -> None:
        """The unit's first attempt at the arm in this window, if it is that; a second try of a request is none."""
        if request.forced_arm is not None or request.background:
            return
        underway = self._underway.get(id(request))
        if underway is None:
            underway = self._underway[id(request)] = _Underway(request, self._clock.monotonic_s())
        if underway.rescued:
            return
        number = self._number(request.unit.identity)
        side = Fate.CANDIDATE if arm is Arm.CANDIDATE else Fate.FINE
        unit = UnitSeen(number, character_key, fate | side, *times)
        if number < self._threshold and unit.key not in self._counted:
            self._counted.add(unit.key)
            underway.units.append(unit)
            if len(self._counted) > _MOST_UNITS:
                self._thin_out()

    def _mark(self, request: SpeechRequest, fate: Fate) -> None:
        """Adds to the fate of what this request counts as; nothing where its unit has counted before."""
        underway = self._underway.get(id(request))
        for unit in underway.units if underway is not None else ():
            unit.fate |= fate

    def _number(self, identity: str) -> int:
        window = int(self._clock.now_s() // self._pace.window_s)
        if window != self._window:
            self._window, self._threshold, self._counted = window, NUMBERS, set()
        return window_number(lasting_number(identity), window)

    def _thin_out(self) -> None:
        self._threshold //= 2
        self._counted = {key for key in self._counted if key[0] < self._threshold}

    def _sweep(self) -> None:
        """Counts what abandoned requests have done."""
        before_s = self._clock.monotonic_s() - _ABANDONED_AFTER_S
        for key in [key for key, underway in self._underway.items() if underway.since_s < before_s]:
            self._complete(self._underway.pop(key).units)

    def _complete(self, units: list[UnitSeen]) -> None:
        self._units += units
        for unit in units:
            outcome = UnitOutcome(unit.arm, unit.character_key, unit.fates, unit.seconds, unit.first_audio_s)
            self.counted(outcome)


def _numbers(identities: set[str]) -> list[int]:
    return [lasting_number(identity) for identity in identities]
