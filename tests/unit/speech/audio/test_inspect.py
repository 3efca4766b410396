"""Listening to what came out: each fault is heard, and good speech is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.speech.audio.inspect import FATAL, Finding, Limits, inspect
from segue.speech.core.text.pace import plausible_duration
from support.sound import RATE_HZ, SENTENCE, a_tone, a_voice, chatter, in_turn, noise, silence

if TYPE_CHECKING:
    from segue.speech.audio.pcm import Samples

ANY_LENGTH = plausible_duration(SENTENCE)._replace(shortest_s=0.0, longest_s=1e6, usual_s=1e6)


def heard(samples: Samples, text: str = SENTENCE, rate_hz: int = RATE_HZ) -> list[Finding]:
    return inspect(samples, rate_hz, plausible_duration(text))


def test_good_speech_is_left_alone() -> None:
    assert heard(a_voice()) == []


@pytest.mark.parametrize("duration_s", [0.0, 0.01, 0.049])
def test_next_to_nothing_is_empty(duration_s: float) -> None:
    assert heard(a_tone(duration_s)) == [Finding.EMPTY]


@pytest.mark.parametrize("rate_hz", [1, 2, 50])
@pytest.mark.parametrize("count", [0, 1, 3, 10])
def test_a_sample_rate_that_cannot_be_is_judged_all_the_same(rate_hz: int, count: int) -> None:
    assert heard(np.zeros(count, np.float32), rate_hz=rate_hz)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_one_sample_that_is_no_number_spoils_all(wrong: float) -> None:
    samples = a_voice().copy()
    samples[1000] = wrong

    assert heard(samples) == [Finding.NOT_A_NUMBER]


@pytest.mark.parametrize("level", [0.0, 0.0005])
def test_silence_is_not_speech_nor_is_a_whisper_of_hum(level: float) -> None:
    assert heard(a_tone(3.0, peak=level)) == [Finding.SILENT]


def test_one_word_in_a_long_silence_is_silence() -> None:
    assert heard(in_turn(silence(10.0), a_voice("Hi!"), silence(10.0))) == [Finding.SILENT]


def test_a_voice_driven_into_the_rails_is_clipped() -> None:
    assert Finding.CLIPPED in heard(np.clip(a_voice() * 20, -1, 1))


def test_a_few_peaks_at_full_scale_are_no_fault() -> None:
    samples = a_voice()
    peak = np.abs(samples).max()

    assert heard(samples / peak) == []


def test_a_sentence_that_ends_after_its_first_syllable_is_too_short() -> None:
    assert Finding.TOO_SHORT in heard(a_voice()[: int(0.2 * RATE_HZ)])


def test_silence_around_it_makes_it_no_longer() -> None:
    cut_off = in_turn(silence(0.7), a_voice()[: int(0.2 * RATE_HZ)], silence(0.7))

    assert Finding.TOO_SHORT in heard(cut_off)


def test_half_a_minute_for_one_word_is_too_long() -> None:
    assert Finding.TOO_LONG in heard(a_voice(SENTENCE * 8), "Hi!")


def test_the_same_half_sentence_over_and_over_is_a_loop() -> None:
    half = a_voice()[: int(1.13 * RATE_HZ)]

    assert Finding.LOOPING in heard(np.tile(half, 7))


@pytest.mark.parametrize("period_s", [0.21, 0.37, 0.733, 1.9])
def test_a_loop_of_any_period_is_heard(period_s: float) -> None:
    part = a_voice(SENTENCE + SENTENCE)[: int(period_s * RATE_HZ)]

    assert Finding.LOOPING in heard(np.tile(part, int(14 / period_s)))


def test_a_text_that_repeats_itself_is_no_loop() -> None:
    ha = in_turn(a_voice("ha")[: int(0.2 * RATE_HZ)], silence(0.1))

    assert heard(np.tile(ha, 8), "ha ha ha ha ha ha ha ha") == []


def test_a_long_text_that_never_comes_back_to_itself_is_no_loop() -> None:
    assert heard(chatter(12.0), SENTENCE) == []
    assert heard(chatter(30.0), SENTENCE) == [Finding.TOO_LONG]


def test_a_steady_hum_is_no_loop() -> None:
    assert Finding.LOOPING not in heard(a_tone(12.0))


def test_a_voice_that_swells_slowly_is_no_loop() -> None:
    """It is like itself a moment ago at every moment, and never comes back."""
    swelling = a_tone(12.0) * np.logspace(-2.0, 0.0, 12 * RATE_HZ).astype(np.float32)

    assert Finding.LOOPING not in heard(swelling)


def test_noise_is_not_speech() -> None:
    assert heard(noise(3.0)) == [Finding.NOISE]


def test_a_voice_over_soft_noise_is_still_a_voice() -> None:
    voice = a_voice()

    assert heard(voice + noise(voice.size / RATE_HZ, peak=0.001)[: voice.size]) == []


@pytest.mark.parametrize("magic", [b"RIFF", b"OggS", b"fLaC", b"ID3\x04"])
def test_a_file_taken_for_samples_is_known_by_its_first_bytes(magic: bytes) -> None:
    samples = a_voice().copy()
    samples[:2] = np.frombuffer(magic, "<i2").astype(np.float32) / 32768

    assert heard(samples) == [Finding.HEADER]


def test_a_hole_of_seconds_is_dead_air_and_no_reason_to_refuse() -> None:
    found = heard(in_turn(a_voice(), silence(2.5), a_voice()))

    assert found == [Finding.DEAD_AIR]
    assert Finding.DEAD_AIR not in FATAL


def test_a_pause_between_sentences_is_not_dead_air() -> None:
    assert heard(in_turn(a_voice(), silence(1.2), a_voice()), SENTENCE + SENTENCE) == []


def test_a_voice_cut_at_its_loudest_ends_abruptly_and_is_reported_only() -> None:
    at_a_peak = a_voice()[: int(3.1 * RATE_HZ)]

    assert heard(at_a_peak) == [Finding.ABRUPT_END]
    assert Finding.ABRUPT_END not in FATAL


def test_the_limits_can_be_moved() -> None:
    quiet = a_tone(3.0, peak=0.002)

    assert inspect(quiet, RATE_HZ, ANY_LENGTH) == [Finding.SILENT]
    assert inspect(quiet, RATE_HZ, ANY_LENGTH, Limits(silence_db=-80.0)) == []


@pytest.mark.parametrize("rate_hz", [8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_it_hears_the_same_at_every_sample_rate(rate_hz: int) -> None:
    assert heard(a_voice(rate_hz=rate_hz), rate_hz=rate_hz) == []
    assert heard(noise(3.0, rate_hz), rate_hz=rate_hz) == [Finding.NOISE]
    assert heard(silence(3.0, rate_hz), rate_hz=rate_hz) == [Finding.SILENT]


def test_every_finding_is_told_and_the_fatal_ones_are_those_that_make_it_useless() -> None:
    assert set(Finding) - FATAL == {Finding.DEAD_AIR, Finding.ABRUPT_END}
