"""Removes silence from both ends of a piece of speech. Kokoro adds up to 0.5 s before it and 1.1 s after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FRAME_S = 0.01
_QUIETER_RATIO = 0.01
"""Relative to the amplitude of the loudest frame: 40 dB below it, speech is inaudible."""
_BEFORE_FRAMES, _AFTER_FRAMES = 3, 5
"""Kept of the silence, so that a soft beginning or end is whole."""


def without_silence(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """The samples without silence at the ends; all of them if no frame is louder than the rest."""
    import numpy as np

    length = max(1, round(_FRAME_S * rate_hz))
    frames = samples[: len(samples) // length * length].reshape(-1, length)
    if not len(frames):
        return samples
    levels = np.sqrt(np.mean(np.square(frames, dtype=np.float64), axis=1))
    loud = np.flatnonzero(levels > _QUIETER_RATIO * levels.max())
    if not len(loud):
        return samples
    first = max(0, int(loud[0]) - _BEFORE_FRAMES)
    return samples[first * length : (int(loud[-1]) + 1 + _AFTER_FRAMES) * length]
