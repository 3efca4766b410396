"""Samples as arrays and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.speech.audio.pcm import join, to_s16, to_samples
from segue.speech.core.speech import Pcm, SampleEncoding


@given(st.lists(st.integers(-32768, 32767), max_size=50))
def test_sixteen_bits_survive_being_floats(values: list[int]) -> None:
    data = np.array(values, "<i2").tobytes()

    assert to_s16(to_samples(Pcm(data, 16_000))).tobytes() == data


def test_floats_are_taken_as_they_are() -> None:
    values = np.array([0.0, -0.25, 1.5], "<f4")

    samples = to_samples(Pcm(values.tobytes(), 16_000, SampleEncoding.F32))

    assert samples.tolist() == [0.0, -0.25, 1.5]


def test_what_is_beyond_full_scale_is_limited_not_wrapped() -> None:
    assert to_s16(np.array([2.0, 1.0, -1.0, -2.0], np.float32)).tolist() == [32767, 32767, -32768, -32768]


@pytest.mark.parametrize(("encoding", "whole_bytes"), [(SampleEncoding.S16, 4), (SampleEncoding.F32, 8)])
def test_a_part_of_a_sample_at_the_end_is_left_out(encoding: SampleEncoding, whole_bytes: int) -> None:
    assert to_samples(Pcm(bytes(whole_bytes + 1), 16_000, encoding)).size == 2


def test_pieces_of_a_stream_are_joined_in_order() -> None:
    pieces = [Pcm(b"\x01\x00", 16_000), Pcm(b"\x02\x00\x03\x00", 16_000)]

    assert join(pieces) == Pcm(b"\x01\x00\x02\x00\x03\x00", 16_000)


def test_no_pieces_are_no_sound() -> None:
    assert join([]).duration_s == 0.0
