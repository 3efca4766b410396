"""Inspects audio: is it speech, complete, and about as long as its text?

Works on frames of 20 ms. All thresholds are in ``Limits``, each with its source or reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from segue.speech.audio.loops import loops
from segue.speech.audio.pcm import frame_energies, to_s16

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.speech.audio.pcm import Samples
    from segue.speech.core.text.pace import Bounds

FRAME_S = 0.02
_FLOOR = 1e-9
_FULL_SCALE = 0.999
_LEAST_FRAME = 4


class Finding(StrEnum):
    """A defect of audio. Those in ``FATAL`` make it unusable; the others are only reported."""

    EMPTY = "empty"
    NOT_A_NUMBER = "nan"
    SILENT = "silent"
    CLIPPED = "clipped"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    LOOPING = "looping"
    NOISE = "noise"
    HEADER = "header"
    DEAD_AIR = "dead_air"
    ABRUPT_END = "abrupt_end"


FATAL = frozenset(
    {
        Finding.EMPTY,
        Finding.NOT_A_NUMBER,
        Finding.SILENT,
        Finding.CLIPPED,
        Finding.TOO_SHORT,
        Finding.TOO_LONG,
        Finding.LOOPING,
        Finding.NOISE,
        Finding.HEADER,
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds for good audio.

    ``silence_db``: a frame below it is silent (published checks of synthetic voices use -50 dBFS).
    ``active_ratio``: the smallest part of the frames that must not be silent. ``clipped_ratio``: the largest part
    of samples at full scale (0.1 % is common practice, but speech with hard limiting has more, so 1 %).
    ``noise_flatness``: the median spectral flatness of active frames; with this estimate, white noise is near 0.56
    and speech below 0.25.
    """

    silence_db: float = -50.0
    active_ratio: float = 0.10
    clipped_ratio: float = 0.01
    noise_flatness: float = 0.45
    dead_air_s: float = 2.0
    loop_correlation: float = 0.95
    least_s: float = 0.05


DEFAULT_LIMITS = Limits()


def inspect(samples: Samples, rate_hz: int, expected: Bounds, limits: Limits = DEFAULT_LIMITS) -> list[Finding]:
    """All defects of the samples, worst first. An empty list means good audio."""
    if samples.size < max(limits.least_s * rate_hz, _frame_size(rate_hz)):
        return [Finding.EMPTY]
    if not np.isfinite(samples).all():
        return [Finding.NOT_A_NUMBER]
    levels_db = _frame_levels_db(samples, rate_hz)
    active = levels_db > limits.silence_db
    if active.mean() < limits.active_ratio:
        return [Finding.SILENT]
    found = _length_findings(active, expected)
    found += _texture_findings(samples, rate_hz, levels_db, active, limits)
    heard_s = float(np.flatnonzero(active)[-1] + 1) * FRAME_S
    if heard_s > expected.usual_s and loops(samples, rate_hz, limits.loop_correlation):
        found.append(Finding.LOOPING)
    return found


def flaws_of_beginning(samples: Samples) -> list[Finding]:
    """The defects of the first samples of speech. Silence is not a defect here."""
    if not np.isfinite(samples).all():
        return [Finding.NOT_A_NUMBER]
    return [Finding.HEADER] if _looks_like_header(samples) else []


def _frame_size(rate_hz: int) -> int:
    return max(_LEAST_FRAME, int(FRAME_S * rate_hz))


def _frame_levels_db(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    frame = _frame_size(rate_hz)
    levels: NDArray[np.float64] = 10.0 * np.log10(frame_energies(samples, frame) / frame + _FLOOR)
    return levels


def _length_findings(active: NDArray[np.bool_], expected: Bounds) -> list[Finding]:
    spoken = np.flatnonzero(active)
    spoken_s = (spoken[-1] - spoken[0] + 1) * FRAME_S
    if spoken_s < expected.shortest_s:
        return [Finding.TOO_SHORT]
    return [Finding.TOO_LONG] if active.size * FRAME_S > expected.longest_s else []


def _texture_findings(
    samples: Samples, rate_hz: int, levels_db: NDArray[np.float64], active: NDArray[np.bool_], limits: Limits
) -> list[Finding]:
    found = []
    clipped = np.count_nonzero(samples >= _FULL_SCALE) + np.count_nonzero(samples <= -_FULL_SCALE)
    if clipped > limits.clipped_ratio * samples.size:
        found.append(Finding.CLIPPED)
    if _looks_like_header(samples):
        found.append(Finding.HEADER)
    if _flatness(samples, rate_hz, active) > limits.noise_flatness:
        found.append(Finding.NOISE)
    if _longest_gap_s(active) > limits.dead_air_s:
        found.append(Finding.DEAD_AIR)
    if _ends_abruptly(levels_db, active):
        found.append(Finding.ABRUPT_END)
    return found


def _looks_like_header(samples: Samples) -> bool:
    """Whether a container's first bytes were taken for samples: RIFF, OggS, fLaC or ID3."""
    start = to_s16(samples[:2]).astype("<i2").tobytes()
    return start in (b"RIFF", b"OggS", b"fLaC") or start[:3] == b"ID3"


def _flatness(samples: Samples, rate_hz: int, active: NDArray[np.bool_]) -> float:
    """Geometric divided by arithmetic mean of the power spectrum; the median over at most 64 active frames."""
    frame = _frame_size(rate_hz)
    where = np.flatnonzero(active)
    chosen = where[:: -(-where.size // 64)]
    frames = samples[: active.size * frame].reshape(-1, frame)[chosen]
    power = np.abs(np.fft.rfft(frames * np.hanning(frame), axis=1)[:, 1:]) ** 2 + _FLOOR**2
    flatness = np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)
    return float(np.median(flatness))


def _longest_gap_s(active: NDArray[np.bool_]) -> float:
    gaps = np.diff(np.flatnonzero(active))
    return float(gaps.max() - 1) * FRAME_S if gaps.size else 0.0


def _ends_abruptly(levels_db: NDArray[np.float64], active: NDArray[np.bool_]) -> bool:
    """Whether the very last frame has full voice. Speech decays, so something was probably cut off."""
    return bool(active[-3:].all() and levels_db[-1] > np.median(levels_db[active]) + 3.0)
