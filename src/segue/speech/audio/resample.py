"""Converts the sample rate, of whole audio or of a stream."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from segue.speech.audio.ffmpeg import without_threads

if TYPE_CHECKING:
    from collections.abc import Iterable

    import av
    from numpy.typing import NDArray


_NOTHING = np.zeros(0, np.int16)

_LEAST_SAMPLES = 128
"""FFmpeg's filter gets at least this many samples at once.

With pieces of five samples, in one run of fifty every 4075th sample of the output was zero; with this many, none
was in 3,000 runs (FFmpeg 8, libswresample 6.3).
"""


class Resampler:
    """Converts one stream of 16-bit samples, continuously from call to call.

    Holds back a few milliseconds until ``finish``. If both rates are equal, samples pass unchanged.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._from_hz = from_hz
        self._heard_samples = 0
        self._filter = None if from_hz == to_hz else _filter_to(to_hz)
        self._waiting = _NOTHING

    def push(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        if self._filter is None:
            return samples
        if self._waiting.size:
            samples = np.concatenate([self._waiting, samples])
        if samples.size < _LEAST_SAMPLES:
            self._waiting = samples.copy()  # the caller may reuse its memory
            return _NOTHING
        self._waiting = _NOTHING
        return self._filtered(self._filter, samples)

    def finish(self) -> NDArray[np.int16]:
        """The samples that were held back. Nothing may be pushed after that."""
        if self._filter is None:
            return _NOTHING
        waiting, self._waiting = self._waiting, _NOTHING
        last = self._filtered(self._filter, waiting) if waiting.size else _NOTHING
        if not self._heard_samples:
            return _NOTHING
        return np.concatenate([last, _joined(self._filter.resample(None))])

    def _filtered(self, filter_: av.AudioResampler, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        frame = frame_of(samples, self._from_hz, self._heard_samples)
        self._heard_samples += samples.size
        return _joined(filter_.resample(frame))


def resample(samples: NDArray[np.int16], from_hz: int, to_hz: int) -> NDArray[np.int16]:
    """The same audio at another rate, complete to the last sample."""
    if from_hz == to_hz:
        return samples
    resampler = Resampler(from_hz, to_hz)
    return np.concatenate([resampler.push(samples), resampler.finish()])


def frame_of(samples: NDArray[np.int16], rate_hz: int, position: int) -> av.AudioFrame:
    """An FFmpeg frame with samples that begin at ``position`` of their stream."""
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
    return np.concatenate(pieces).astype(np.int16, copy=False) if pieces else _NOTHING
