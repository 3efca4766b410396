"""Adjusts all voices to the same loudness, so that a listener who is moved to another voice hears no jump.

Whole audio is measured and adjusted to the target. A stream gets a gain that is known in advance (``level_book``).
In both cases no true peak is above -1 dBTP, and audio below the gate of the measurement is not changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.speech.audio.limiter import Limiter, Reduction
from segue.speech.audio.loudness import FRAME_SAMPLES, energies, integrated_lufs
from segue.speech.audio.pcm import blocks, collected
from segue.speech.audio.true_peak import peaks_over, true_peak_dbtp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.speech.audio.pcm import Samples

TARGET_LUFS = -16.0
"""Usual for podcasts and for listening on phones; the loudest that AES TD1004 recommends for streams."""

CEILING_DBTP = -1.0
LARGEST_GAIN_DB = 20.0
"""In both directions. A voice that is further off has another problem."""

_LIMIT_DBTP = CEILING_DBTP - 0.6
"""The limiter's threshold. White noise over the whole band needs this distance when it is limited by 10 dB."""

_FREE_DB, _TAKEN_RATIO = 1.0, 0.3
"""Limiting reduces the loudness of speech by 0.3 dB for each decibel of its highest peak, except for the first."""

_NEAR_DB, _CORRECTIONS = 0.2, 3
_MOST_GIVEN_BACK_DB = 1.0
"""The most loudness that is restored after limiting.

Peaks that only exceed the ceiling because of that are then limited as well.
"""


class Loudness(NamedTuple):
    """``integrated_lufs`` is None for less than 400 ms and for silence."""

    integrated_lufs: float | None
    true_peak_dbtp: float


def measure(samples: Samples, rate_hz: int) -> Loudness:
    """Measures the loudness. Takes about 4 ms for 5 s of audio.

    Raises:
        InternalFailure: FFmpeg cannot measure.
    """
    return Loudness(integrated_lufs(samples, rate_hz), true_peak_dbtp(samples))


def gain_for(loudness: Loudness, target_lufs: float) -> float:
    """The gain in decibels that brings the audio to the target after limiting, within the allowed range.

    The effect of limiting is estimated from how far the peaks stand out. 0 dB if the audio has no loudness.
    """
    if loudness.integrated_lufs is None:
        return 0.0
    gain_db = target_lufs - loudness.integrated_lufs
    over_db = loudness.true_peak_dbtp + gain_db - _LIMIT_DBTP
    return _within(gain_db + _TAKEN_RATIO * max(0.0, over_db - _FREE_DB))


class Levelled(NamedTuple):
    """Adjusted audio.

    ``gain_db`` is the gain that was applied; None if the audio has no loudness and is unchanged.
    """

    samples: Samples
    gain_db: float | None


def levelled(
    samples: Samples, rate_hz: int, target_lufs: float, *, learnt_gain_db: float | None = None
) -> Samples:
    """The audio at the target loudness. ``learnt_gain_db`` is used if it is too short to be measured.

    Raises:
        InternalFailure: FFmpeg cannot measure.
    """
    return brought_to(target_lufs, samples, rate_hz, learnt_gain_db).samples


def brought_to(
    target_lufs: float, samples: Samples, rate_hz: int, learnt_gain_db: float | None = None
) -> Levelled:
    """The same, with the gain that was applied. Takes about 4 ms for 5 s of audio.

    Raises:
        InternalFailure: FFmpeg cannot measure.
    """
    plan = _planned(samples, rate_hz, target_lufs)
    if plan is None:
        return Levelled(_raised(samples, rate_hz, learnt_gain_db or 0.0), None)
    return Levelled(plan.carried_out(samples), plan.gain_db)


def needed_gain_db(samples: Samples, rate_hz: int, target_lufs: float) -> float | None:
    """The gain that brings the audio to the target after limiting; None if it has no loudness.

    Raises:
        InternalFailure: FFmpeg cannot measure.
    """
    plan = _planned(samples, rate_hz, target_lufs)
    return None if plan is None else plan.gain_db


