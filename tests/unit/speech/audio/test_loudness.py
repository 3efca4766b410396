"""Loudness of signals whose loudness is known: those of EBU Tech 3341, in one channel, hence 3.01 LU lower."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import av.filter
import pytest

from segue.speech.audio.loudness import integrated_lufs
from support.sound import a_tone, in_turn, noise, silence

if TYPE_CHECKING:
    from segue.speech.audio.pcm import Samples

ONE_CHANNEL_DB = 3.01


def sine(level_dbfs: float, duration_s: float, rate_hz: int = 48_000, frequency_hz: float = 997.0) -> Samples:
    return a_tone(duration_s, frequency_hz, rate_hz, peak=10 ** (level_dbfs / 20))


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("level_dbfs", [-23.0, -33.0, -3.0])
def test_a_sine_of_997_hertz_has_its_level_less_three_decibels(level_dbfs: float, rate_hz: int) -> None:
    measured = integrated_lufs(sine(level_dbfs, 5.0, rate_hz), rate_hz)

    assert measured == pytest.approx(level_dbfs - ONE_CHANNEL_DB, abs=0.1)


@pytest.mark.parametrize(
    "parts",
    [
        [(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)],
        [(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)],
        [(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)],
    ],
)
def test_quiet_parts_are_gated_as_ebu_tech_3341_asks(parts: list[tuple[float, float]]) -> None:
    whole = in_turn(*(sine(level_dbfs, duration_s, frequency_hz=1000.0) for level_dbfs, duration_s in parts))

    assert integrated_lufs(whole, 48_000) == pytest.approx(-23.0 - ONE_CHANNEL_DB, abs=0.1)


def test_low_sounds_count_for_less_than_high_ones() -> None:
    low, high = (integrated_lufs(sine(-20.0, 2.0, 48_000, hz), 48_000) for hz in (40.0, 4_000.0))

    assert low is not None
    assert high is not None
    assert high - low > 6.0


def test_less_than_one_block_of_the_measure_has_no_loudness() -> None:
    assert integrated_lufs(noise(0.39), 16_000) is None
    assert integrated_lufs(noise(0.41), 16_000) is not None


def test_silence_has_no_loudness() -> None:
    assert integrated_lufs(silence(3.0), 16_000) is None
    assert integrated_lufs(silence(0.0), 16_000) is None
    assert integrated_lufs(sine(-80.0, 3.0), 48_000) is None


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_sound_is_as_loud_as_ffmpeg_finds_it(rate_hz: int) -> None:
    sounds = (noise(3.0, rate_hz=rate_hz), in_turn(a_tone(0.7, 300.0, rate_hz), silence(1.3), noise(0.33)))
    for sound in sounds:
        assert integrated_lufs(sound, rate_hz) == pytest.approx(by_ffmpeg(sound, rate_hz), abs=0.05)


def by_ffmpeg(samples: Samples, rate_hz: int) -> float:
    """What its own meter says."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate_hz, format="flt", layout="mono", time_base=Fraction(1, rate_hz))
    graph.link_nodes(source, graph.add("ebur128", "metadata=1"), graph.add("abuffersink")).configure()
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
    graph.push(frame)
    graph.push(None)
    found: list[float] = []
    with suppress(av.EOFError):
        while True:
            metadata = graph.pull().metadata
            found += [float(metadata[key]) for key in ("lavfi.r128.I",) if key in metadata]
    return found[-1]
