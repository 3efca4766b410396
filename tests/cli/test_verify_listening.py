"""Audio that a deployment served, listened to: whatever the status was, it must be speech of the text."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from segue.cli.verify.listening import embedded_audio, heard, heard_as_told
from segue.cli.verify.outcome import CheckFailed
from segue.cli.verify.wire import ListedCharacter, SpokenAnswer
from segue.speech.audio.encode import encode
from segue.speech.core.speech import AudioFormat, Container
from support.sound import RATE_HZ, SENTENCE, a_voice, noise, silence

if TYPE_CHECKING:
    from segue.speech.audio.pcm import Samples


def a_file(samples: Samples, container: Container = Container.MP3) -> bytes:
    return encode(samples, RATE_HZ, AudioFormat(container)).data


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer tells of its audio."""

    duration_s: float
    size_bytes: int
    audio_base64: str | None = None

    def answer(self) -> SpokenAnswer:
        return SpokenAnswer(
            None,
            self.audio_base64,
            self.duration_s,
            self.size_bytes,
            cached=False,
            source="new",
            voice_model="piper",
            voice_name="Joe",
            character=ListedCharacter({"rate": 1.0}),
            arm="candidate",
            reason="forced",
            fallback_error=None,
        )


@pytest.mark.parametrize("container", [Container.MP3, Container.WAV, Container.OPUS, Container.FLAC])
def test_a_voice_is_speech_in_every_container(container: Container) -> None:
    samples = a_voice()
    data = a_file(samples, container)

    words = heard_as_told(Told(samples.size / RATE_HZ, len(data)).answer(), data, SENTENCE)
    assert "s of speech" in words
    assert words.endswith(", Joe")


@pytest.mark.parametrize(
    ("samples", "finding"),
    [(silence(3.0), "silent"), (noise(3.0), "noise"), (a_voice()[: RATE_HZ // 5], "too_short")],
)
def test_what_is_not_speech_is_found(samples: Samples, finding: str) -> None:
    with pytest.raises(CheckFailed, match=finding) as failed:
        heard(a_file(samples, Container.WAV), SENTENCE)

    assert "not speech" in failed.value.means


def test_a_page_instead_of_a_file_is_found() -> None:
    with pytest.raises(CheckFailed, match="cannot be decoded"):
        heard(b"<html>Bad Gateway</html>", SENTENCE)


def test_a_file_that_was_cut_on_its_way_is_found() -> None:
    samples = a_voice()
    data = a_file(samples, Container.WAV)
    told = Told(samples.size / RATE_HZ, len(data)).answer()

    with pytest.raises(CheckFailed, match="the file has") as failed:
        heard_as_told(told, data[: len(data) * 3 // 4], SENTENCE)
    assert "truncated" in failed.value.means


def test_audio_within_an_answer_is_taken_out_of_it() -> None:
    assert embedded_audio(Told(1.0, 3, base64.b64encode(b"abc").decode()).answer()) == b"abc"
    assert embedded_audio(Told(1.0, 0, None).answer()) == b""
    with pytest.raises(CheckFailed, match="not valid base64"):
        embedded_audio(Told(1.0, 3, "@@@").answer())
