"""What keys use, in memory that the workers of one machine share.

No lock is needed: each worker has a place of its own, writes only the numbers there, and adds up those of all. Two
workers that count at the same moment may miss each other, so a limit can be passed by one request for each further
worker. A number has 64 bits and is aligned, so it is never half written. It begins with the time that it is of, so
nobody has to clear what is old.
"""

from __future__ import annotations

import mmap
import os
import secrets
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from segue.access.limits import Limit

if TYPE_CHECKING:
    from typing import TypeAlias

    Numbers: TypeAlias = memoryview[int]

WINDOW_S = 60
_ROWS = 64
"""Seconds that are kept, the current one included."""

_BITS = 36
SECONDS = 1 << 27
"""Seconds are counted from 0 again after this, which is more than four years."""

_MASK = (1 << _BITS) - 1
_NUMBER_BYTES = 8
_NAME_NUMBERS = 2
_MOST_KEYS = 1024
"""Keys with limits that have a place in shared memory; each process counts further ones for itself."""

_ROOM_PARTS = 32
"""A worker may count one part for each place, and there are twice as many places as workers."""

_GONE_AFTER_S = 5
"""A worker that has not confirmed its open requests for this long has ended."""

_ROWS_OF = {
    Limit.REQUESTS_PER_MINUTE: _ROWS,
    Limit.CHARS_PER_MINUTE: _ROWS,
    Limit.CHARS_PER_MONTH: 1,
    Limit.CONCURRENT_REQUESTS: 1,
}
_ROWS_BY_KEY = sum(_ROWS_OF.values()) + len(Limit)
"""The rows of the counts, and for each limit one with what was taken from the store."""


def shared_counts(places: int) -> int:
    """A file descriptor of memory for this many workers. Only what is used takes room."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("segue-key-limits")
    else:
        with tempfile.TemporaryFile() as file:
            handle = os.dup(file.fileno())
    os.write(handle, secrets.token_bytes(_NAME_NUMBERS * _NUMBER_BYTES))
    os.ftruncate(handle, (_NAME_NUMBERS + _MOST_KEYS * _ROWS_BY_KEY * places) * _NUMBER_BYTES)
    return handle


class CountRow(NamedTuple):
    """Numbers of all workers, of which this one writes the one in its ``place``."""

    numbers: Numbers
    place: int

    def total(self, earliest: int) -> int:
        """The sum of the numbers that are of the time ``earliest`` or later."""
        return _total(self.numbers, earliest)

    def own(self, earliest: int) -> int:
        """This worker's number, if it is that new."""
        return self.value() if self.time() >= earliest else 0

    def time(self) -> int:
        return self.numbers[self.place] >> _BITS

    def value(self) -> int:
        return self.numbers[self.place] & _MASK

    def write(self, time: int, value: int) -> None:
        self.numbers[self.place] = time << _BITS | value


def _total(numbers: Numbers, earliest: int) -> int:
    least, found = earliest << _BITS, 0
    for number in numbers:
        if number and number >= least:
            found += number & _MASK
    return found


class KeyCounts(NamedTuple):
    """The rows of one key."""

    used: dict[Limit, list[CountRow]]
    taken: dict[Limit, CountRow]


class SharedCounts:
    """The memory of this process: shared with the other workers if there is a ``handle``, otherwise its own."""

    def __init__(self, handle: int | None = None, place: int = 0, places: int = 1) -> None:
        self._place = place
        self._places = places
        if handle is None:
            self._shared: Numbers | None = None
            self.machine = secrets.token_hex(_NAME_NUMBERS * _NUMBER_BYTES)
        else:
            memory = memoryview(mmap.mmap(handle, os.fstat(handle).st_size))
            self.machine = bytes(memory[: _NAME_NUMBERS * _NUMBER_BYTES]).hex()
            self._shared = memory.cast("q")[_NAME_NUMBERS:]

    def of(self, number: int) -> KeyCounts:
        """The counts of the key that is the ``number``-th with limits. Call it once for each key."""
        if self._shared is None or number >= _MOST_KEYS:
            return _rows(memoryview(bytearray(_ROWS_BY_KEY * _NUMBER_BYTES)).cast("q"), 1, 0)
        size = _ROWS_BY_KEY * self._places
        return _rows(self._shared[number * size : (number + 1) * size], self._places, self._place)


