"""How high the sound rises between its samples, where a player's converter will find it.

ITU-R BS.1770-5, annex 2: peaks at four times the sample rate. The interpolation is within 0.2 dB up to 0.95 of the
highest frequency that the samples can hold.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from segue.audio.pcm import BLOCK_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.audio.pcm import Samples

REACH = 24
"""Samples on each side that say what is between two of them."""

SILENT_DBTP = -120.0
_BETWEEN = (0.25, 0.5, 0.75)
_KAISER_BETA = 3.0
_BLOCK = 32
_BLOCKS_AT_ONCE = 16
"""So few that the linear algebra underneath starts no threads: they would cost more than they save."""


def true_peak_dbtp(samples: Samples) -> float:
    """0 is full scale; -120 stands for silence."""
    highest = max((float(heights(part).max(initial=0.0)) for part in _with_surroundings(samples)), default=0.0)
    return max(SILENT_DBTP, 20.0 * math.log10(highest)) if highest > 0.0 else SILENT_DBTP


def _with_surroundings(samples: Samples) -> Iterator[Samples]:
    """Each block with what is next to it; before the first and after the last there is silence."""
    for begin in range(0, samples.size, BLOCK_SAMPLES):
        end = begin + BLOCK_SAMPLES
        part = samples[max(0, begin - REACH) : end + REACH]
        missing = max(0, REACH - begin), min(REACH, max(0, end + REACH - samples.size))
        yield np.pad(part, missing)


def heights(samples: Samples) -> Samples:
    """The sound's height at and next to each sample, but for the first and the last ``REACH``."""
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
    """Takes a row of samples to a block of each of the three positions between them, in one multiplication."""
    matrix = np.zeros((_BLOCK + 2 * REACH - 1, len(_BETWEEN), _BLOCK), np.float32)
    for which, position in enumerate(_BETWEEN):
        distance = position - np.arange(1 - REACH, 1 + REACH)
        window = np.i0(_KAISER_BETA * np.sqrt(1 - (distance / REACH) ** 2))
        weights = np.sinc(distance) * window
        for column in range(_BLOCK):
            matrix[column : column + 2 * REACH, which, column] = weights / weights.sum()
    return matrix.reshape(matrix.shape[0], -1)


_INTERPOLATION = _interpolation()
