"""Who gets which arm, and why: computed once, carried on the request.

The bucket of a unit is reproducible in any language::

    bucket = uint64_be(BLAKE2b(salt || 0x00 || unit, digest = 8 bytes)) mod 1,000,000

with ``salt`` and ``unit`` in UTF-8 and a salt without NUL. A unit is on the candidate when its bucket is below
the share in millionths, so raising the share only adds units, and two salts are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from segue.core.speech import Arm
from segue.core.units import PPM

_UNITS_REMEMBERED = 8192
"""Listeners come again soon; this bounds what remembering their places costs to some 2 MB."""


class Reason(StrEnum):
    """Why a request went where it went; counted, logged and returned in a header."""

    SWITCHED_OFF = "switched_off"
    CHARACTER_NOT_ELIGIBLE = "character_not_eligible"
    CHARACTER_HELD_BACK = "character_held_back"
    IN_SHARE = "in_share"
    OUTSIDE_SHARE = "outside_share"
    FORCED = "forced"


class Diversion(StrEnum):
    """Why a request was answered by another arm than the one it was assigned."""

    NO_VOICE = "no_voice"
    QUOTA = "quota"
    BREAKER_OPEN = "breaker_open"
    FALLBACK = "fallback"


class Assignment(NamedTuple):
    """The arm of one request and the reason for it."""

    arm: Arm
    reason: Reason


@dataclass(frozen=True, slots=True)
class Routing:
    """All that a replica must know in order to assign.

    ``share_ppm`` is the candidate's share in millionths. No ``characters`` means that all are eligible.
    ``fallback`` says whether the baseline answers where the candidate fails. ``salt`` is the rollout's id.
    """

    enabled: bool = False
    share_ppm: int = 0
    characters: frozenset[str] = frozenset()
    held_back: frozenset[str] = frozenset()
    fallback: bool = True
    salt: str = "segue"

    def __post_init__(self) -> None:
        if not 0 <= self.share_ppm <= PPM:
            raise ValueError(f"a share is 0 to {PPM} millionths, not {self.share_ppm}")
        if not self.salt or "\0" in self.salt:
            raise ValueError("a salt is a non-empty string without NUL")


SWITCHED_OFF = Assignment(Arm.BASELINE, Reason.SWITCHED_OFF)
NOT_ELIGIBLE = Assignment(Arm.BASELINE, Reason.CHARACTER_NOT_ELIGIBLE)
HELD_BACK = Assignment(Arm.BASELINE, Reason.CHARACTER_HELD_BACK)
IN_SHARE = Assignment(Arm.CANDIDATE, Reason.IN_SHARE)
OUTSIDE_SHARE = Assignment(Arm.BASELINE, Reason.OUTSIDE_SHARE)
FORCED = {arm: Assignment(arm, Reason.FORCED) for arm in Arm}


@lru_cache(_UNITS_REMEMBERED)
def bucket(salt: str, unit: str) -> int:
    """The unit's place in 0..999,999 under this salt."""
    digest = blake2b(f"{salt}\0{unit}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % PPM


def assign(routing: Routing, unit: str, character_key: str, forced: Arm | None = None) -> Assignment:
    """The arm for one request: master switch, then eligible character, then share.

    A forced arm passes eligibility and share, never the master switch.
    """
    if not routing.enabled:
        return SWITCHED_OFF
    if forced is not None:
        return FORCED[forced]
    if routing.characters and character_key not in routing.characters:
        return NOT_ELIGIBLE
    if character_key in routing.held_back:
        return HELD_BACK
    return IN_SHARE if bucket(routing.salt, unit) < routing.share_ppm else OUTSIDE_SHARE
