"""Detects a voice caught in a loop, as happens to neural voices that lose their place in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.speech.audio.pcm import frame_energies

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.speech.audio.pcm import Samples

_HOP_S = 0.005
_WINDOW_S = 0.02
_SHORTEST_PERIOD_S = 0.2
_QUIET_DB = -60.0
_UNLIKE = 0.5
_LEAST_VARIANCE_DB2 = 1.0
"""A steady hum has no stretch that could repeat."""

_FLOOR = 1e-9


def loops(samples: Samples, rate_hz: int, threshold: float) -> bool:
    """Whether the same stretch is repeated: the energy envelope repeats almost exactly, four times or more.

    A text that repeats itself ("no, no, no") sounds the same, so call this only for audio that is too long for its
    text. An envelope that changes slowly resembles itself at every short lag; one that repeats must first differ
    from itself.
    """
    envelope = _envelope_db(samples, rate_hz)
    shortest, longest = int(_SHORTEST_PERIOD_S / _HOP_S), envelope.size // 4
    if longest <= shortest or envelope.var() < _LEAST_VARIANCE_DB2:
        return False
    alike = _likeness_by_lag(envelope - envelope.mean(), longest)
    unlike_before = np.minimum.accumulate(alike) < _UNLIKE
    return bool(((alike > threshold) & unlike_before)[shortest:].any())


def _envelope_db(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    """The levels of overlapping frames.

    Their time resolution is fine, because a period need not be a whole number of frames.
    """
    hop, overlap = max(1, int(_HOP_S * rate_hz)), round(_WINDOW_S / _HOP_S)
    energy = np.convolve(frame_energies(samples, hop) / hop, np.full(overlap, 1.0 / overlap), "valid")
    levels: NDArray[np.float64] = np.maximum(10.0 * np.log10(energy + _FLOOR), _QUIET_DB)
    return levels


def _likeness_by_lag(envelope: NDArray[np.float64], longest: int) -> NDArray[np.float64]:
    """The autocorrelation of the envelope at each lag from 0 to ``longest``, over the part that overlaps."""
    size = envelope.size
    spectrum = np.fft.rfft(envelope, 2 * size)
    products = np.fft.irfft(np.abs(spectrum) ** 2)[: longest + 1]
    energy = np.concatenate(([0.0], np.cumsum(envelope * envelope)))
    lags = np.arange(longest + 1)
    both: NDArray[np.float64] = np.sqrt(energy[size - lags] * (energy[size] - energy[lags]))
    return np.divide(products, both, out=np.zeros_like(both), where=both > _FLOOR)
