"""Decides which requests are also sent to the candidate as shadow requests.

The bucket of a unit can be reproduced in any language::

    bucket = uint64_be(BLAKE2b(salt || 0x00 || unit, digest = 8 bytes, person = "segue-shadow")) mod 1,000,000

A unit is in the shadow if its bucket is below the shadow's share in millionths. The personalisation makes this
bucket independent of the one that assigns arms (``segue.kernel.assign``).
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from segue.kernel.assign import AssignmentReason
from segue.kernel.units import DAY_S, PPM

if TYPE_CHECKING:
    from segue.kernel.assign import Routing

_UNITS_REMEMBERED = 8192
_DOMAIN = b"segue-shadow"


@lru_cache(_UNITS_REMEMBERED)
def shadow_bucket(salt: str, unit: str) -> int:
    """The unit's bucket for the shadow with this salt, 0 to 999,999."""
    digest = blake2b(f"{salt}\0{unit}".encode(), digest_size=8, person=_DOMAIN).digest()
    return int.from_bytes(digest, "big") % PPM


def is_shadowed(routing: Routing, reason: AssignmentReason, unit: str) -> bool:
    """Whether a request of this unit, which was assigned for this reason, is also sent to the candidate.

    Only requests that the share left on the baseline qualify. Not if the master switch is off, if the character is
    held back or not eligible, or if an arm was forced.
    """
    if not routing.shadow_ppm or not routing.enabled or reason is not AssignmentReason.OUTSIDE_SHARE:
        return False
    return shadow_bucket(routing.salt, unit) < routing.shadow_ppm


def spendable_chars(chars_a_day: float, now_s: float) -> float:
    """The part of a day's budget that may have been spent by ``now_s`` (Unix time; days are in UTC).

    It is proportional to the part of the day that has passed, plus one hour's budget, but at least the longest
    text.
    """
    passed = now_s % DAY_S / DAY_S * chars_a_day
    ahead = max(_AHEAD_S / DAY_S * chars_a_day, _LONGEST_CHARS)
    return min(chars_a_day, passed + ahead)


_AHEAD_S = 3600.0
_LONGEST_CHARS = 5_000.0
