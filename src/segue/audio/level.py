"""All voices at one loudness, so that a listener who is moved to another hears no jump.

Whole audio is measured and brought to the target; streams get a gain that is known beforehand (``level_book``).
Either way no true peak is above -1 dBTP, and what is below the gate of the measure stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.audio.limiter import Limiter
from segue.audio.loudness import integrated_lufs
from segue.audio.pcm import blocks, collected
from segue.audio.true_peak import true_peak_dbtp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.audio.pcm import Samples

TARGET_LUFS = -16.0
"""Usual for podcasts and for what is heard on phones; the loudest that AES TD1004 recommends for streams."""

CEILING_DBTP = -1.0
LARGEST_GAIN_DB = 20.0
"""Either way; a voice that is further off has something else the matter with it."""

_LIMIT_DBTP = CEILING_DBTP - 0.6
"""Where the limiter works: white noise over the whole band, limited by 10 dB, needs that distance."""

_FREE_DB, _TAKEN_RATIO = 1.0, 0.3
"""Limiting takes 0.3 dB of the loudness of speech for each decibel of its highest peak, but for the first."""

_NEAR_DB, _CORRECTIONS = 0.2, 3


class Loudness(NamedTuple):
    """``integrated_lufs`` is None for less than 400 ms and for silence."""

    integrated_lufs: float | None
    true_peak_dbtp: float


def measure(samples: Samples, rate_hz: int) -> Loudness:
    """Some 5 ms of work for 5 s of sound.

    Raises:
        InternalFailure: FFmpeg cannot measure.
    """
    return Loudness(integrated_lufs(samples, rate_hz), true_peak_dbtp(samples))


def gain_for(loudness: Loudness, target_lufs: float) -> float:
    """In decibels, within the range that is allowed: what brings the sound to the target once peaks are limited.

    What limiting takes of the loudness is estimated from how far the peaks stand out; 0 dB for what has no
    loudness.
    """
    if loudness.integrated_lufs is None:
        return 0.0
    gain_db = target_lufs - loudness.integrated_lufs
    over_db = loudness.true_peak_dbtp + gain_db - _LIMIT_DBTP
    return _within(gain_db + _TAKEN_RATIO * max(0.0, over_db - _FREE_DB))


def levelled(
    samples: Samples,
    rate_hz: int,
    target_lufs: float,
    *,
    before: Loudness | None = None,
    learnt_gain_db: float | None = None,
) -> Samples:
    """The same sound at the target; ``learnt_gain_db`` is for what is too short to be measured by itself.

    ``before`` saves measuring it where that has been done.

    Raises:
        InternalFailure: FFmpeg cannot measure.
    """
    before = before or measure(samples, rate_hz)
    if before.integrated_lufs is None:
        return _raised(samples, rate_hz, learnt_gain_db or 0.0)
    return fitted(samples, rate_hz, target_lufs, before)[0]


def needed_gain_db(samples: Samples, rate_hz: int, target_lufs: float) -> float | None:
    """The gain with which the sound is at the target once its peaks are limited; None where it has no loudness.

    Raises:
        InternalFailure: FFmpeg cannot measure.
    """
    before = measure(samples, rate_hz)
    return None if before.integrated_lufs is None else fitted(samples, rate_hz, target_lufs, before)[1]


def fitted(samples: Samples, rate_hz: int, target_lufs: float, before: Loudness) -> tuple[Samples, float]:
    """The sound at the target, and the gain that it took: limiting takes some of it, which is given back.
    ``before`` has a loudness.

    Raises:
        InternalFailure: FFmpeg cannot measure.
    """
    assert before.integrated_lufs is not None, "what has no loudness cannot be brought to one"
    wanted_lufs = before.integrated_lufs + _within(target_lufs - before.integrated_lufs)
    gain_db = gain_for(before, target_lufs)
    result = _raised(samples, rate_hz, gain_db)
    for _ in range(_CORRECTIONS):
        after_lufs = integrated_lufs(result, rate_hz)
        if after_lufs is None or abs(wanted_lufs - after_lufs) < _NEAR_DB:
            break
        gain_db = _within(gain_db + wanted_lufs - after_lufs)
        del result  # else a long sound would be in memory three times
        result = _raised(samples, rate_hz, gain_db)
    return result, gain_db


def _within(gain_db: float) -> float:
    return min(max(gain_db, -LARGEST_GAIN_DB), LARGEST_GAIN_DB)


def _raised(samples: Samples, rate_hz: int, gain_db: float) -> Samples:
    return collected(_passed(Leveller(rate_hz, gain_db), samples), samples.size)


def _passed(leveller: Leveller, samples: Samples) -> Iterator[Samples]:
    for block in blocks(samples):
        yield leveller.push(block)
    yield leveller.finish()


class Leveller:
    """A stream's level: one gain, and peaks limited. At most 5 ms late at 8 kHz, 3.5 ms at 16 kHz and above."""

    def __init__(self, rate_hz: int, gain_db: float) -> None:
        self._gain = np.float32(10.0 ** (_within(gain_db) / 20.0))
        self._limiter = Limiter(rate_hz, _LIMIT_DBTP)

    def push(self, samples: Samples) -> Samples:
        """What is ready by now, possibly nothing."""
        return self._limiter.push(samples * self._gain)

    def finish(self) -> Samples:
        """The rest."""
        return self._limiter.finish()
