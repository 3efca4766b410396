"""Units of evidence from shadow requests: what the candidate did for a request that the baseline answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.errors import ErrorCode
from segue.rollout.evidence.units import UnitFlags, UnitSeen

if TYPE_CHECKING:
    from segue.kernel.ports.recorder import Attempt

_TIMED = (None, ErrorCode.DEADLINE)


def shadow_unit(number: int, attempt: Attempt, *, refused: bool) -> UnitSeen:
    """The attempt as a unit, with the same results and times as a listener's attempt at the candidate."""
    fate = UnitFlags.CANDIDATE | UnitFlags.SHADOW
    if refused:
        return UnitSeen(number, attempt.character_key, fate | UnitFlags.REFUSED)
    if attempt.error is not None:
        fate |= UnitFlags.ERROR
    if attempt.error is ErrorCode.BAD_AUDIO:
        fate |= UnitFlags.BAD_AUDIO
    if attempt.error not in _TIMED:
        return UnitSeen(number, attempt.character_key, fate)
    return UnitSeen(number, attempt.character_key, fate, attempt.duration_s, attempt.first_audio_s)
