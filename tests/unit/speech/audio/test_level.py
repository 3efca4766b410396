"""Voices brought to one loudness, whole and in streams, without a peak too high or a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.speech.audio.level import LARGEST_GAIN_DB, TARGET_LUFS, Leveller, gain_for, levelled, measure
from support.sound import (
    RATE_HZ,
    a_tone,
    a_voice,
    chatter,
    in_turn,
    largest_step,
    noise,
    oversampled_peak_db,
    silence,
)

if TYPE_CHECKING:
    from segue.speech.audio.pcm import Samples


def loudness_of(samples: Samples) -> float:
    lufs = measure(samples, RATE_HZ).integrated_lufs
    assert lufs is not None
    return lufs


def spiky(duration_s: float, ground: float = 0.05) -> Samples:
    """Noise with short loud bursts, so that its peaks are in the way; over more ground they stand out less."""
    dice = np.random.default_rng(3)
    bursts = np.exp(-np.arange(800) / 150.0)
    place = np.zeros(int(duration_s * RATE_HZ))
    place[dice.integers(0, place.size - 800, int(8 * duration_s))] = dice.uniform(0.3, 1.0, int(8 * duration_s))
    shape = ground + np.convolve(place, bursts)[: place.size]
    sound: Samples = (0.3 * dice.normal(0, 1, place.size) * shape).clip(-0.9, 0.9).astype(np.float32)
    return sound


def in_chunks(samples: Samples, gain_db: float, size: int) -> Samples:
    leveller = Leveller(RATE_HZ, gain_db)
    chunks = [leveller.push(samples[begin : begin + size]) for begin in range(0, samples.size, size)]
    return np.concatenate((*chunks, leveller.finish()))


@pytest.mark.parametrize("target_lufs", [TARGET_LUFS, -20.0, -23.0])
def test_voices_of_different_loudness_come_out_the_same(target_lufs: float) -> None:
    voices = (chatter(4.0), 0.2 * chatter(5.0), spiky(4.0, 0.15), 0.1 * noise(3.0))

    levels = [loudness_of(levelled(voice, RATE_HZ, target_lufs)) for voice in voices]

    assert levels == pytest.approx([target_lufs] * len(voices), abs=0.3)


@pytest.mark.parametrize("size", [1, 37, 1_600, 100_000])
def test_no_true_peak_is_above_one_decibel_below_full_scale(size: int) -> None:
    sound = spiky(1.0 if size == 1 else 4.0)

    assert oversampled_peak_db(in_chunks(sound, 15.0, size)) < -1.0
    assert oversampled_peak_db(levelled(sound, RATE_HZ, -10.0)) < -1.0


@pytest.mark.parametrize("frequency_hz", [50.0, 1_000.0, 3_999.0, 6_500.0])
def test_a_tone_that_starts_at_full_height_is_limited_from_its_first_sample(frequency_hz: float) -> None:
    tone = in_turn(silence(0.1), a_tone(0.5, frequency_hz, peak=1.0), silence(0.1))

    assert oversampled_peak_db(in_chunks(tone, 12.0, 333)) < -1.0


@pytest.mark.parametrize("size", [1, 7, 160, 4_321])
def test_a_stream_is_the_same_however_it_is_cut(size: int) -> None:
    sound = spiky(0.5)

    assert in_chunks(sound, 12.0, size) == pytest.approx(in_chunks(sound, 12.0, sound.size), abs=1e-6)


def test_a_stream_keeps_its_length_and_its_place() -> None:
    voice = a_voice()

    assert in_chunks(voice, 0.0, 500) == pytest.approx(voice, abs=1e-6)


def test_a_stream_is_never_more_than_five_milliseconds_late() -> None:
    for rate_hz in (8_000, 16_000, 22_050, 24_000, 48_000):
        late = 10_000 - Leveller(rate_hz, 6.0).push(noise(10_000 / RATE_HZ)).size
        assert 0 < late <= 0.005 * rate_hz


def test_a_stream_with_the_gain_of_the_whole_is_within_one_unit_of_it() -> None:
    for voice in (chatter(4.0), spiky(4.0, 0.15), 0.2 * spiky(4.0, 0.2)):
        gain_db = gain_for(measure(voice, RATE_HZ), TARGET_LUFS)

        streamed = loudness_of(in_chunks(voice, gain_db, 800))

        assert streamed == pytest.approx(loudness_of(levelled(voice, RATE_HZ, TARGET_LUFS)), abs=1.0)


def test_the_limiter_makes_no_step_larger_than_the_gain_would() -> None:
    sound = in_turn(a_tone(0.4, 200.0, peak=0.1), a_tone(0.4, 200.0, peak=0.8), a_tone(0.4, 200.0, peak=0.1))

    limited = in_chunks(sound, 10.0, 400)

    assert largest_step(limited) < largest_step(sound) * 10 ** (10 / 20)


def test_silence_stays_as_it_is() -> None:
    assert not levelled(silence(2.0), RATE_HZ, TARGET_LUFS).any()
    hiss = 1e-5 * noise(2.0)
    assert levelled(hiss, RATE_HZ, TARGET_LUFS) == pytest.approx(hiss, abs=1e-9)


def test_exact_silence_between_words_stays_exact() -> None:
    out = levelled(in_turn(a_tone(1.0), silence(1.0), a_tone(1.0)), RATE_HZ, -10.0)

    assert not out[RATE_HZ : 2 * RATE_HZ].any()


def test_a_word_too_short_to_be_measured_keeps_its_level_or_takes_the_learnt_gain() -> None:
    word = a_tone(0.2, peak=0.1)

    assert levelled(word, RATE_HZ, TARGET_LUFS) == pytest.approx(word, abs=1e-6)
    assert levelled(word, RATE_HZ, TARGET_LUFS, learnt_gain_db=6.0206) == pytest.approx(2 * word, abs=1e-5)


def test_what_can_be_measured_takes_its_own_gain_and_not_the_learnt_one() -> None:
    voice = chatter(3.0)

    assert np.array_equal(
        levelled(voice, RATE_HZ, TARGET_LUFS, learnt_gain_db=19.0), levelled(voice, RATE_HZ, TARGET_LUFS)
    )


def test_the_gain_has_a_limit() -> None:
    faint = 0.01 * chatter(3.0)

    louder = loudness_of(levelled(faint, RATE_HZ, TARGET_LUFS))

    assert louder - loudness_of(faint) == pytest.approx(LARGEST_GAIN_DB, abs=0.1)
    assert in_chunks(faint, 60.0, 800) == pytest.approx(10 * faint, abs=1e-6)


def test_nothing_stays_nothing() -> None:
    assert levelled(silence(0.0), RATE_HZ, TARGET_LUFS).size == 0
    assert in_chunks(silence(0.0), 6.0, 100).size == 0
