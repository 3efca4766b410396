"""What holds of every joint: no jump, no loss, and no matter how the sound arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.speech.audio.join import Joiner, join_pieces
from support.sound import RATE_HZ, largest_step

if TYPE_CHECKING:
    from segue.speech.audio.pcm import Samples

ONE_OF_16_BITS = 1.0 / 32768.0
ROUNDING = 1e-6


@st.composite
def tones(draw: st.DrawFn) -> Samples:
    """A sine of any phase, on any offset from zero."""
    at_s = np.arange(draw(st.integers(0, 4_000))) / RATE_HZ
    angle = 2 * np.pi * draw(st.floats(20, 4_000)) * at_s + draw(st.floats(0, 6.3))
    wave = draw(st.floats(0, 0.7)) * np.sin(angle) + draw(st.floats(-0.3, 0.3))
    tone: Samples = wave.astype(np.float32)
    return tone


@st.composite
def voices(draw: st.DrawFn) -> Samples:
    """Harmonics of a voice's pitch under syllables, cut anywhere."""
    dice = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    at_s = np.arange(draw(st.integers(1, 6_000))) / RATE_HZ
    pitch_hz, syllable_hz = dice.uniform(80, 260), dice.uniform(2, 6)
    parts = [np.sin(2 * np.pi * pitch_hz * n * at_s + dice.uniform(0, 6.3)) / n for n in range(1, 9)]
    loudness = 0.5 + 0.5 * np.sin(2 * np.pi * syllable_hz * at_s + dice.uniform(0, 6.3))
    whole = np.sum(parts, axis=0) * loudness + dice.normal(0, 0.01, at_s.size)
    voice: Samples = (0.2 * whole).astype(np.float32)
    return voice


silences = st.integers(0, 4_000).map(lambda count: np.zeros(count, np.float32))
pieces_of_all_kinds = st.lists(st.one_of(tones(), voices(), silences), min_size=1, max_size=6)


@given(pieces_of_all_kinds)
def test_no_step_is_larger_than_in_the_pieces(pieces: list[Samples]) -> None:
    joined = join_pieces(pieces, RATE_HZ)

    own = max(largest_step(piece) for piece in pieces)
    assert largest_step(joined) <= max(own, ONE_OF_16_BITS) + ROUNDING


@given(pieces_of_all_kinds)
def test_the_whole_is_as_long_as_its_pieces_within_a_hundredth(pieces: list[Samples]) -> None:
    joined = join_pieces(pieces, RATE_HZ)

    assert joined.size == pytest.approx(sum(piece.size for piece in pieces), rel=0.01)


@given(pieces_of_all_kinds, st.lists(st.integers(1, 3_000), min_size=1, max_size=8))
def test_a_stream_gives_the_samples_of_the_whole_however_it_is_cut(
    pieces: list[Samples], sizes: list[int]
) -> None:
    joiner, given_out = Joiner(RATE_HZ), []

    for piece in pieces:
        cuts = np.cumsum(np.resize(sizes, piece.size // min(sizes) + 1))
        for index, chunk in enumerate(np.split(piece, cuts[cuts < piece.size])):
            given_out.append(joiner.push(chunk, new_piece=index == 0))

    streamed = np.concatenate((*given_out, joiner.finish()))
    assert np.array_equal(streamed, join_pieces(pieces, RATE_HZ))


@given(pieces_of_all_kinds)
def test_nothing_comes_out_louder_than_it_went_in(pieces: list[Samples]) -> None:
    joined = join_pieces(pieces, RATE_HZ)

    loudest = max((float(np.abs(piece).max(initial=0.0)) for piece in pieces), default=0.0)
    assert float(np.abs(joined).max(initial=0.0)) <= loudest + ROUNDING
