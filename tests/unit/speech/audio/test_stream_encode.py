"""Samples encoded as they come: early, in one piece, and no other than the whole."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.kernel.errors import InternalFailure
from segue.speech.audio.encode import encode
from segue.speech.audio.resample import Resampler, resample
from segue.speech.audio.stream_encode import StreamEncoder
from segue.speech.core.speech import AudioFormat, Container
from support.containers import played, stream_parts, streamed
from support.sound import a_voice, chatter

RATE_HZ = 16_000
VOICE = a_voice()
MP3_DELAY = 1105
LOSSLESS = (Container.WAV, Container.PCM, Container.FLAC)

chunkings = st.lists(st.integers(1, 5000), min_size=1, max_size=30)


def assert_streamed_is_whole(container: Container, wanted_hz: int | None, sizes: list[int]) -> None:
    """Sample for sample: a step at the seam of two chunks would be a difference."""
    whole = encode(VOICE, RATE_HZ, AudioFormat(container, wanted_hz))
    form = AudioFormat(container, whole.rate_hz)
    expected = played(whole.data, form).samples
    heard = played(streamed(VOICE, RATE_HZ, form, sizes), form).samples
    lead = MP3_DELAY if container is Container.MP3 else 0

    assert heard.size >= expected.size + lead
    assert np.abs(heard[lead : lead + expected.size] - expected).max() < 1e-4


@pytest.mark.parametrize("chunk", [160, 1601, 16_000, 1_000_000])
@pytest.mark.parametrize("wanted_hz", [None, 24_000])
@pytest.mark.parametrize("container", Container)
def test_a_stream_sounds_as_the_whole_does(container: Container, wanted_hz: int | None, chunk: int) -> None:
    assert_streamed_is_whole(container, wanted_hz, [chunk])


@pytest.mark.parametrize("container", Container)
@given(sizes=chunkings)
@settings(max_examples=12, deadline=None)
def test_however_the_samples_are_cut_up(container: Container, sizes: list[int]) -> None:
    assert_streamed_is_whole(container, None, sizes)


@given(sizes=chunkings, rates_hz=st.permutations([8000, 16_000, 22_050, 24_000, 48_000]))
@settings(max_examples=25, deadline=None)
def test_resampling_in_pieces_is_resampling_the_whole(sizes: list[int], rates_hz: list[int]) -> None:
    from_hz, to_hz, *_ = rates_hz
    samples = (VOICE * 32767).astype(np.int16)
    resampler = Resampler(from_hz, to_hz)
    pieces = [resampler.push(piece) for piece in np.split(samples, np.cumsum(sizes))]

    assert np.concatenate([*pieces, resampler.finish()]).tolist() == resample(samples, from_hz, to_hz).tolist()


def test_at_one_rate_the_samples_pass_untouched() -> None:
    samples = (VOICE * 32767).astype(np.int16)

    assert Resampler(RATE_HZ, RATE_HZ).push(samples) is samples


@pytest.mark.parametrize("container", Container)
def test_a_first_tenth_of_a_second_at_24_khz_lets_bytes_go_at_once(container: Container) -> None:
    encoder = StreamEncoder(AudioFormat(container), 24_000)

    assert encoder.push(a_voice(rate_hz=24_000)[:2400])


@pytest.mark.parametrize("container", Container)
def test_bytes_leave_as_the_samples_come_and_little_is_held_back(container: Container) -> None:
    voice = chatter(10.0)
    *parts, rest = stream_parts(voice, RATE_HZ, AudioFormat(container), [1600])
    total_bytes = sum(map(len, parts)) + len(rest)
    longest_wait = max(len(run) for run in "".join("x" if part else "." for part in parts).split("x"))

    assert longest_wait <= 1
    assert len(rest) < 0.04 * total_bytes


@pytest.mark.parametrize("container", LOSSLESS)
def test_lossless_streams_lose_nothing(container: Container) -> None:
    form = AudioFormat(container, RATE_HZ)
    heard = played(streamed(VOICE, RATE_HZ, form, [777]), form).samples

    assert np.abs(heard - VOICE).max() <= 0.5 / 32768


def test_a_streamed_wav_says_that_it_does_not_know_its_size() -> None:
    data = streamed(VOICE, RATE_HZ, AudioFormat(Container.WAV), [1000])

    assert data[4:8] == data[40:44] == b"\xff\xff\xff\xff"
    assert data.count(b"RIFF") == 1
    assert len(data) == 44 + VOICE.size * 2


def test_empty_pushes_change_nothing() -> None:
    for container in Container:
        wanted = AudioFormat(container, RATE_HZ)
        encoder = StreamEncoder(wanted, RATE_HZ)
        parts = [encoder.push(VOICE[:0]), encoder.push(VOICE), encoder.push(VOICE[:0]), encoder.finish()]
        assert b"".join(parts) == streamed(VOICE, RATE_HZ, wanted, [VOICE.size])


@pytest.mark.parametrize("container", Container)
def test_a_stream_of_nothing_ends(container: Container) -> None:
    assert len(StreamEncoder(AudioFormat(container), RATE_HZ).finish()) < 200


@pytest.mark.parametrize("container", Container)
def test_a_stream_may_be_given_up(container: Container) -> None:
    encoder = StreamEncoder(AudioFormat(container), RATE_HZ)
    encoder.push(VOICE)
    del encoder

    gc.collect()  # what goes wrong in there is a warning, and warnings are errors


@pytest.mark.parametrize("container", Container)
def test_streams_of_the_same_samples_are_the_same_bytes(container: Container) -> None:
    one, other = (streamed(VOICE, RATE_HZ, AudioFormat(container), [1600]) for _ in range(2))

    assert one == other


def test_a_rate_no_codec_takes_is_our_failure_at_once() -> None:
    with pytest.raises(InternalFailure, match="flac at 2000000 Hz"):
        StreamEncoder(AudioFormat(Container.FLAC, 2_000_000), RATE_HZ)


def test_tiny_pieces_are_resampled_without_a_gap() -> None:
    """Now and then FFmpeg's filter loses samples where it is given five at once."""
    samples = (VOICE * 32767).astype(np.int16)
    whole = resample(samples, 16_000, 8000).tolist()
    cuts = [*np.cumsum([5000, 227, 1999]), *range(7231, samples.size, 5)]
    for _ in range(12):
        resampler = Resampler(16_000, 8000)
        pieces = [resampler.push(piece) for piece in np.split(samples, cuts)]

        assert np.concatenate([*pieces, resampler.finish()]).tolist() == whole


def test_less_than_is_resampled_at_once_comes_with_the_end() -> None:
    samples = (VOICE[:100] * 32767).astype(np.int16)
    memory = samples.copy()
    resampler = Resampler(16_000, 8000)
    first = resampler.push(memory)
    memory[:] = 0

    assert first.size == 0
    assert resampler.finish().tolist() == resample(samples, 16_000, 8000).tolist()
