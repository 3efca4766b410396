"""The slots of all workers put together, each unit once."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import structlog

from segue.core.sketch import sketched
from segue.core.windows import EDGES_S, FIRST_AUDIO_EDGES_S, Slot, Tally
from segue.ports.signals import Seen
from segue.telemetry.units import Fate, SlotSeen, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.core.windows import ArmCharacter
    from segue.ports.store import Row, Rows
    from segue.telemetry.units import UnitSeen

_SETTLE_PART = 0.5
_SETTLE_MOST_S = 3.0
"""A slot is read this long after its end: a half of its length or so, for slow writers."""

_MOST_MET = 100_000
"""Units remembered for the test of the split; enough to see a deviation of a hundredth."""

_PAGE_SLOTS = 100
"""Slots read at once: of as many workers as there may be, fewer rows than a read gives."""


@dataclass(slots=True)
class _Met:
    """Units met before: in this window on an arm, and since a step began on either side of the split."""

    window: int = -1
    counted: set[tuple[int, bool, str]] = field(default_factory=set)
    assigned: set[int] = field(default_factory=set)


class StoredSignals:
    """Implements ``segue.ports.signals.Signals`` over the rows that workers wrote.

    ``window_s`` is the span in which a unit counts once. What it remembers between calls only saves reading: asked
    for an earlier time, or by another process, it reads again from the window's beginning.
    """

    def __init__(self, rows: Rows, series: str, *, window_s: float = 900.0) -> None:
        self._rows = rows
        self._series = series
        self._window_s = window_s
        self._met = _Met()
        self._next_s: float | None = None
        self._step_s = 0.0
        self._log = structlog.get_logger("segue.controller")

    def set_window(self, window_s: float) -> None:
        if window_s != self._window_s:
            self._window_s, self._next_s = window_s, None

    async def slots(self, since_s: float, now_s: float, slot_s: float) -> Seen:
        if since_s != self._next_s:
            self._met = _Met()
            self._next_s = min(since_s, since_s // self._window_s * self._window_s)
        over_s = now_s - min(_SETTLE_MOST_S, slot_s * _SETTLE_PART)
        end_s = max(over_s // slot_s * slot_s, since_s)
        found: list[Slot] = []
        while self._next_s < end_s:
            page_s = min(end_s, self._next_s + _PAGE_SLOTS * slot_s)
            rows = await self._rows.read(self._series, since_s=self._next_s, before_s=page_s)
            for start_s, group in groupby(rows, key=lambda row: row.start_s):
                slot = self._together(start_s, slot_s, list(group))
                if start_s >= since_s:
                    found.append(slot)
            self._next_s = page_s
        return Seen(tuple(found), end_s)

    def begin_step(self, window_s: float) -> None:
        self._met.assigned = set()
        if window_s != self._window_s:
            self._window_s, self._next_s = window_s, None

    def _together(self, start_s: float, slot_s: float, rows: list[Row]) -> Slot:
        seen = [one for row in rows if (one := self._read(row)) is not None]
        sums: dict[ArmCharacter, _Sum] = {}
        for unit in self._units(seen):
            sums.setdefault((unit.arm, unit.character_key), _Sum()).add(unit)
        tallies = {key: found.tally() for key, found in sums.items()}
        delays = {key: sketched(found.seconds) for key, found in sums.items()}
        sides = (self._fresh(seen, 0), self._fresh(seen, 1))
        hits, lookups = sum(one.hits for one in seen), sum(one.lookups for one in seen)
        return Slot(start_s, slot_s, tallies, hits, lookups, sides, delays)

    def _read(self, row: Row) -> SlotSeen | None:
        try:
            return unpacked(row.data)
        except ValueError as error:
            self._log.warning("slot_unreadable", start_s=row.start_s, source=row.source, error=str(error))
            return None

    def _units(self, seen: list[SlotSeen]) -> Iterable[UnitSeen]:
        """Units of the slot that were not met before in their window, sampled by the strictest threshold."""
        window = max((one.window for one in seen if one.units), default=self._met.window)
        if window != self._met.window:
            self._met.window, self._met.counted = window, set()
        threshold = min((one.threshold for one in seen), default=0)
        for one in seen:
            for unit in one.units:
                if unit.number < threshold and unit.key not in self._met.counted:
                    self._met.counted.add(unit.key)
                    yield unit

    def _fresh(self, seen: list[SlotSeen], side: int) -> int:
        """Units assigned to a side that were not met since the step began."""
        if len(self._met.assigned) >= _MOST_MET:
            return 0
        numbers = {number for one in seen for number in one.split[side]} - self._met.assigned
        self._met.assigned |= numbers
        return len(numbers)


_COUNTED = {
    "errors": Fate.ERROR,
    "bad_audio": Fate.BAD_AUDIO,
    "refused": Fate.REFUSED,
    "fallbacks": Fate.FALLBACK,
    "unserved": Fate.UNSERVED,
}


class _Sum:
    """A tally under way."""

    __slots__ = ("_counts", "_late", "_over", "_streams", "_units", "seconds")

    def __init__(self) -> None:
        self._units = 0
        self.seconds: list[float] = []
        self._counts = dict.fromkeys(_COUNTED, 0)
        self._over = [0] * len(EDGES_S)
        self._streams = 0
        self._late = [0] * len(FIRST_AUDIO_EDGES_S)

    def add(self, unit: UnitSeen) -> None:
        self._units += 1
        if unit.fate & ~Fate.CANDIDATE:
            for name, flag in _COUNTED.items():
                self._counts[name] += bool(unit.fate & flag)
        if unit.seconds is not None:
            self.seconds.append(unit.seconds)
            for number in range(bisect_left(EDGES_S, unit.seconds)):
                self._over[number] += 1
        if unit.first_audio_s is not None:
            self._streams += 1
            for number in range(bisect_left(FIRST_AUDIO_EDGES_S, unit.first_audio_s)):
                self._late[number] += 1

    def tally(self) -> Tally:
        counts = {name: float(count) for name, count in self._counts.items()}
        timed, seconds = len(self.seconds), math.fsum(self.seconds)
        return Tally(
            units=self._units,
            timed=timed,
            seconds=seconds,
            over=tuple(map(float, self._over)),
            streams=self._streams,
            late=tuple(map(float, self._late)),
            **counts,
        )
