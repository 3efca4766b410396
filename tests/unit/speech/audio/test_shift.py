"""Pitch and pace changed after the fact, of sounds whose pitch and length are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.speech.audio.shift import Shifter, shifted
from support.sound import RATE_HZ, a_tone, a_voice, chatter, f0_hz, in_turn, largest_step, noise, silence

if TYPE_CHECKING:
    from segue.speech.audio.pcm import Samples


def hum(duration_s: float, pitch_hz: float = 140.0) -> Samples:
    """A voice's harmonics, held."""
    parts = [a_tone(duration_s, number * pitch_hz, peak=0.2 / number) for number in range(1, 9)]
    whole: Samples = np.sum(parts, axis=0, dtype=np.float32)
    return whole


def streamed(samples: Samples, semitones: float, stretch_ratio: float, chunks: int = 17) -> Samples:
    shifter = Shifter(RATE_HZ, semitones, stretch_ratio)
    given = [shifter.push(chunk) for chunk in np.array_split(samples, chunks)]
    return np.concatenate((*given, shifter.finish()))


@pytest.mark.parametrize("way", [lambda *asked: shifted(asked[0], RATE_HZ, *asked[1:]), streamed])
@pytest.mark.parametrize("semitones", [-4.0, -1.5, 0.5, 2.0, 4.0, 12.0])
def test_the_pitch_moves_as_far_as_asked_and_the_length_stays(way: object, semitones: float) -> None:
    voice = hum(3.0)

    assert callable(way)
    moved = way(voice, semitones, 1.0)

    assert f0_hz(moved, RATE_HZ) == pytest.approx(140.0 * 2 ** (semitones / 12), rel=0.01)
    assert moved.size == pytest.approx(voice.size, rel=0.01)


@pytest.mark.parametrize("way", [lambda *asked: shifted(asked[0], RATE_HZ, *asked[1:]), streamed])
@pytest.mark.parametrize("stretch_ratio", [0.5, 0.8, 1.25, 2.0, 4.0])
def test_the_pace_changes_as_far_as_asked_and_the_pitch_stays(way: object, stretch_ratio: float) -> None:
    voice = hum(4.0)

    assert callable(way)
    paced = way(voice, 0.0, stretch_ratio)

    assert paced.size == pytest.approx(voice.size / stretch_ratio, rel=0.01)
    assert f0_hz(paced, RATE_HZ) == pytest.approx(140.0, rel=0.01)


@pytest.mark.parametrize("stretch_ratio", [0.5, 1.0, 2.0])
def test_what_happens_at_a_moment_happens_at_that_moment(stretch_ratio: float) -> None:
    at = [0.1, 1.0, 1.9]
    blips = in_turn(silence(2.0))
    for begin_s in at:
        begin = int(begin_s * RATE_HZ)
        blips[begin : begin + 320] = a_tone(0.02, 600.0) * np.hanning(320)

    out = shifted(blips, RATE_HZ, 2.0, stretch_ratio)

    for begin_s in at:
        middle = int((begin_s + 0.01) / stretch_ratio * RATE_HZ)
        near = np.abs(out[middle - 800 : middle + 800])
        assert near.max() > 0.1
        assert abs(int(near.argmax()) - 800) < 0.015 * RATE_HZ


def test_neither_pitch_nor_pace_asked_changes_nothing() -> None:
    voice = a_voice()

    assert np.array_equal(shifted(voice, RATE_HZ, 0.0, 1.0), voice)
    assert np.array_equal(streamed(voice, 0.0, 1.0), voice)


def test_the_same_sound_is_always_shifted_the_same_way() -> None:
    hiss = noise(1.0)

    assert np.array_equal(shifted(hiss, RATE_HZ, 3.0, 0.9), shifted(hiss, RATE_HZ, 3.0, 0.9))


@pytest.mark.parametrize("chunks", [1, 3, 400])
def test_a_stream_is_the_same_however_it_is_cut(chunks: int) -> None:
    voice = chatter(3.0)

    assert np.array_equal(streamed(voice, 2.0, 1.1, chunks), streamed(voice, 2.0, 1.1, 17))


@pytest.mark.parametrize("pitch_hz", [85.0, 140.0, 233.0])
def test_a_held_voice_has_no_click_or_dip_where_a_stream_was_cut(pitch_hz: float) -> None:
    voice = hum(4.0, pitch_hz)
    whole, stream = shifted(voice, RATE_HZ, 3.0, 1.0), streamed(voice, 3.0, 1.0)

    assert largest_step(stream) < 1.3 * largest_step(whole)
    inside = stream[RATE_HZ // 10 : -RATE_HZ // 10]
    frames = inside[: inside.size // 400 * 400].reshape(-1, 400)
    assert np.sqrt((frames**2).mean(axis=1)).min() > 0.8 * np.sqrt((whole**2).mean())


def test_something_comes_out_before_a_second_has_gone_in() -> None:
    shifter = Shifter(RATE_HZ, 2.0, 1.0)

    assert shifter.push(hum(0.7)).size > 0


@pytest.mark.parametrize("count", [0, 1, 50, 4_000])
def test_the_shortest_sounds_keep_their_length(count: int) -> None:
    some = noise(1.0)[:count]

    assert shifted(some, RATE_HZ, 3.0, 1.0).size == count
    assert streamed(some, 3.0, 1.0).size == count


def test_silence_stays_silence() -> None:
    assert not shifted(silence(1.0), RATE_HZ, 3.0, 1.3).any()
    assert not streamed(silence(2.0), 3.0, 1.3).any()