def _rows(numbers: Numbers, places: int, place: int) -> KeyCounts:
    rows = [CountRow(numbers[start : start + places], place) for start in range(0, len(numbers), places)]
    used, at = {}, 0
    for limit, count in _ROWS_OF.items():
        used[limit] = rows[at : at + count]
        at += count
    return KeyCounts(used, dict(zip(Limit, rows[at:], strict=True)))


class Count:
    """What was used of one limit, by this worker and the others. Every request comes here, so it is quick.

    ``capacity`` is how much all workers of this machine may use. ``room`` is how much this one may count before it
    looks at the numbers of the others again: a small part of what is left, so that all of them together pass the
    capacity by 1.6 % of that at most.
    """

    __slots__ = (
        "_is_alone",
        "_numbers",
        "_own",
        "_parts",
        "_place",
        "_rows",
        "_stamp",
        "capacity",
        "room",
        "time",
    )

    def __init__(self, rows: list[CountRow]) -> None:
        self._rows = rows
        self._numbers, self._place = rows[0]
        self._is_alone = len(self._numbers) == 1
        self._parts = 1 if self._is_alone else _ROOM_PARTS * len(self._numbers)
        self._own = self._stamp = 0
        self.capacity = self.room = 0
        self.time = -1

    def turn(self, time: int) -> None:
        """The time is another than before."""
        self._begin(self._rows[0], time)

    def used(self) -> int:
        return self._own if self._is_alone else _total(self._numbers, self.time)

    def has_room(self, amount: int) -> bool:
        """Whether this much can be counted, by the numbers of all workers."""
        left = self.capacity - self.used()
        if amount > left:
            self.room = 0
            return False
        part = left // self._parts
        self.room = max(amount, part)
        return True

    def record(self, amount: int) -> None:
        """Counts it. There must be room for it."""
        self.room -= amount
        self._own += amount
        self._numbers[self._place] = self._stamp + self._own

    def take_back(self, amount: int, time: int) -> None:
        """Takes back what was counted at that time, if that is still kept."""
        if time != self.time:
            return
        self._own = self._own - amount if self._own > amount else 0
        self._numbers[self._place] = self._stamp + self._own
        self.room = self.room + amount if self._is_alone else 0  # others may have counted it already

    def _begin(self, row: CountRow, time: int) -> None:
        self._numbers = row.numbers
        self._own, self._stamp = row.own(time), time << _BITS
        self.time, self.room = time, 0


class MinuteWindow(Count):
    """What was used in the last 60 to 61 seconds. Times are seconds of a clock that all workers share."""

    __slots__ = ("_before",)

    def turn(self, time: int) -> None:
        self._before = sum(self._rows[past % _ROWS].total(past) for past in range(max(0, time - WINDOW_S), time))
        self._begin(self._rows[time % _ROWS], time)

    def used(self) -> int:
        return self._before + (self._own if self._is_alone else _total(self._numbers, self.time))

    def take_back(self, amount: int, time: int) -> None:
        row = self._rows[time % _ROWS]
        if time == self.time:
            super().take_back(amount, time)
        elif row.time() == time:
            row.write(time, max(0, row.value() - amount))

    def frees_in_s(self, amount: int) -> int | None:
        """Seconds until this much of it no longer counts; None if less than that is counted."""
        for past in range(max(0, self.time - WINDOW_S), self.time + 1):
            amount -= self._rows[past % _ROWS].total(past)
            if amount <= 0:
                return past + WINDOW_S + 1 - self.time
        return None


class Month(Count):
    """What was used in a month, by this machine since its memory was made. Times are numbers of months."""

    __slots__ = ()


class Open(Count):
    """The requests that are in progress. Times are seconds of a clock that all workers share."""

    __slots__ = ()

    def turn(self, time: int) -> None:
        """This worker is alive, and so are its requests. Call it every second."""
        if self.time < 0:  # whatever a worker before this one has left in its place
            self._rows[0].write(time, 0)
        own = self._own
        self._begin(self._rows[0], time)
        self._own = 0
        self.record(own)
        self.room = 0

    def used(self) -> int:
        return self._own if self._is_alone else _total(self._numbers, self.time - _GONE_AFTER_S)
