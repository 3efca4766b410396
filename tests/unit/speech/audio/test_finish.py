"""The last step of a synthesis: listened to, levelled, wrapped, or refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.kernel.errors import BadAudio
from segue.speech.audio.encode import encode
from segue.speech.audio.finish import Finished, LineAudio
from segue.speech.audio.finish import finish as finish_lines
from segue.speech.audio.pcm import to_s16, to_samples
from segue.speech.core.lines import Line
from segue.speech.core.speech import (
    AudioFormat,
    Container,
    Manner,
    Original,
    Pcm,
    ResolvedRequest,
    SampleEncoding,
)
from segue.testing.audio import babble
from support.audio import duration_of
from support.sound import RATE_HZ, SENTENCE, chatter

PLAIN = Manner("scripted", "1", "en-US", "en-US", AudioFormat(Container.PCM))


def finish(pcm: Pcm, resolved: ResolvedRequest) -> Finished:
    """One line, as most answers are."""
    line = Line(resolved.text, rate_ratio=resolved.manner.rate_ratio)
    return finish_lines([LineAudio(line, pcm)], resolved.manner)


def asked_for(container: Container = Container.PCM, *, volume_ratio: float = 1.0) -> ResolvedRequest:
    manner = replace(PLAIN, audio_format=AudioFormat(container), volume_ratio=volume_ratio)
    return ResolvedRequest(manner, SENTENCE)


def peak(data: bytes) -> int:
    return int(np.abs(np.frombuffer(data, "<i2").astype(np.int32)).max())


@pytest.mark.parametrize("container", Container)
def test_good_speech_is_wrapped_as_asked(container: Container) -> None:
    finished = finish(babble(SENTENCE), asked_for(container))

    assert finished.audio.container is container
    assert finished.audio.duration_s == pytest.approx(babble(SENTENCE).duration_s)
    assert finished.remarks == ()


def test_it_plays() -> None:
    finished = finish(babble(SENTENCE), asked_for(Container.MP3))

    assert duration_of(finished.audio.data) == pytest.approx(finished.audio.duration_s, abs=0.08)


def test_volume_is_a_ratio_of_amplitude() -> None:
    loud = finish(babble(SENTENCE), asked_for())
    soft = finish(babble(SENTENCE), asked_for(volume_ratio=0.25))

    assert peak(soft.audio.data) == pytest.approx(peak(loud.audio.data) / 4, rel=0.01)


def test_a_listener_who_wants_silence_gets_it_and_the_engine_is_not_blamed() -> None:
    finished = finish(babble(SENTENCE), asked_for(volume_ratio=0.0))

    assert peak(finished.audio.data) == 0


def test_floats_of_an_engine_are_understood() -> None:
    voice = babble(SENTENCE)
    floats = (np.frombuffer(voice.data, "<i2") / 32768).astype("<f4")

    finished = finish(Pcm(floats.tobytes(), voice.rate_hz, SampleEncoding.F32), asked_for())

    assert finished.audio.data == voice.data


def test_unusable_audio_is_refused_with_what_was_heard() -> None:
    with pytest.raises(BadAudio, match=r"2\.00 s of unusable audio for 44 characters: silent") as caught:
        finish(Pcm(bytes(64_000), 16_000), asked_for())

    assert caught.value.findings == ("silent",)


def test_the_refusal_does_not_repeat_the_text() -> None:
    with pytest.raises(BadAudio) as caught:
        finish(Pcm(b"", 16_000), asked_for())

    assert "fox" not in str(caught.value)


def test_no_sound_at_all_is_refused() -> None:
    with pytest.raises(BadAudio, match="empty"):
        finish(Pcm(b"", 1), asked_for())


def test_what_is_odd_but_usable_is_remarked_on() -> None:
    voice = babble(SENTENCE)
    with_a_hole = Pcm(voice.data + bytes(2 * 3 * voice.rate_hz) + voice.data, voice.rate_hz)

    assert finish(with_a_hole, asked_for()).remarks == ("dead_air",)


def test_the_pace_asked_for_is_the_pace_it_is_judged_by() -> None:
    drawn_out = Pcm(to_s16(chatter(20.0)).tobytes(), RATE_HZ)
    text = SENTENCE[:20]

    assert finish(drawn_out, ResolvedRequest(replace(PLAIN, rate_ratio=0.25), text)).audio.data
    with pytest.raises(BadAudio, match="too_long"):
        finish(drawn_out, ResolvedRequest(PLAIN, text))


FILES = {
    container: encode(to_samples(babble(SENTENCE, rate_hz=24_000)), 24_000, AudioFormat(container)).data
    for container in (Container.WAV, Container.MP3)
}


def came_in(container: Container) -> Pcm:
    """The sentence as a server sent it, in bytes that we would not have made ourselves."""
    data = FILES[container]
    data = b"ID3\x04\x00\x00\x00\x00\x00\x00" + data if container is Container.MP3 else data
    return replace(babble(SENTENCE, rate_hz=24_000), original=Original(data, container))


@pytest.mark.parametrize("container", FILES)
@pytest.mark.parametrize("rate_hz", [None, 24_000])
def test_what_came_as_it_is_asked_for_goes_out_as_it_came(container: Container, rate_hz: int | None) -> None:
    pcm = came_in(container)
    manner = replace(PLAIN, audio_format=AudioFormat(container, rate_hz))

    finished = finish(pcm, ResolvedRequest(manner, SENTENCE))

    assert pcm.original is not None
    assert finished.audio.data == pcm.original.data
    assert (finished.audio.container, finished.audio.rate_hz) == (container, 24_000)
    assert finished.audio.duration_s == pcm.duration_s
    assert finished.gain_db is None


@pytest.mark.parametrize(
    "manner",
    [
        replace(PLAIN, audio_format=AudioFormat(Container.WAV)),
        replace(PLAIN, audio_format=AudioFormat(Container.MP3, 16_000)),
        replace(PLAIN, audio_format=AudioFormat(Container.MP3, bit_rate_bps=96_000)),
        replace(PLAIN, audio_format=AudioFormat(Container.MP3), volume_ratio=0.5),
        replace(PLAIN, audio_format=AudioFormat(Container.MP3), level_lufs=-16.0),
    ],
    ids=["format", "rate", "bit rate", "volume", "level"],
)
def test_what_is_to_be_changed_is_made_anew(manner: Manner) -> None:
    pcm = came_in(Container.MP3)

    finished = finish(pcm, ResolvedRequest(manner, SENTENCE))

    assert pcm.original is not None
    assert finished.audio.data != pcm.original.data
    assert finished.audio.container is manner.audio_format.container


@pytest.mark.parametrize(
    "line",
    [
        Line(SENTENCE, shift_semitones=-3.0),
        Line(SENTENCE, stretch_ratio=1.2),
        Line(SENTENCE, volume_ratio=0.5),
        Line(SENTENCE, silence_before_ms=300),
        Line(SENTENCE, silence_after_ms=300),
    ],
    ids=["shift", "stretch", "volume", "silence before", "silence after"],
)
def test_a_line_that_is_shaped_is_made_anew(line: Line) -> None:
    pcm = came_in(Container.MP3)
    manner = replace(PLAIN, audio_format=AudioFormat(Container.MP3))

    finished = finish_lines([LineAudio(line, pcm)], manner)

    assert pcm.original is not None
    assert finished.audio.data != pcm.original.data


def test_several_lines_are_made_anew() -> None:
    pcm, line = came_in(Container.MP3), Line(SENTENCE)

    finished = finish_lines([LineAudio(line, pcm)] * 2, replace(PLAIN, audio_format=AudioFormat(Container.MP3)))

    assert finished.audio.duration_s == pytest.approx(2 * pcm.duration_s, rel=0.02)


def test_what_goes_out_as_it_came_is_inspected_all_the_same() -> None:
    silence = replace(came_in(Container.MP3), data=bytes(96_000))

    with pytest.raises(BadAudio, match="silent"):
        finish(silence, asked_for(Container.MP3))
