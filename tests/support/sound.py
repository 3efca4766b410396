"""Sound made by hand: voices, faults and silence as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from segue.speech.audio.pcm import to_samples
from segue.testing.audio import babble

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.speech.audio.pcm import Samples

RATE_HZ = 16_000
SENTENCE = "The quick brown fox jumps over the lazy dog."


def a_voice(text: str = SENTENCE, rate_hz: int = RATE_HZ) -> Samples:
    """Something that passes for speech of the text."""
    return to_samples(babble(text, rate_hz=rate_hz))


def silence(duration_s: float, rate_hz: int = RATE_HZ) -> Samples:
    return np.zeros(int(duration_s * rate_hz), np.float32)


def a_tone(duration_s: float, frequency_hz: float = 440.0, rate_hz: int = RATE_HZ, peak: float = 0.5) -> Samples:
    at_s = np.arange(int(duration_s * rate_hz)) / rate_hz
    return (peak * np.sin(2 * np.pi * frequency_hz * at_s)).astype(np.float32)


def noise(duration_s: float, rate_hz: int = RATE_HZ, peak: float = 0.3) -> Samples:
    dice = np.random.default_rng(7)
    return dice.uniform(-peak, peak, int(duration_s * rate_hz)).astype(np.float32)


def in_turn(*pieces: Samples) -> Samples:
    return np.concatenate(pieces).astype(np.float32)


def chatter(duration_s: float) -> Samples:
    """A voice whose syllables are of all lengths and strengths, so that nothing comes again; it ends softly."""
    dice = np.random.default_rng(7)
    syllables: list[Samples] = []
    while sum(syllable.size for syllable in syllables) < (duration_s - 0.5) * RATE_HZ:
        tone = a_tone(dice.uniform(0.08, 0.4), frequency_hz=140.0, peak=dice.uniform(0.05, 0.6))
        syllables.append(tone * np.hanning(tone.size).astype(np.float32))
    return in_turn(*syllables, silence(0.1))


def largest_step(samples: Samples) -> float:
    """From one sample to the next: what a click is larger in than its surroundings."""
    return float(np.abs(np.diff(samples)).max(initial=0.0))


def oversampled_peak_db(samples: Samples) -> float:
    """The highest point of the sound at four times its rate, by the exact interpolation of its spectrum."""
    padded = np.pad(samples.astype(np.float64), 512)
    spectrum = np.pad(np.fft.rfft(padded), (0, 4 * padded.size // 2 + 1 - (padded.size // 2 + 1)))
    fourfold = 4 * np.fft.irfft(spectrum, 4 * padded.size)
    return float(20 * np.log10(np.abs(fourfold).max()))


def pitches_hz(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    """The pitch of each voiced frame, by the autocorrelation method of Boersma (1993), from 60 to 500 Hz."""
    return _voiced(samples, rate_hz)[0]


def f0_hz(samples: Samples, rate_hz: int) -> float:
    """The median pitch of what is voiced; not a number where nothing is."""
    pitches = pitches_hz(samples, rate_hz)
    return float(np.median(pitches)) if pitches.size else float("nan")


def harmonicity_db(samples: Samples, rate_hz: int) -> float:
    """How much stronger the voice is than the noise in it: the median over voiced frames, usually 8 to 20 dB."""
    periodic = np.clip(_voiced(samples, rate_hz)[1], 0.01, 0.9999)
    return float(np.median(10 * np.log10(periodic / (1 - periodic)))) if periodic.size else float("nan")


def _voiced(samples: Samples, rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pitch, and the part of the energy that repeats with it, of frames of 50 ms."""
    frame, shortest, longest = rate_hz // 20, rate_hz // 500, rate_hz // 60
    if samples.size < frame:
        return np.zeros(0), np.zeros(0)
    rows = sliding_window_view(samples.astype(np.float64), frame)[:: rate_hz // 100]
    energy = np.einsum("ij,ij->i", rows, rows)
    rows = rows[energy > 0.01 * energy.max(initial=0.0)]
    window = np.hanning(frame)
    alike = _autocorrelation((rows - rows.mean(axis=1, keepdims=True)) * window) / _autocorrelation(window[None])
    lags = np.arange(alike.shape[1])
    candidates = alike - 0.01 * np.log2(np.maximum(lags, 1) / shortest)  # of octaves, the highest
    best = candidates[:, shortest:longest].argmax(axis=1) + shortest
    at = np.arange(best.size)
    before, peak, after = alike[at, best - 1], alike[at, best], alike[at, best + 1]
    offset = (before - after) / (2 * (before - 2 * peak + after) - 1e-12)
    voiced = (peak > 0.5) & (before < peak) & (after < peak)
    return rate_hz / (best + offset)[voiced], peak[voiced]


def _autocorrelation(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(rows, 2 * rows.shape[1], axis=1)
    products = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, : rows.shape[1] // 2]
    alike: NDArray[np.float64] = products / np.maximum(products[:, :1], 1e-12)
    return alike
