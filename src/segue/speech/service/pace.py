"""Estimates how fast a bulkhead makes audio, from what it has made so far."""

from __future__ import annotations

from dataclasses import dataclass

_KEPT = 0.95
"""The weight of earlier responses after each new one."""

_SLOWER = 1.01
"""The best speed so far is reduced by this factor with each response."""

_LONG_S = 20.0
"""Seconds of audio from which a response counts for the estimate. The time for shorter ones is mostly fixed costs.
"""


@dataclass(slots=True)
class Pace:
    """Measures whole responses, from their first call to their last byte."""

    _made_s: float = 0.0
    _took_s: float = 0.0
    _quickest: float = 0.0

    @classmethod
    def at_best(cls, real_time_factor: float) -> Pace:
        """The initial estimate for an engine that states its best real-time factor; 0 if it does not."""
        return cls(_quickest=real_time_factor)

    def usual_s(self, sound_s: float) -> float:
        """How long a response with this duration of audio takes at the moment; 0 if that is not known."""
        return sound_s * (self._took_s / self._made_s if self._made_s else self._quickest)

    def quickest_s(self, sound_s: float) -> float:
        """How long it takes when hardly anything else is made; 0 if that is unknown, or the audio is short."""
        return sound_s * self._quickest if sound_s >= _LONG_S else 0.0

    def learn(self, sound_s: float, took_s: float) -> None:
        """Records that a response with ``sound_s`` seconds of audio took ``took_s``."""
        if sound_s <= 0.0:
            return
        self._made_s = _KEPT * self._made_s + sound_s
        self._took_s = _KEPT * self._took_s + took_s
        if sound_s >= _LONG_S:
            now = took_s / sound_s
            self._quickest = min(now, self._quickest * _SLOWER) if self._quickest else now
