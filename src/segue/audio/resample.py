"""The same sound at another rate, whole or as it comes."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from segue.audio.ffmpeg import without_threads

if TYPE_CHECKING:
    from collections.abc import Iterable

    import av
    from numpy.typing import NDArray


class Resampler:
    """One stream of 16-bit samples from one rate to another; what it hears next joins on to what it heard.

    A few milliseconds stay inside until ``finish``. At equal rates everything passes as it is.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._from_hz = from_hz
        self._heard_samples = 0
        self._filter = None if from_hz == to_hz else _filter_to(to_hz)

    def push(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        if self._filter is None or not samples.size:
            return samples
        frame = frame_of(samples, self._from_hz, self._heard_samples)
        self._heard_samples += samples.size
        return _joined(self._filter.resample(frame))

    def finish(self) -> NDArray[np.int16]:
        """What was still inside; nothing may be pushed after."""
        if self._filter is None or not self._heard_samples:
            return np.zeros(0, np.int16)
        return _joined(self._filter.resample(None))


def resample(samples: NDArray[np.int16], from_hz: int, to_hz: int) -> NDArray[np.int16]:
    """The same sound at another rate, to the last sample."""
    if from_hz == to_hz:
        return samples
    resampler = Resampler(from_hz, to_hz)
    return np.concatenate([resampler.push(samples), resampler.finish()])


def frame_of(samples: NDArray[np.int16], rate_hz: int, position: int) -> av.AudioFrame:
    """FFmpeg's frame of samples that begin at the ``position``-th of their stream."""
    import av

    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = rate_hz, position, Fraction(1, rate_hz)
    return frame


def _filter_to(rate_hz: int) -> av.AudioResampler:
    import av

    without_threads()
    return av.AudioResampler(format="s16", layout="mono", rate=rate_hz)


def _joined(frames: Iterable[av.AudioFrame]) -> NDArray[np.int16]:
    pieces = [frame.to_ndarray().reshape(-1) for frame in frames]
    return np.concatenate(pieces).astype(np.int16, copy=False) if pieces else np.zeros(0, np.int16)
