"""A look-ahead limiter that reduces the gain smoothly before a peak.

The side chain is the true peak. The reduction that each moment needs is held from 2 ms before it, released at a
constant slope in decibels, and averaged over 2 ms. The gain is therefore smooth, and the peak is met exactly.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from segue.speech.audio.true_peak import REACH, heights, stays_below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from segue.speech.audio.pcm import Samples
    from segue.speech.audio.true_peak import Peaks

_LOOK_AHEAD_S = 0.002
_RELEASE_DB_PER_S = 240.0
_NEPER_PER_DB = math.log(10.0) / 20.0


class Limiter:
    """Limits a stream.

    The output does not depend on how the input is split into pushes. Holds back the last 2 ms and 24 samples.

    The first output sample is the first input sample. Speech stays within 0.1 dB of the ceiling, noise over the
    whole band within 0.6 dB.
    """

    def __init__(self, rate_hz: int, ceiling_dbtp: float) -> None:
        ahead = max(1, round(_LOOK_AHEAD_S * rate_hz))
        self._ceiling = np.float32(10.0 ** (ceiling_dbtp / 20.0))
        self._release_db = _RELEASE_DB_PER_S / rate_hz
        self._ahead = ahead
        self._late = ahead + REACH
        self._pending = np.zeros(self._late, np.float32)
        self._around = np.zeros(2 * REACH, np.float32)
        self._needed_db = np.zeros(ahead)
        self._held_db = np.zeros(ahead)
        self._before_start = self._late

    def push(self, samples: Samples) -> Samples:
        """The samples that are ready, possibly none."""
        reduction_db = self._reduction_db(samples)
        waiting = np.concatenate((self._pending, samples))
        ready, self._pending = waiting[: samples.size], waiting[samples.size :]
        if reduction_db is not None:
            ready = ready * np.exp(reduction_db * -_NEPER_PER_DB).astype(np.float32)
        dropped = min(self._before_start, ready.size)
        self._before_start -= dropped
        return ready[dropped:]

    def finish(self) -> Samples:
        """The rest."""
        return self.push(np.zeros(self._late, np.float32))

    def _reduction_db(self, samples: Samples) -> NDArray[np.float64] | None:
        """The reduction for each sample that becomes ready; None if there is nothing to reduce."""
        around = np.concatenate((self._around, samples))
        self._around = around[-2 * REACH :]
        at_rest = not self._held_db.any() and not self._needed_db.any()
        if at_rest and stays_below(around, float(self._ceiling)):
            return None
        over = np.maximum(heights(around) / self._ceiling, np.float32(1.0))
        if at_rest and over.max(initial=1.0) <= 1.0:
            return None
        needed = np.concatenate((self._needed_db, 20.0 * np.log10(over.astype(np.float64))))
        self._needed_db = needed[-self._ahead :]
        released = self._released(_largest_of_last(needed, self._ahead + 1))
        held = np.concatenate((self._held_db, released))
        self._held_db = held[-self._ahead :]
        return _mean_of_last(held, self._ahead + 1)

    def _released(self, needed_db: NDArray[np.float64]) -> NDArray[np.float64]:
        return _never_faster(needed_db, float(self._held_db[-1]), self._release_db)


class Reduction:
    """The limiter's reduction of a whole sound, computed only where there is one.

    ``peaks`` belong to the sound before the gain, and include at least those above the ceiling after it. ``size``
    is the number of samples.
    """

    def __init__(self, peaks: Peaks, size: int, gain_db: float, rate_hz: int, ceiling_dbtp: float) -> None:
        ahead = max(1, round(_LOOK_AHEAD_S * rate_hz))
        over_db = 20.0 * np.log10(peaks.heights.astype(np.float64)) + gain_db - ceiling_dbtp
        is_over = over_db > 0.0
        over_db, positions = over_db[is_over], peaks.positions[is_over]
        release_db = _RELEASE_DB_PER_S / rate_hz
        tails = np.ceil(over_db / release_db).astype(np.int64) + 2 * ahead
        self._begins, self._ends = _spans(positions - 2 * ahead, positions + tails, ahead)
        lengths = self._ends - self._begins
        self._offsets = np.cumsum(lengths) - lengths
        which = np.searchsorted(self._begins, positions, "right") - 1
        needed_db = np.zeros(int(lengths.sum()) + 2 * ahead)
        needed_db[positions - self._begins[which] + self._offsets[which]] = over_db
        # Hold the reduction needed within the next 2 ms, release it slowly, and average it over the last 2 ms.
        held_db = _never_faster(_largest_of_last(needed_db, ahead + 1), 0.0, release_db)
        reduced_db = _mean_of_last(np.concatenate((np.zeros(ahead), held_db)), ahead + 1)
        self._factors = np.exp(reduced_db * -_NEPER_PER_DB).astype(np.float32)
        self._size = size

    def apply(self, samples: Samples) -> None:
        """Reduces the whole sound in place."""
        for begin, end, factors in self._parts():
            samples[begin:end] *= factors

    def frame_gains(self, frame_samples: int) -> NDArray[np.float32]:
        """The mean gain (energy) of each whole frame."""
        gains = np.ones(self._size // frame_samples, np.float32)
        for begin, end, factors in self._parts():
            first, last = -(-begin // frame_samples), end // frame_samples
            inner = factors[first * frame_samples - begin : last * frame_samples - begin]
            gains[first:last] = np.square(inner).reshape(-1, frame_samples).mean(axis=1)
        return gains

    def _parts(self) -> Iterator[tuple[int, int, Samples]]:
        """The ranges with a reduction, and the factors in each."""
        for begin, end, offset in zip(
            self._begins.tolist(), self._ends.tolist(), self._offsets.tolist(), strict=True
        ):
            first, last = max(begin, 0), min(end, self._size)
            yield first, last, self._factors[offset + first - begin : offset + last - begin]


def _spans(
    begins: NDArray[np.int64], ends: NDArray[np.int64], apart: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Merges ranges that overlap or are less than ``apart`` from each other. The starts are in order."""
    if not begins.size:
        return begins, ends
    reached = np.maximum.accumulate(ends)
    starts = np.concatenate(([True], begins[1:] > reached[:-1] + apart))
    lasts = np.concatenate((starts[1:], [True]))
    return begins[starts], reached[lasts]


def _never_faster(needed_db: NDArray[np.float64], before_db: float, release_db: float) -> NDArray[np.float64]:
    """At least the needed reduction, and never decreasing faster than the release (in decibels per sample)."""
    fall = release_db * np.arange(1, needed_db.size + 1)
    lifted = np.maximum.accumulate(np.maximum(needed_db + fall, before_db))
    released: NDArray[np.float64] = np.maximum(lifted - fall, 0.0)
    return released


def _largest_of_last(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The maximum of each ``count`` consecutive values, computed with windows of doubling width."""
    width = 1
    while width < count:
        shift = min(width, count - width)
        values = np.maximum(values[shift:], values[:-shift])
        width += shift
    return values


def _mean_of_last(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return (sums[count:] - sums[:-count]) / count
