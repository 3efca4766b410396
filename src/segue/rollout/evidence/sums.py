"""Sums up a slot's units: which of them count, and for what.

* What can raise an alarm (``Slot.tallies``): a unit counts once per window, until its listener has failed on that
  arm; then none of the listener's units on that arm count for 24 hours.
* What can promote (``Slot.daily``): a listener's first attempt at the arm in a UTC day, with any character.
* Shadow requests (``Slot.shadow``) can do both, so the stricter rule applies: a listener's first in a day,
  separately from what the listener heard.

Whether a unit counts depends on what was met before, never on its result.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.rollout.core.sketch import sketched
from segue.rollout.core.windows import PARTS, Slot, Tally
from segue.rollout.evidence.units import UnitFlags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.rollout.core.windows import ArmCharacter
    from segue.rollout.evidence.met import Met
    from segue.rollout.evidence.units import SlotSeen, UnitSeen

_Key = TypeVar("_Key")


class Placed(NamedTuple):
    """A unit and its listener's place in the sample.

    Workers of an earlier version number units anew in each window, so listeners cannot be recognised: such a
    number is not ``lasting``.
    """

    unit: UnitSeen
    place: int
    lasting: bool


def in_order(seen: list[SlotSeen], met: Met) -> list[Placed]:
    """The units in the order in which they were answered, sampled by the strictest threshold.

    Within a part of the slot they are ordered by character, so that the order does not depend on how the units are
    spread over workers, or on their results.
    """
    threshold = min((one.threshold for one in seen), default=0)
    placed = (
        Placed(unit, met.place(unit.number) if one.lasting else unit.number, one.lasting)
        for one in seen
        for unit in one.units
    )
    sampled = (one for one in placed if one.place < threshold)
    return sorted(sampled, key=lambda one: (one.unit.part or 0, one.unit.character_key))


class Sums:
    """The tallies of one slot while it is summed up."""

    def __init__(self, longest_s: float | None) -> None:
        self._accusing: dict[ArmCharacter, _Sum] = defaultdict(lambda: _Sum(longest_s))
        self._promoting: dict[ArmCharacter, _Sum] = defaultdict(lambda: _Sum(longest_s))
        self._shadow: dict[str, _Sum] = defaultdict(lambda: _Sum(longest_s))
        self._listeners = (0, 0)
        self._knows_listeners = True

    def slot(self, start_s: float, slot_s: float, assigned: tuple[int, int], lookups: tuple[int, int]) -> Slot:
        """The slot, with the newly assigned listeners, and the hits and lookups."""
        return Slot(
            start_s,
            slot_s,
            _tallies(self._accusing),
            *lookups,
            assigned,
            {key: sketched(found.seconds) for key, found in self._accusing.items()},
            _tallies(self._promoting),
            _tallies(self._shadow),
            self._listeners if self._knows_listeners else None,
        )

    def add(self, met: Met, units: list[Placed], start_s: float) -> None:
        for unit, place, lasting in units:
            if unit.is_shadow:
                self._add_shadow(met, unit, place)
            elif lasting:
                self._add_live(met, unit, place, start_s)
            elif met.is_first_in_window(unit, place):
                self._accusing[unit.arm, unit.character_key].add(unit)
                self._promoting[unit.arm, unit.character_key].add(unit)
        self._knows_listeners = not units or any(one.lasting for one in units)

    def _add_live(self, met: Met, unit: UnitSeen, place: int, start_s: float) -> None:
        key = unit.arm, unit.character_key
        self._meet(met, unit)
        if met.is_first_in_day(unit, place):
            self._promoting[key].add(unit)
        if met.is_first_in_window(unit, place) and not met.has_failed_lately(unit, start_s):
            self._accusing[key].add(unit)
            if unit.has_failed:
                met.note_failure(unit, start_s)

    def _add_shadow(self, met: Met, unit: UnitSeen, place: int) -> None:
        self._meet(met, unit)
        if met.is_first_in_day(unit, place):
            self._shadow[unit.character_key].add(unit)

    def _meet(self, met: Met, unit: UnitSeen) -> None:
        """Counts a listener that is new on its arm, whether heard or in the shadow."""
        candidate, baseline = self._listeners
        if met.is_new_listener(unit.number, unit.arm_side):
            is_candidate = unit.arm is Arm.CANDIDATE
            self._listeners = (candidate + is_candidate, baseline + (not is_candidate))


def _tallies(sums: Mapping[_Key, _Sum]) -> dict[_Key, Tally]:
    return {key: found.tally() for key, found in sums.items()}


_COUNTED = {
    "errors": int(UnitFlags.ERROR),
    "bad_audio": int(UnitFlags.BAD_AUDIO),
    "refused": int(UnitFlags.REFUSED),
    "fallbacks": int(UnitFlags.FALLBACK),
    "unserved": int(UnitFlags.UNSERVED),
    "backed_up": int(UnitFlags.BACKED_UP),
}


_ALL_PARTS = (1 << PARTS) - 1
"""For a failure whose time within the slot is unknown."""


class _Sum:
    """A tally while it is summed up. No call counts as longer than ``longest_s``."""

    __slots__ = ("_counts", "_late", "_longest_s", "_over", "_parts", "_streams", "_units", "seconds")

    def __init__(self, longest_s: float | None) -> None:
        self._longest_s = math.inf if longest_s is None else longest_s
        self._units = 0
        self._parts = 0
        self.seconds: list[float] = []
        self._counts = dict.fromkeys(_COUNTED, 0)
        self._over = [0] * len(EDGES_S)
        self._streams = 0
        self._late = [0] * len(FIRST_AUDIO_EDGES_S)

    def add(self, unit: UnitSeen) -> None:
        self._units += 1
        if unit.fate != unit.side:
            for name, flag in _COUNTED.items():
                self._counts[name] += bool(unit.fate & flag)
        if unit.has_failed:
            self._parts |= _ALL_PARTS if unit.part is None else 1 << unit.part
        if unit.seconds is not None:
            self.seconds.append(min(unit.seconds, self._longest_s))
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
            parts=self._parts,
            **counts,
        )