def fitted(samples: Samples, rate_hz: int, target_lufs: float, before: Loudness) -> tuple[Samples, float]:
    """The audio at the target, and the gain that was applied. The loudness that limiting takes is restored.

    Raises:
        InternalFailure: FFmpeg cannot measure.
    """
    assert before.integrated_lufs is not None, "audio without a loudness cannot be levelled"
    found = brought_to(target_lufs, samples, rate_hz)
    assert found.gain_db is not None
    return found.samples, found.gain_db


class _Plan(NamedTuple):
    """The changes to a sound: one gain, and the reduction of its peaks."""

    gain_db: float
    reduction: Reduction | None

    def carried_out(self, samples: Samples) -> Samples:
        result: Samples = samples * _ratio(self.gain_db)
        if self.reduction is not None:
            self.reduction.apply(result)
        return result


def _planned(samples: Samples, rate_hz: int, target_lufs: float) -> _Plan | None:
    """The changes that bring the sound to the target; None if it has no loudness.

    The sound is measured once. The loudness after a gain and its limiting is computed from the measured energies
    and the peaks. Only the sound with the final gain is produced.
    """
    weighted = energies(samples, rate_hz)
    lufs = weighted.lufs()
    if lufs is None:
        return None
    wanted_lufs = lufs + _within(target_lufs - lufs)
    room_db = _LIMIT_DBTP - (wanted_lufs - lufs) - _MOST_GIVEN_BACK_DB
    peaks = peaks_over(samples, 10.0 ** (room_db / 20.0))
    gain_db = gain_for(Loudness(lufs, peaks.highest_dbtp), target_lufs)
    for tries_left in reversed(range(_CORRECTIONS + 1)):
        if peaks.highest_dbtp + gain_db <= _LIMIT_DBTP:
            return _Plan(gain_db, None)
        if gain_db > _LIMIT_DBTP - room_db:
            room_db = _LIMIT_DBTP - gain_db
            peaks = peaks_over(samples, 10.0 ** (room_db / 20.0))
        reduction = Reduction(peaks, samples.size, gain_db, rate_hz, _LIMIT_DBTP)
        after_lufs = weighted.lufs(reduction.frame_gains(FRAME_SAMPLES))
        off_db = 0.0 if after_lufs is None else wanted_lufs - after_lufs - gain_db
        corrected_db = _within(gain_db + off_db)
        if not tries_left or abs(off_db) < _NEAR_DB or corrected_db == gain_db:
            return _Plan(gain_db, reduction)
        gain_db = corrected_db
    raise AssertionError("the last try returns")


def _within(gain_db: float) -> float:
    return min(max(gain_db, -LARGEST_GAIN_DB), LARGEST_GAIN_DB)


def _ratio(gain_db: float) -> np.float32:
    return np.float32(10.0 ** (gain_db / 20.0))


def _raised(samples: Samples, rate_hz: int, gain_db: float) -> Samples:
    return collected(_passed(Leveller(rate_hz, gain_db), samples), samples.size)


def _passed(leveller: Leveller, samples: Samples) -> Iterator[Samples]:
    for block in blocks(samples):
        yield leveller.push(block)
    yield leveller.finish()


class Leveller:
    """Adjusts a stream with one gain and limits its peaks.

    The delay is at most 5 ms at 8 kHz, and 3.5 ms at 16 kHz and above.
    """

    def __init__(self, rate_hz: int, gain_db: float) -> None:
        self._gain = _ratio(_within(gain_db))
        self._limiter = Limiter(rate_hz, _LIMIT_DBTP)

    def push(self, samples: Samples) -> Samples:
        """The samples that are ready, possibly none."""
        return self._limiter.push(samples * self._gain)

    def finish(self) -> Samples:
        """The rest."""
        return self._limiter.finish()
