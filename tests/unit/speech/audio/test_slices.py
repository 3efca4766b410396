"""Slices: nothing is lost, the first ones are small, and only one is the first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.speech.audio.slices import Slicer

RATE_HZ = 1000


@given(st.lists(st.integers(0, 5000), max_size=6), st.sampled_from([1, 7, RATE_HZ, 48000]))
def test_slices_are_the_sound(sizes: list[int], rate_hz: int) -> None:
    slicer = Slicer()
    pieces = [np.arange(size, dtype=np.float32) for size in sizes]
    cut = [list(slicer.cut(piece, rate_hz)) for piece in pieces]

    for piece, slices in zip(pieces, cut, strict=True):
        whole = np.concatenate([one.samples for one in slices]) if slices else np.empty(0, np.float32)
        assert np.array_equal(whole, piece)
    firsts = [one.is_first for slices in cut for one in slices]
    assert firsts == [True] * bool(firsts) + [False] * (len(firsts) - 1)


@pytest.mark.parametrize("pieces", [[4000], [100, 200, 400, 1000, 1000, 1000, 300], [700, 3300]])
def test_the_first_slices_are_small_whatever_the_pieces_are(pieces: list[int]) -> None:
    slicer = Slicer()
    sizes = [one.samples.size for size in pieces for one in slicer.cut(np.zeros(size, np.float32), RATE_HZ)]

    assert sizes[:2] == [100, 200]
    assert max(sizes[:3]) <= 400
    assert max(sizes) <= 1000
    assert sum(sizes) == sum(pieces)
