"""Every container plays from the first sample to the last, whole and streamed."""

from __future__ import annotations

import numpy as np
import pytest

from segue.speech.audio.encode import encode
from segue.speech.audio.stream_encode import StreamEncoder
from segue.speech.core.speech import AudioFormat, Container
from support.containers import LAST_PAGE, Played, ogg_pages, played, stream_info, streamed
from support.sound import a_tone, in_turn, silence

RATES_HZ = (16_000, 22_050, 24_000)
DURATIONS_S = (0.05, 0.3, 1.0, 5.37)
BURST_S = 0.05
OPUS_PRE_SKIP = 312
OPUS_CLOCK_HZ = 48_000
EXACT = (Container.WAV, Container.PCM, Container.FLAC, Container.OPUS, Container.ALAW, Container.MULAW)

AAC_FRAME = 1024
MP3_DELAY = 1105
MP3_FRAME = 576
"""LAME's delay and the decoder's own; the frame is MPEG-2's, of rates below 32 kHz."""


def a_burst_at_the_end(duration_s: float, rate_hz: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    burst = a_tone(BURST_S, 1000.0, rate_hz)
    return in_turn(silence(duration_s, rate_hz)[: -burst.size or None], burst)[-int(duration_s * rate_hz) :]


def in_chunks(samples: np.ndarray[tuple[int], np.dtype[np.float32]], rate_hz: int, form: AudioFormat) -> bytes:
    return streamed(samples, rate_hz, form, [rate_hz // 10])


def assert_the_burst_ends_at(sound: Played, end: int) -> None:
    """It sounds to the end, in step with the original."""
    assert sound.samples.size >= end
    tail = sound.samples[max(0, end - int(BURST_S * sound.rate_hz)) : end]
    burst = a_tone(BURST_S, 1000.0, sound.rate_hz)[: tail.size]
    likeness = float(np.dot(tail, burst) / np.sqrt(np.dot(tail, tail) * np.dot(burst, burst)))
    assert likeness > 0.9
    assert np.abs(tail[-sound.rate_hz // 100 :]).max() > 0.3


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("duration_s", DURATIONS_S)
@pytest.mark.parametrize("container", EXACT)
def test_exact_formats_play_exactly_as_long_as_the_sound_whole_and_streamed(
    container: Container, duration_s: float, rate_hz: int
) -> None:
    samples = a_burst_at_the_end(duration_s, rate_hz)
    whole = encode(samples, rate_hz, AudioFormat(container))
    form = AudioFormat(container, whole.rate_hz)

    for data in (whole.data, in_chunks(samples, rate_hz, form)):
        sound = played(data, form)
        assert abs(sound.samples.size - samples.size * sound.rate_hz / rate_hz) < 1
        assert_the_burst_ends_at(sound, sound.samples.size)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("duration_s", DURATIONS_S)
def test_a_whole_mp3_tells_players_what_to_leave_out(duration_s: float, rate_hz: int) -> None:
    samples = a_burst_at_the_end(duration_s, rate_hz)
    form = AudioFormat(Container.MP3, rate_hz)
    sound = played(encode(samples, rate_hz, form).data, form)

    assert sound.samples.size == samples.size
    assert_the_burst_ends_at(sound, samples.size)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("duration_s", DURATIONS_S)
def test_a_streamed_mp3_has_the_coders_silence_at_both_ends_and_all_of_the_sound(
    duration_s: float, rate_hz: int
) -> None:
    samples = a_burst_at_the_end(duration_s, rate_hz)
    form = AudioFormat(Container.MP3, rate_hz)
    sound = played(in_chunks(samples, rate_hz, form), form)

    assert 0 <= sound.samples.size - samples.size - MP3_DELAY < MP3_FRAME
    assert_the_burst_ends_at(sound, samples.size + MP3_DELAY)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("duration_s", DURATIONS_S)
def test_aac_has_one_frame_of_silence_before_and_less_than_one_after(duration_s: float, rate_hz: int) -> None:
    samples = a_burst_at_the_end(duration_s, rate_hz)
    form = AudioFormat(Container.AAC, rate_hz)

    for data in (encode(samples, rate_hz, form).data, in_chunks(samples, rate_hz, form)):
        sound = played(data, form)
        assert 0 <= sound.samples.size - samples.size - AAC_FRAME < AAC_FRAME
        assert_the_burst_ends_at(sound, samples.size + AAC_FRAME)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("duration_s", DURATIONS_S)
def test_opus_ends_with_a_last_page_that_counts_every_sample(duration_s: float, rate_hz: int) -> None:
    samples = a_burst_at_the_end(duration_s, rate_hz)
    form = AudioFormat(Container.OPUS)

    for data in (encode(samples, rate_hz, form).data, in_chunks(samples, rate_hz, form)):
        pages = ogg_pages(data)
        assert [page.number for page in pages] == list(range(len(pages)))
        assert [bool(page.flags & LAST_PAGE) for page in pages] == [False] * (len(pages) - 1) + [True]
        assert int.from_bytes(pages[0].body[10:12], "little") == OPUS_PRE_SKIP
        counted = pages[-1].granule - OPUS_PRE_SKIP
        assert abs(counted - samples.size * OPUS_CLOCK_HZ / rate_hz) < 1


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("duration_s", DURATIONS_S)
def test_flac_says_what_it_holds_as_far_as_it_can_be_known(duration_s: float, rate_hz: int) -> None:
    samples = a_burst_at_the_end(duration_s, rate_hz)
    form = AudioFormat(Container.FLAC, rate_hz)
    whole = stream_info(encode(samples, rate_hz, form).data)
    stream = stream_info(in_chunks(samples, rate_hz, form))

    for info in (whole, stream):
        assert (info.rate_hz, info.channels, info.bits) == (rate_hz, 1, 16)
        assert 16 <= info.least_block <= info.most_block <= 4608
    assert whole.samples == samples.size
    assert any(whole.digest)
    assert (stream.samples, any(stream.digest)) == (0, False)


@pytest.mark.parametrize("container", Container)
def test_both_ways_choose_the_same_rate(container: Container) -> None:
    samples = a_tone(0.3, rate_hz=22_050)

    for wanted in (AudioFormat(container), AudioFormat(container, 24_000)):
        assert StreamEncoder(wanted, 22_050).rate_hz == encode(samples, 22_050, wanted).rate_hz
