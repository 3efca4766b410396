"""Finds true peaks: the level between samples, as a player's converter produces it.

ITU-R BS.1770-5, annex 2: peaks at four times the sample rate. The interpolation is exact within 0.2 dB up to 0.95
of the Nyquist frequency.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from segue.speech.audio.pcm import Samples

REACH = 24
"""The number of samples on each side that determine the values between two samples."""

_PART_SAMPLES = 32_768
"""Small enough that all arrays of one step stay in the processor's cache."""

SILENT_DBTP = -120.0
_BETWEEN = (0.25, 0.5, 0.75)
_KAISER_BETA = 3.0
_BLOCK = 32
_BLOCKS_AT_ONCE = 16
"""Small enough that the linear algebra library starts no threads, which would cost more than they save."""


def true_peak_dbtp(samples: Samples) -> float:
    """The true peak; 0 is full scale, and -120 stands for silence."""
    highest = max(
        (float(heights(part).max(initial=0.0)) for part in _with_surroundings(samples, _PART_SAMPLES)), default=0.0
    )
    return _dbtp(highest)


def _dbtp(height: float) -> float:
    return max(SILENT_DBTP, 20.0 * math.log10(height)) if height > 0.0 else SILENT_DBTP


def _with_surroundings(samples: Samples, part_samples: int) -> Iterator[Samples]:
    """Each part with its neighbouring samples. Before the first and after the last part there is silence."""
    for begin in range(0, samples.size, part_samples):
        end = begin + part_samples
        part = samples[max(0, begin - REACH) : end + REACH]
        missing = max(0, REACH - begin), min(REACH, max(0, end + REACH - samples.size))
        yield np.pad(part, missing)


class Peaks(NamedTuple):
    """The positions where the sound exceeds a level, in order, and the values there."""

    positions: NDArray[np.int64]
    heights: Samples

    @property
    def highest_dbtp(self) -> float:
        """The highest peak; -120 if there are none."""
        return _dbtp(float(self.heights.max(initial=0.0)))


def peaks_over(samples: Samples, least: float) -> Peaks:
    """Every sample at or next to which the sound is higher than ``least`` (1 is full scale).

    Where no sample nearby is high enough for that, nothing is computed.
    """
    begins = range(0, samples.size, _PART_SAMPLES)
    if not begins:
        return Peaks(np.zeros(0, np.int64), np.zeros(0, np.float32))
    found = [_peaks_of(samples, begin, least) for begin in begins]
    return Peaks(
        np.concatenate([peaks.positions for peaks in found]), np.concatenate([peaks.heights for peaks in found])
    )


def _peaks_of(samples: Samples, begin: int, least: float) -> Peaks:
    """The peaks of the part that begins there."""
    count = min(_PART_SAMPLES, samples.size - begin)
    rows = count // _BLOCK + 1
    around = np.zeros((rows + 2) * _BLOCK, np.float32)
    first, last = max(0, begin - REACH), min(samples.size, begin + count + REACH)
    around[first - begin + REACH : last - begin + REACH] = samples[first:last]
    sizes = np.abs(around)
    bends = np.zeros_like(around)
    np.abs(np.diff(around, 2), out=bends[1:-1])
    highest = _near(sizes)
    bound = np.minimum(highest * _MOST_BETWEEN, highest * _BESIDE + _near(bends) * _OF_BENDS)
    wanted = np.flatnonzero(bound > least)
    if not wanted.size:
        return Peaks(wanted, np.zeros(0, np.float32))
    between = np.zeros((rows, _BLOCK), np.float32)
    between[wanted] = _between(around, wanted)
    flat = between.reshape(-1)
    high = np.maximum(sizes[REACH : REACH + count], np.maximum(flat[:count], flat[1 : count + 1]))
    positions = np.flatnonzero(high > least)
    return Peaks(positions + begin, high[positions])


def _near(sizes: Samples) -> Samples:
    """For each row of ``_BLOCK``, the largest sample within reach of its interpolation."""
    tops = sizes.reshape(-1, _BLOCK).max(axis=1)
    largest: Samples = np.maximum(np.maximum(tops[:-2], tops[1:-1]), tops[2:])
    return largest


