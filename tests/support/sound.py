"""Sound made by hand: voices, faults and silence as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.audio.pcm import to_samples
from segue.testing.audio import babble

if TYPE_CHECKING:
    from segue.audio.pcm import Samples

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
