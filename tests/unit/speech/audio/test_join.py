"""Pieces joined: what is kept, what is faded, and how soon a stream hears of it."""

from __future__ import annotations

import numpy as np
import pytest

from segue.speech.audio.join import Joiner, join_pieces
from support.sound import RATE_HZ, a_tone, a_voice, largest_step, silence

TEN_MS = RATE_HZ // 100


def test_no_pieces_are_no_sound() -> None:
    assert join_pieces([], RATE_HZ).size == 0


def test_one_piece_is_left_as_it_is() -> None:
    voice = a_voice()

    assert np.array_equal(join_pieces([voice], RATE_HZ), voice)


def test_empty_pieces_leave_no_trace() -> None:
    voice, nothing = a_tone(0.5), silence(0)

    assert np.array_equal(join_pieces([nothing, voice, nothing, nothing], RATE_HZ), voice)


def test_silent_edges_are_put_end_to_end() -> None:
    piece = np.concatenate((silence(0.1), a_tone(0.5), silence(0.1)))

    assert np.array_equal(join_pieces([piece, piece], RATE_HZ), np.concatenate((piece, piece)))


def test_silence_between_pieces_is_exact_and_keeps_its_length() -> None:
    tone, gap = a_tone(0.5, 200.0)[:-20], silence(0.3)

    joined = join_pieces([tone, gap, tone], RATE_HZ)

    assert joined.size == 2 * tone.size + gap.size
    assert not joined[tone.size : tone.size + gap.size].any()
    assert largest_step(joined) <= largest_step(tone)


def test_a_crossfade_keeps_the_level_of_a_held_vowel() -> None:
    vowel = a_tone(1.0, 150.0)

    joined = join_pieces([vowel[:-33], vowel[21:]], RATE_HZ)

    seam = joined[RATE_HZ - 4 * TEN_MS : RATE_HZ + 4 * TEN_MS].reshape(8, -1)
    periods = np.sqrt(np.mean(seam[:-1].reshape(-1, 7 * TEN_MS) ** 2))
    assert periods == pytest.approx(0.5 / np.sqrt(2), rel=0.12)


def test_a_stream_holds_back_ten_milliseconds_and_no_more() -> None:
    joiner, tone = Joiner(RATE_HZ), a_tone(0.5)

    given = joiner.push(tone, new_piece=True)

    assert tone.size - given.size == TEN_MS
    assert joiner.finish().size == TEN_MS


def test_a_piece_shorter_than_any_fade_is_joined_all_the_same() -> None:
    tone = a_tone(1.0)

    joined = join_pieces([tone, tone[40:43], tone], RATE_HZ)

    assert joined.size == pytest.approx(2 * tone.size, rel=0.01)
    assert largest_step(joined) <= largest_step(tone) + 1e-6
