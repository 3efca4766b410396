"""A limiter that sees peaks coming and has turned the sound down, without haste, when they are there.

The side chain is the true peak. The reduction that each moment needs is held from 2 ms ahead of it, released at a
constant slope in decibels, and averaged over those 2 ms: the gain is smooth, and the peak is met exactly.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from segue.audio.true_peak import REACH, heights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.audio.pcm import Samples

_LOOK_AHEAD_S = 0.002
_RELEASE_DB_PER_S = 240.0
_NEPER_PER_DB = math.log(10.0) / 20.0


class Limiter:
    """Gives out the same samples however they are cut into pushes, and holds back the last 2 ms and 24 samples.

    The first sample out is the first that came in. Speech stays within 0.1 dB of the ceiling, noise over the whole
    band within 0.6 dB.
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
        """What is ready by now, possibly nothing."""
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
        """For each sample that becomes ready; None where nothing is to be turned down."""
        around = np.concatenate((self._around, samples))
        self._around = around[-2 * REACH :]
        over = np.maximum(heights(around) / self._ceiling, np.float32(1.0))
        if not self._held_db.any() and not self._needed_db.any() and over.max(initial=1.0) <= 1.0:
            return None
        needed = np.concatenate((self._needed_db, 20.0 * np.log10(over.astype(np.float64))))
        self._needed_db = needed[-self._ahead :]
        released = self._released(_largest_of_last(needed, self._ahead + 1))
        held = np.concatenate((self._held_db, released))
        self._held_db = held[-self._ahead :]
        return _mean_of_last(held, self._ahead + 1)

    def _released(self, needed_db: NDArray[np.float64]) -> NDArray[np.float64]:
        """Never less than needed, and never sinking faster than the release."""
        fall = self._release_db * np.arange(1, needed_db.size + 1)
        lifted = np.maximum.accumulate(np.maximum(needed_db + fall, self._held_db[-1]))
        released: NDArray[np.float64] = np.maximum(lifted - fall, 0.0)
        return released


def _largest_of_last(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Of every ``count`` values in a row, by windows that double until they are wide enough."""
    width = 1
    while width < count:
        shift = min(width, count - width)
        values = np.maximum(values[shift:], values[:-shift])
        width += shift
    return values


def _mean_of_last(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return (sums[count:] - sums[:-count]) / count
