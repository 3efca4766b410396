"""Remembers which listeners were met before. What a unit counts for depends on that, never on the unit's result.

Listeners are known only by their numbers (``segue.rollout.evidence.units.lasting_number``).
"""

from __future__ import annotations

import msgspec

from segue.kernel.units import DAY_S, day_of
from segue.rollout.evidence.units import NUMBERS, UnitSeen, place_in_sample

_MOST = 200_000
"""Units remembered per window, and listeners per day.

With more, every second listener is dropped, by its place in the day's sample. Listeners outside the sample do not
count until the window or the day is over.
"""

_MOST_FAILED = 200_000
"""How many listeners with a failure in the last day are remembered on each side; the latest are kept."""

_MOST_IN_ROLLOUT = 100_000
"""Listeners remembered for a whole rollout: enough to detect a split that is wrong by one percentage point."""

_Numbers = dict[int, set[int]]
"""Listeners' numbers by side (``UnitSeen.side``)."""


class Met(msgspec.Struct):
    """The listeners that were met in the slots before ``until_s``.

    ``counted`` are units of the window. ``failed`` is when a failure of a listener was last counted, by side.
    ``daily`` are the listeners of the UTC day. These and ``listeners`` are known since ``since_s``. ``assigned``
    are the listeners assigned by share since ``rollout_since_s``; None: not all are known, so no listener counts
    as new.
    """

    until_s: float = 0.0
    rollout_since_s: float = 0.0
    since_s: float = 0.0
    window: int = -1
    day: int = -1
    window_threshold: int = NUMBERS
    day_threshold: int = NUMBERS
    counted: set[tuple[int, int, str]] = msgspec.field(default_factory=set)
    failed: dict[int, dict[int, float]] = msgspec.field(default_factory=dict)
    daily: _Numbers = msgspec.field(default_factory=dict)
    listeners: _Numbers = msgspec.field(default_factory=dict)
    assigned: set[int] | None = msgspec.field(default_factory=set)

    def forget_units(self, since_s: float) -> None:
        """Resets the units because the evidence starts from zero: listeners that counted before count again."""
        self.since_s = since_s
        self.window = self.day = -1
        self.counted, self.failed, self.daily, self.listeners = set(), {}, {}, {}

    def forget_rollout(self, rollout_since_s: float) -> None:
        """Resets the assigned listeners because another rollout has begun."""
        self.rollout_since_s, self.assigned = rollout_since_s, set()

    def enter(self, start_s: float, window_s: float) -> None:
        """Moves on to the slot that starts at ``start_s``."""
        window, day = int(start_s // window_s), day_of(start_s)
        if window != self.window:
            self.window, self.window_threshold, self.counted = window, NUMBERS, set()
            self.failed = {side: _lately(failures, start_s) for side, failures in self.failed.items()}
        if day != self.day:
            self.day, self.day_threshold, self.daily = day, NUMBERS, {}

    def place(self, number: int) -> int:
        """A listener's place in the sample of the day."""
        return place_in_sample(number, self.day)

    def is_first_in_window(self, unit: UnitSeen, place: int) -> bool:
        """Whether the unit is in the sample and the first of its listener, side and character in the window."""
        if place >= self.window_threshold or unit.key in self.counted:
            return False
        self.counted.add(unit.key)
        if len(self.counted) > _MOST:
            self.window_threshold //= 2
            self.counted = {key for key in self.counted if self.place(key[0]) < self.window_threshold}
        return True

    def has_failed_lately(self, unit: UnitSeen, start_s: float) -> bool:
        """Whether a failure of the listener on this side was counted in the last 24 hours."""
        failed_at_s = self.failed.get(unit.side, {}).get(unit.number)
        return failed_at_s is not None and failed_at_s <= start_s < failed_at_s + DAY_S

    def note_failure(self, unit: UnitSeen, start_s: float) -> None:
        failures = self.failed.setdefault(unit.side, {})
        failures.pop(unit.number, None)
        failures[unit.number] = start_s
        if len(failures) > _MOST_FAILED:
            del failures[next(iter(failures))]

    def is_first_in_day(self, unit: UnitSeen, place: int) -> bool:
        """Whether the unit is in the sample and the listener's first of the UTC day on this side."""
        known = self.daily.setdefault(unit.side, set())
        if place >= self.day_threshold or unit.number in known:
            return False
        known.add(unit.number)
        if sum(map(len, self.daily.values())) > _MOST:
            self.day_threshold //= 2
            for side, numbers in self.daily.items():
                self.daily[side] = {one for one in numbers if self.place(one) < self.day_threshold}
        return True

    def is_new_listener(self, number: int, arm: int) -> bool:
        """Whether this listener is met on this arm (as a side) for the first time."""
        known = self.listeners.setdefault(arm, set())
        if number in known or len(known) >= _MOST_IN_ROLLOUT:
            return False
        known.add(number)
        return True

    def newly_assigned(self, candidate: set[int], baseline: set[int]) -> tuple[int, int]:
        """How many of these were assigned by share for the first time in the rollout, to each arm.

        Listeners on both sides at once were met while the share changed; they are left out because they do not
        represent either share.
        """
        if self.assigned is None or len(self.assigned) >= _MOST_IN_ROLLOUT:
            return 0, 0
        known, self.assigned = self.assigned, self.assigned | candidate | baseline
        return len(candidate - baseline - known), len(baseline - candidate - known)


def _lately(failures: dict[int, float], now_s: float) -> dict[int, float]:
    return {number: at_s for number, at_s in failures.items() if at_s <= now_s < at_s + DAY_S}


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Met)


def packed(met: Met) -> bytes:
    return _ENCODER.encode(met)


def unpacked(data: bytes) -> Met:
    """Raises ValueError if the bytes are not a saved state."""
    try:
        return _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(f"the saved listeners cannot be decoded: {error}") from error
