"""What can be measured of speech: how long, how high, how loud it is, where it is silent, what it sounds like."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from segue.speech.audio.pcm import to_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.speech.audio.pcm import Samples
    from segue.speech.core.speech import Pcm

_FRAME_S = 0.01
_SILENT_DB = -50.0
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 500.0
_BANDS = 24
_VOICED_CORRELATION = 0.6


def sounding(samples: Samples, rate_hz: int) -> Samples:
    """Without the silence before and after."""
    active = np.flatnonzero(_levels_db(samples, rate_hz) > _SILENT_DB)
    frame = int(_FRAME_S * rate_hz)
    return samples[active[0] * frame : (active[-1] + 1) * frame] if active.size else samples[:0]


def spoken_s(samples: Samples, rate_hz: int) -> float:
    return sounding(samples, rate_hz).size / rate_hz


def longest_gap_s(samples: Samples, rate_hz: int) -> float:
    """The longest silence between sounds."""
    active = np.flatnonzero(_levels_db(samples, rate_hz) > _SILENT_DB)
    return float(np.diff(active).max(initial=1) - 1) * _FRAME_S


def level_db(samples: Samples, rate_hz: int) -> float:
    """Of what sounds, against full scale."""
    heard = sounding(samples, rate_hz).astype(np.float64)
    return float(10 * np.log10(np.mean(heard**2) + 1e-12))


def pitch_hz(samples: Samples, rate_hz: int) -> float:
    """The median pitch of the voiced frames, by autocorrelation."""
    frame = int(0.04 * rate_hz)
    low, high = int(rate_hz / _HIGHEST_HZ), int(rate_hz / _LOWEST_HZ)
    found = []
    for start in range(0, samples.size - frame - high, frame // 2):
        window = samples[start : start + frame + high].astype(np.float64)
        head = window[:frame]
        energy = float(head @ head)
        if energy / frame < 1e-4:
            continue
        scores = _likenesses(head, window[low : high + frame - 1])
        # The first of the nearly best: multiples of a period correlate as well as it does.
        if scores.max() >= _VOICED_CORRELATION:
            best = int(np.flatnonzero(scores >= 0.95 * scores.max())[0])
            found.append(rate_hz / (best + low))
    return float(np.median(found))


def _likenesses(head: NDArray[np.float64], later: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the head to as long a stretch of what is later, from each of its samples on."""
    stretches = np.lib.stride_tricks.sliding_window_view(later, head.size)
    lengths = np.sqrt(np.einsum("ij,ij->i", stretches, stretches))
    likenesses: NDArray[np.float64] = stretches @ head / (np.linalg.norm(head) * lengths + 1e-9)
    return likenesses


def distance(one: Pcm, other: Pcm) -> float:
    """How unlike two utterances sound, 0 for the same: their spectra in 24 bands, warped in time to each other."""
    first, second = (_bands(to_samples(pcm), pcm.rate_hz) for pcm in (one, other))
    costs = np.linalg.norm(first[:, None, :] - second[None, :, :], axis=2)
    paths = np.full((costs.shape[0] + 1, costs.shape[1] + 1), np.inf)
    paths[0, 0] = 0.0
    for row in range(costs.shape[0]):
        for column in range(costs.shape[1]):
            before = min(paths[row, column], paths[row, column + 1], paths[row + 1, column])
            paths[row + 1, column + 1] = costs[row, column] + before
    total: float = paths[-1, -1]
    steps: int = costs.shape[0] + costs.shape[1]
    return total / steps


def _bands(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    """Log energies in bands as wide as the ear's, each utterance around its own mean."""
    heard = sounding(samples, rate_hz).astype(np.float64)
    size, step = int(0.03 * rate_hz), int(0.015 * rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(heard, size)[::step] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.geomspace(100, 7000, _BANDS + 1) * size / rate_hz
    rows = [power[:, int(low) : max(int(high), int(low) + 1)].mean(axis=1) for low, high in pairwise(edges)]
    bands: NDArray[np.float64] = np.log10(np.array(rows).T + 1e-7)
    bands -= bands.mean(axis=0)
    return bands


def _levels_db(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    frame = int(_FRAME_S * rate_hz)
    whole = samples[: samples.size // frame * frame].reshape(-1, frame).astype(np.float64)
    levels: NDArray[np.float64] = 10 * np.log10((whole**2).mean(axis=1) + 1e-12)
    return levels
