"""The last step of a synthesis: listened to, levelled, wrapped, or refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segue.audio.finish import Finished, Spoken
from segue.audio.finish import finish as finish_lines
from segue.audio.pcm import to_s16
from segue.core.errors import BadAudio
from segue.core.lines import Line
from segue.core.speech import AudioFormat, Container, Manner, Pcm, ResolvedRequest, SampleEncoding
from segue.testing.audio import babble
from support.audio import duration_of
from support.sound import RATE_HZ, SENTENCE, chatter

PLAIN = Manner("scripted", "1", "en-US", "en-US", AudioFormat(Container.PCM))


def finish(pcm: Pcm, resolved: ResolvedRequest) -> Finished:
    """One line, as most answers are."""
    line = Line(resolved.text, rate_ratio=resolved.manner.rate_ratio)
    return finish_lines([Spoken(line, pcm)], resolved.manner)


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
