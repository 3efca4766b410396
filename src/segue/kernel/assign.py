"""The assignment of requests to arms: computed once per request and carried with it.

You can compute the bucket of a unit in any language::

    bucket = uint64_be(BLAKE2b(salt || 0x00 || unit, digest = 8 bytes)) mod 1,000,000

``salt`` and ``unit`` are in UTF-8, and the salt contains no NUL. A unit hears the candidate if its bucket is below
the share in millionths. Therefore raising the share only adds units, and two salts are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from segue.kernel.arms import Arm
from segue.kernel.units import PPM

_UNITS_REMEMBERED = 8192
"""Size of the cache of buckets: listeners usually return soon, and this many entries take about 2 MB."""


class AssignmentReason(StrEnum):
    """Why a request was assigned to its arm; counted, logged and returned in a header."""

    SWITCHED_OFF = "switched_off"
    CHARACTER_NOT_ELIGIBLE = "character_not_eligible"
    CHARACTER_HELD_BACK = "character_held_back"
    IN_SHARE = "in_share"
    OUTSIDE_SHARE = "outside_share"
    FORCED = "forced"


class Diversion(StrEnum):
    """Why a request was answered by another arm than its assigned one."""

    NO_VOICE = "no_voice"
    QUOTA = "quota"
    BREAKER_OPEN = "breaker_open"
    FALLBACK = "fallback"


class Assignment(NamedTuple):
    """The arm of one request, and the reason."""

    arm: Arm
    reason: AssignmentReason


@dataclass(frozen=True, slots=True)
class Routing:
    """Everything that a replica needs to assign requests.

    ``share_ppm`` is the candidate's share in millionths. If ``characters`` is empty, all characters are eligible.
    ``fallback`` says whether the baseline answers when the candidate fails. ``salt`` is the rollout's id.
    ``shadow_ppm`` is how many of a million requests answered by the baseline are also sent to the candidate as
    shadow requests, whose result no listener hears.
    """

    enabled: bool = False
    share_ppm: int = 0
    characters: frozenset[str] = frozenset()
    held_back: frozenset[str] = frozenset()
    fallback: bool = True
    salt: str = "segue"
    shadow_ppm: int = 0

    def __post_init__(self) -> None:
        for share_ppm in (self.share_ppm, self.shadow_ppm):
            if not 0 <= share_ppm <= PPM:
                raise ValueError(f"invalid share {share_ppm}: expected 0 to {PPM} millionths")
        if not self.salt or "\0" in self.salt:
            raise ValueError("invalid salt: expected a non-empty string without NUL")


def reaches_more(before: Routing, after: Routing) -> bool:
    """Whether listeners or shadow requests are sent to the candidate that were not sent there before."""
    if not after.enabled:
        return False
    share_ppm, shadow_ppm = (before.share_ppm, before.shadow_ppm) if before.enabled else (0, 0)
    more_characters = bool(
        before.held_back - after.held_back
        or (before.characters and (not after.characters or after.characters - before.characters))
    )
    reaches_some = after.share_ppm > 0 or after.shadow_ppm > 0
    return after.share_ppm > share_ppm or after.shadow_ppm > shadow_ppm or (more_characters and reaches_some)


SWITCHED_OFF = Assignment(Arm.BASELINE, AssignmentReason.SWITCHED_OFF)
NOT_ELIGIBLE = Assignment(Arm.BASELINE, AssignmentReason.CHARACTER_NOT_ELIGIBLE)
HELD_BACK = Assignment(Arm.BASELINE, AssignmentReason.CHARACTER_HELD_BACK)
IN_SHARE = Assignment(Arm.CANDIDATE, AssignmentReason.IN_SHARE)
OUTSIDE_SHARE = Assignment(Arm.BASELINE, AssignmentReason.OUTSIDE_SHARE)
FORCED = {arm: Assignment(arm, AssignmentReason.FORCED) for arm in Arm}


@lru_cache(_UNITS_REMEMBERED)
def bucket(salt: str, unit: str) -> int:
    """The unit's bucket under this salt, 0 to 999,999."""
    digest = blake2b(f"{salt}\0{unit}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % PPM


def assign(routing: Routing, unit: str, character_key: str, forced: Arm | None = None) -> Assignment:
    """The arm for one request: first the master switch is checked, then the character, then the share.

    A forced arm skips the checks of character and share, but not the master switch.
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
