"""Synthetic sound that resembles speech: voiced syllables with pauses, as long as a text would take."""

from __future__ import annotations

import numpy as np

from segue.speech.core.speech import Pcm

SECONDS_PER_CHAR = 0.08
_SYLLABLE_S = 0.2
_PITCH_HZ = 140.0
_HARMONICS = 6
_STRESSES = np.array((3, 1, 4, 1, 5, 0, 2, 5, 3, 4, 0, 5, 2))


def babble(text: str, *, rate_hz: int = 16_000, rate_ratio: float = 1.0, pitch_ratio: float = 1.0) -> Pcm:
    """Harmonics of a voice, swelling and fading five times a second; consecutive syllables differ in loudness."""
    syllables = max(2, round(len(text) * SECONDS_PER_CHAR / rate_ratio / _SYLLABLE_S))
    pitch_hz = _PITCH_HZ * pitch_ratio * (1 + (sum(map(ord, text)) % 7) / 50)
    at_s = np.arange(int(syllables * _SYLLABLE_S * rate_hz)) / rate_hz
    stress = 0.5 + _STRESSES[(at_s / _SYLLABLE_S).astype(int) % _STRESSES.size] / 10
    swell = stress * np.sin(np.pi * at_s / _SYLLABLE_S) ** 2
    voice = sum(np.sin(2 * np.pi * pitch_hz * k * at_s) / k for k in range(1, _HARMONICS))
    return Pcm((6000 * swell * voice / 2).astype("<i2").tobytes(), rate_hz)
