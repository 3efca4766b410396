"""Whether the voices of a profile's characters sound different: how far apart they are, pair by pair.

Each says two sentences. A voice is described by its mean spectrum (24 bands on the mel scale, in dB, without its
level) and its median pitch. Voices must be further apart than two sentences of one voice are.

    python bench/voices.py kokoro:zm_yunxi kokoro:zm_yunxia kokoro:zm_yunxi+zm_yunxia
"""

from __future__ import annotations

import argparse
import asyncio
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import Utterance
from segue.speech.engines import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segue.speech.core.speech import Pcm

SENTENCES = ("歡迎回來，流浪者。", "北邊的路已經封閉了。")
_FRAME = 1024
_BANDS = 24
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 400.0
_SILENT_RATIO = 0.05


class Timbre(NamedTuple):
    """``bands_db`` around their mean; ``pitch_hz`` the median of voiced frames."""

    bands_db: NDArray[np.float64]
    pitch_hz: float

    def apart_db(self, other: Timbre) -> float:
        """Root mean square over the bands."""
        return float(np.sqrt(np.mean(np.square(self.bands_db - other.bands_db))))

    def apart_semitones(self, other: Timbre) -> float:
        return abs(12 * float(np.log2(self.pitch_hz / other.pitch_hz)))


def timbre(pcm: Pcm) -> Timbre:
    samples = to_samples(pcm).astype(np.float64)
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    loudness = np.sqrt(np.mean(np.square(frames), axis=1))
    frames = frames[loudness > _SILENT_RATIO * loudness.max()] * np.hanning(_FRAME)
    power = np.mean(np.square(np.abs(np.fft.rfft(frames, axis=1))), axis=0)
    bands_db = 10 * np.log10(_mel_bands(pcm.rate_hz) @ power + 1e-12)
    return Timbre(bands_db - bands_db.mean(), _pitch_hz(frames, pcm.rate_hz))


def _mel_bands(rate_hz: int) -> NDArray[np.float64]:
    """Triangles on O'Shaughnessy's mel scale, from 60 Hz to 8 kHz."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (60.0, 8000.0))
    edges_hz = 700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1)
    bins_hz = np.fft.rfftfreq(_FRAME, 1 / rate_hz)
    rising = (bins_hz - edges_hz[:-2, None]) / (edges_hz[1:-1, None] - edges_hz[:-2, None])
    falling = (edges_hz[2:, None] - bins_hz) / (edges_hz[2:, None] - edges_hz[1:-1, None])
    triangles: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return triangles


def _pitch_hz(frames: NDArray[np.float64], rate_hz: int) -> float:
    """By the highest peak of each frame's autocorrelation, where that is half of its energy."""
    spectrum = np.fft.rfft(frames, 2 * _FRAME, axis=1)
    alike = np.fft.irfft(np.square(np.abs(spectrum)), axis=1)
    shortest, longest = int(rate_hz / _HIGHEST_HZ), int(rate_hz / _LOWEST_HZ)
    periods = alike[:, shortest:longest]
    voiced = periods.max(axis=1) > 0.5 * alike[:, 0]
    return float(np.median(rate_hz / (shortest + periods[voiced].argmax(axis=1))))


async def _timbres(voices: Sequence[str]) -> dict[str, tuple[Timbre, ...]]:
    found: dict[str, tuple[Timbre, ...]] = {}
    engines = {name: registry.create(name, {}) for name in {voice.partition(":")[0] for voice in voices}}
    for engine in engines.values():
        await engine.start()
    for named in voices:
        name, _, voice = named.partition(":")
        said = [await engines[name].synthesize(Utterance(text, voice, "zh-TW")) for text in SENTENCES]
        found[named] = tuple(timbre(pcm) for pcm in said)
        print(named, *(f"{one.pitch_hz:.0f} Hz" for one in found[named]), flush=True)
    for engine in engines.values():
        await engine.close()
    return found


def _report(found: dict[str, tuple[Timbre, ...]]) -> None:
    within = [first.apart_db(second) for first, second in found.values()]
    print(f"two sentences of one voice: {np.median(within):.1f} dB apart (median)")
    pairs = sorted(
        (
            float(np.mean([one.apart_db(other) for one, other in zip(found[a], found[b], strict=True)])),
            float(np.mean([one.apart_semitones(other) for one, other in zip(found[a], found[b], strict=True)])),
            f"{a} and {b}",
        )
        for a, b in combinations(found, 2)
    )
    for db, semitones, pair in pairs[:5]:
        print(f"{pair}: the same sentence {db:.1f} dB and {semitones:.1f} semitones apart")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("voices", nargs="+", help="engine:voice")
    _report(asyncio.run(_timbres(parser.parse_args().voices)))


if __name__ == "__main__":
    main()
