"""The gain of a voice, learnt from what it has said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.speech.audio.level import LARGEST_GAIN_DB, Loudness
from segue.speech.audio.level_book import LevelBook

JOE = ("piper", "joe")


def loud(lufs: float | None) -> Loudness:
    return Loudness(lufs, -12.0)


def usual_lufs(book: LevelBook, key: object) -> float | None:
    usual = book.usual(key)
    return None if usual is None else usual.integrated_lufs


def test_nothing_is_known_of_a_voice_that_was_not_heard() -> None:
    assert LevelBook().gain_db(JOE, -16.0) is None


def test_one_output_is_enough_to_begin_with() -> None:
    book = LevelBook()

    book.learn(JOE, loud(-22.0), 2.0)

    assert book.gain_db(JOE, -16.0) == 6.0


def test_voices_are_learnt_apart() -> None:
    book = LevelBook()

    book.learn(JOE, loud(-22.0), 2.0)
    book.learn(("espeak", "en"), loud(-12.0), 2.0)

    assert (book.gain_db(JOE, -16.0), book.gain_db(("espeak", "en"), -16.0)) == (6.0, -4.0)


def test_what_could_not_be_measured_teaches_nothing() -> None:
    book = LevelBook()

    book.learn(JOE, loud(None), 0.2)

    assert book.gain_db(JOE, -16.0) is None


def test_a_whisper_and_a_shout_do_not_move_the_rest() -> None:
    book = LevelBook()

    for lufs in (-22.0, -21.8, -55.0, -22.2, -1.0, -22.1):
        book.learn(JOE, loud(lufs), 3.0)

    assert usual_lufs(book, JOE) == pytest.approx(-22.0, abs=0.3)


def test_a_long_text_says_more_than_single_words() -> None:
    book = LevelBook()

    book.learn(JOE, loud(-20.0), 20.0)
    for _ in range(5):
        book.learn(JOE, loud(-26.0), 0.5)

    assert usual_lufs(book, JOE) == -20.0


def test_a_voice_that_has_become_louder_is_learnt_anew() -> None:
    book = LevelBook()

    for lufs in [-25.0] * 200 + [-18.0] * 40:
        book.learn(JOE, loud(lufs), 3.0)

    assert usual_lufs(book, JOE) == -18.0


def test_keys_that_were_not_heard_for_longest_are_forgotten() -> None:
    book = LevelBook()

    for number in range(1_025):
        book.learn(number, loud(-20.0), 3.0)

    assert usual_lufs(book, 0) is None
    assert usual_lufs(book, 1_024) == -20.0


def test_what_the_limiter_will_take_of_a_voice_with_high_peaks_is_added() -> None:
    book = LevelBook()

    book.learn(JOE, Loudness(-22.0, -3.6), 2.0)

    assert book.gain_db(JOE, -16.0) == pytest.approx(6.0 + 0.3 * (2.4 + 1.6 - 1.0))


@given(st.lists(st.tuples(st.floats(-70, 0), st.floats(0.01, 100)), min_size=1, max_size=100))
def test_the_gain_is_always_within_its_range_and_the_loudness_one_that_was_heard(
    heard: list[tuple[float, float]],
) -> None:
    book = LevelBook()

    for lufs, duration_s in heard:
        book.learn(JOE, loud(lufs), duration_s)

    gain_db = book.gain_db(JOE, -16.0)
    assert gain_db is not None
    assert abs(gain_db) <= LARGEST_GAIN_DB
    assert usual_lufs(book, JOE) in [lufs for lufs, _ in heard]
