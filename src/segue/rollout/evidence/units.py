"""What a worker saw in one slot, unit by unit: small enough to publish, exact enough to be combined.

Evidence counts *units*, a listener's first attempt at an arm within a period, and a listener's requests can reach
several workers. Therefore a worker publishes what it saw of each unit under a number that hides the listener and
stays the same, and ``segue.rollout.evidence.gather`` counts each unit once when it combines the slots.

If there are more units than a worker keeps, it keeps those whose place in the day's sample is below a threshold.
The sample depends only on the number. So it is the same on every worker, and independent of the units' results. It
is drawn anew every UTC day: within a day the same listeners must be met again for each to count once, but over
weeks the evidence must not depend on the same part of them.
"""

from __future__ import annotations

from enum import IntFlag
from hashlib import blake2b

import msgspec

from segue.kernel.arms import Arm
from segue.kernel.ports import recorder

NUMBERS = 1 << 63
"""Listeners' numbers are below this."""

_GOLDEN = 0x9E3779B97F4A7C15
_MIX = 0xBF58476D1CE4E5B9


class UnitFlags(IntFlag):
    """What happened to a unit; several flags can be set."""

    FINE = 0
    ERROR = 1
    BAD_AUDIO = 2
    REFUSED = 4
    FALLBACK = 8
    UNSERVED = 16
    CANDIDATE = 32
    """The candidate was called; otherwise the baseline."""
    SHADOW = 64
    """A shadow request: the baseline answered, and no listener heard the candidate's result."""
    BACKED_UP = 128
    """The arm's first voice failed, and a backup of the same arm answered."""


_FAILED = int(UnitFlags.ERROR | UnitFlags.BAD_AUDIO | UnitFlags.REFUSED | UnitFlags.UNSERVED)
"""Any of these is a failure of the arm; a timeout is an error."""

_SIDE = int(UnitFlags.CANDIDATE | UnitFlags.SHADOW)
_CANDIDATE, _SHADOW = int(UnitFlags.CANDIDATE), int(UnitFlags.SHADOW)
"""Plain integers for speed, because they are used for every unit."""

_WORDS = (
    (UnitFlags.ERROR, recorder.Fate.ERROR),
    (UnitFlags.BAD_AUDIO, recorder.Fate.BAD_AUDIO),
    (UnitFlags.REFUSED, recorder.Fate.REFUSED),
    (UnitFlags.FALLBACK, recorder.Fate.FALLBACK),
    (UnitFlags.UNSERVED, recorder.Fate.UNSERVED),
    (UnitFlags.BACKED_UP, recorder.Fate.BACKED_UP),
)


class UnitSeen(msgspec.Struct, array_like=True):
    """One unit on one arm as one character.

    ``number`` is the listener's (``lasting_number``). ``seconds`` is the engine's time, ``first_audio_s`` the part
    of it before the first sound of a stream; each is None if there is nothing to count. ``part`` is the part of
    the slot, 0 to ``PARTS - 1``, in which it was answered. Earlier versions publish fewer fields.
    """

    number: int
    character_key: str
    fate: int
    seconds: float | None = None
    first_audio_s: float | None = None
    part: int | None = None

    @property
    def arm(self) -> Arm:
        return Arm.CANDIDATE if self.fate & _CANDIDATE else Arm.BASELINE

    @property
    def fates(self) -> tuple[recorder.Fate, ...]:
        """The results as values of ``Fate``."""
        return (recorder.Fate.ASKED, *(word for flag, word in _WORDS if self.fate & flag))

    @property
    def side(self) -> int:
        """The arm that was called, and whether in the shadow, which is counted separately."""
        return self.fate & _SIDE

    @property
    def arm_side(self) -> int:
        """The arm only, whether in the shadow or not."""
        return self.fate & _CANDIDATE

    @property
    def is_shadow(self) -> bool:
        return bool(self.fate & _SHADOW)

    @property
    def has_failed(self) -> bool:
        return bool(self.fate & _FAILED)

    @property
    def key(self) -> tuple[int, int, str]:
        """Identifies the unit within a window, on every worker."""
        return self.number, self.side, self.character_key


class SlotSeen(msgspec.Struct, array_like=True):
    """One worker's slot.

    ``window`` is the number of the period in which a unit counts once. ``threshold``: units whose place in the
    day's sample is at or above it are left out. ``hits`` of ``lookups`` were in a cache. ``split`` are the
    listeners assigned by share to the candidate and to the baseline. ``lasting``: listeners keep their numbers
    across windows. Workers of earlier versions number units anew in each window, and sample by that number.
    """

    length_s: float
    window: int
    threshold: int
    hits: int
    lookups: int
    units: list[UnitSeen]
    split: tuple[list[int], list[int]]
    lasting: bool = False


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(SlotSeen)


def packed(seen: SlotSeen) -> bytes:
    return _ENCODER.encode(seen)


def unpacked(data: bytes) -> SlotSeen:
    """Raises ValueError if the bytes are not a slot."""
    try:
        return _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(f"the worker's slot cannot be decoded: {error}") from error


def lasting_number(identity: str, salt: str) -> int:
    """A listener's number within a rollout, whose id is the ``salt``.

    The number does not reveal the listener, differs between rollouts, and is independent of the listener's arm.
    """
    digest = blake2b(f"{salt}\0{identity}".encode(), digest_size=8, person=b"segue-unit").digest()
    return int.from_bytes(digest, "big") % NUMBERS


def place_in_sample(number: int, day: int) -> int:
    """A listener's place, below ``NUMBERS``, in the sample of a UTC day (days since 1970)."""
    mixed = (number ^ (day * _GOLDEN)) % NUMBERS
    mixed = ((mixed ^ (mixed >> 30)) * _MIX) % NUMBERS
    return mixed ^ (mixed >> 31)