def _between(around: Samples, wanted: NDArray[np.int64]) -> Samples:
    """The highest of the three positions between samples, for these rows of ``_BLOCK``."""
    width = _BLOCK + 2 * REACH - 1
    batches = -(-wanted.size // _BLOCKS_AT_ONCE)
    chosen = np.zeros((batches * _BLOCKS_AT_ONCE, width), np.float32)
    chosen[: wanted.size] = sliding_window_view(around, width)[wanted * _BLOCK]
    rows = chosen.reshape(batches, _BLOCKS_AT_ONCE, width) @ _INTERPOLATION
    highest: Samples = np.abs(rows).reshape(-1, len(_BETWEEN), _BLOCK).max(axis=1)[: wanted.size]
    return highest


def stays_below(samples: Samples, least: float) -> bool:
    """Whether the sound is certainly nowhere higher than ``least``. Much faster than computing the values."""
    highest = float(np.abs(samples).max(initial=0.0))
    bend = float(np.abs(np.diff(samples, 2)).max(initial=0.0))
    return min(highest * _MOST_BETWEEN, highest * _BESIDE + bend * _OF_BENDS) <= least


def heights(samples: Samples) -> Samples:
    """The level at and next to each sample, except for the first and the last ``REACH`` samples."""
    count = max(0, samples.size - 2 * REACH)
    if count == 0:
        return samples[:0]
    batches = -(-(count + 1) // (_BLOCK * _BLOCKS_AT_ONCE))
    width = _BLOCK + 2 * REACH - 1
    padded = np.pad(samples, (0, batches * _BLOCKS_AT_ONCE * _BLOCK + 2 * REACH - 1 - samples.size))
    rows = np.ascontiguousarray(sliding_window_view(padded, width)[::_BLOCK]).reshape(batches, -1, width)
    between = np.abs(rows @ _INTERPOLATION).reshape(-1, len(_BETWEEN), _BLOCK).max(axis=1).reshape(-1)
    beside = np.maximum(between[:count], between[1 : count + 1])
    highest: Samples = np.maximum(np.abs(samples[REACH : REACH + count]), beside)
    return highest


def _interpolation() -> Samples:
    """A matrix that turns a row of samples into the three positions between them, for a whole block."""
    matrix = np.zeros((_BLOCK + 2 * REACH - 1, len(_BETWEEN), _BLOCK), np.float32)
    for which, position in enumerate(_BETWEEN):
        distance = position - np.arange(1 - REACH, 1 + REACH)
        window = np.i0(_KAISER_BETA * np.sqrt(1 - (distance / REACH) ** 2))
        weights = np.sinc(distance) * window
        for column in range(_BLOCK):
            matrix[column : column + 2 * REACH, which, column] = weights / weights.sum()
    return matrix.reshape(matrix.shape[0], -1)


_INTERPOLATION = _interpolation()
_MOST_BETWEEN = float(np.abs(_INTERPOLATION).sum(axis=0).max())
"""The largest possible ratio of a value between two samples to the highest sample nearby."""


def _of_bends() -> tuple[float, float]:
    """A second bound, which is much tighter for speech.

    It adds two terms: the straight line between the two samples, and the interpolation's deviation from it,
    written (by summation by parts, twice) in terms of the second differences nearby.

    Returns factors of the highest sample, and of the largest second difference.
    """
    beside, of_bends = 0.0, 0.0
    for which, position in enumerate(_BETWEEN):
        added = _INTERPOLATION.reshape(-1, len(_BETWEEN), _BLOCK)[: 2 * REACH, which, 0].astype(np.float64)
        added[REACH - 1] -= 1.0 - position
        added[REACH] -= position
        once = np.cumsum(added)
        twice = np.cumsum(once[:-1])
        # The rest of both sums: of the value, and of the slope, which is at most twice the highest sample.
        beside = max(beside, 1.0 + abs(float(once[-1])) + 2.0 * abs(float(twice[-1])))
        of_bends = max(of_bends, float(np.abs(twice[:-1]).sum()))
    return beside, of_bends


_BESIDE, _OF_BENDS = _of_bends()
