"""What a worker saw in one slot, unit by unit: small enough to hand on, exact enough to be put together.

Evidence counts *units*, a listener's first attempt at an arm in a while, and a listener's requests may reach
several workers. So a worker hands on what it saw of each unit, under a number that hides the unit, and whoever
puts the slots together (``segue.telemetry.gather``) takes each unit once.

Where there are more units than a worker keeps, it keeps those whose number is below a threshold: a sample drawn by
the number alone, the same on every worker, and so of no bearing on what became of the units.
"""

from __future__ import annotations

from enum import IntFlag
from hashlib import blake2b

import msgspec

from segue.core.speech import Arm
from segue.ports import recorder

NUMBERS = 1 << 63
"""Units are numbered below this."""

_GOLDEN = 0x9E3779B97F4A7C15
_MIX = 0xBF58476D1CE4E5B9


class Fate(IntFlag):
    """What became of a unit; several may be true."""

    FINE = 0
    ERROR = 1
    BAD_AUDIO = 2
    REFUSED = 4
    FALLBACK = 8
    UNSERVED = 16
    CANDIDATE = 32
    """It was the candidate that was asked; else the baseline."""


_WORDS = (
    (Fate.ERROR, recorder.Fate.ERROR),
    (Fate.BAD_AUDIO, recorder.Fate.BAD_AUDIO),
    (Fate.REFUSED, recorder.Fate.REFUSED),
    (Fate.FALLBACK, recorder.Fate.FALLBACK),
    (Fate.UNSERVED, recorder.Fate.UNSERVED),
)


class UnitSeen(msgspec.Struct, array_like=True):
    """One unit on one arm as one character. ``seconds`` is the engine's time, ``first_audio_s`` what of it passed
    before the first sound of a stream; None where there is none to count. Workers of before streams were timed
    hand on one field less.
    """

    number: int
    character_key: str
    fate: int
    seconds: float | None = None
    first_audio_s: float | None = None

    @property
    def arm(self) -> Arm:
        return Arm.CANDIDATE if self.fate & Fate.CANDIDATE else Arm.BASELINE

    @property
    def fates(self) -> tuple[recorder.Fate, ...]:
        """In words."""
        return (recorder.Fate.ASKED, *(word for flag, word in _WORDS if self.fate & flag))

    @property
    def key(self) -> tuple[int, bool, str]:
        """What makes it the same unit wherever it is seen."""
        return self.number, bool(self.fate & Fate.CANDIDATE), self.character_key


class SlotSeen(msgspec.Struct, array_like=True):
    """One worker's slot.

    ``window`` numbers the span of time in which a unit counts once. ``threshold``: units numbered at or above it
    are left out. ``hits`` of ``lookups`` were in a cache. ``split``: units assigned by share to the candidate and
    to the baseline, by numbers that stay the same from window to window.
    """

    length_s: float
    window: int
    threshold: int
    hits: int
    lookups: int
    units: list[UnitSeen]
    split: tuple[list[int], list[int]]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(SlotSeen)


def packed(seen: SlotSeen) -> bytes:
    return _ENCODER.encode(seen)


def unpacked(data: bytes) -> SlotSeen:
    """Raises ValueError for bytes that are none."""
    try:
        return _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(f"not a worker's slot: {error}") from error


def lasting_number(identity: str) -> int:
    """A number for a unit, from which the unit cannot be told."""
    digest = blake2b(identity.encode(), digest_size=8, person=b"segue-unit").digest()
    return int.from_bytes(digest, "big") % NUMBERS


def window_number(lasting: int, window: int) -> int:
    """The unit's number in one window: drawn anew in each, so that a sample never stays the same one."""
    mixed = (lasting ^ (window * _GOLDEN)) % NUMBERS
    mixed = ((mixed ^ (mixed >> 30)) * _MIX) % NUMBERS
    return mixed ^ (mixed >> 31)
