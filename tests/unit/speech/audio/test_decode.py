"""Files read back: every container, and whatever is none."""

from __future__ import annotations

import numpy as np
import pytest

from segue.kernel.errors import BadAudio
from segue.speech.audio.decode import decode
from segue.speech.audio.encode import encode
from segue.speech.core.speech import AudioFormat, Container

RATE_HZ = 24_000
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.float32)
BARE = (Container.PCM, Container.ALAW, Container.MULAW)
FILES = [container for container in Container if container not in BARE]


@pytest.mark.parametrize("container", FILES)
def test_what_was_encoded_is_heard_again(container: Container) -> None:
    sound = decode(encode(TONE, RATE_HZ, AudioFormat(container)).data)

    assert sound.rate_hz in (RATE_HZ, 48_000)
    assert sound.duration_s == pytest.approx(1.0, abs=0.1)
    assert np.abs(sound.samples).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("container", Container)
def test_what_was_encoded_is_heard_again_by_whoever_knows_what_it_was(container: Container) -> None:
    audio = encode(TONE, RATE_HZ, AudioFormat(container))
    sound = decode(audio.data, AudioFormat(container, audio.rate_hz))

    assert sound.rate_hz == (48_000 if container is Container.OPUS else audio.rate_hz)
    assert sound.duration_s == pytest.approx(1.0, abs=0.1)
    assert np.abs(sound.samples).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("container", [Container.ALAW, Container.MULAW])
def test_telephone_samples_of_an_unnamed_rate_are_of_8_khz(container: Container) -> None:
    sound = decode(bytes(4000), AudioFormat(container))

    assert (sound.rate_hz, sound.duration_s) == (8000, 0.5)


def test_bare_samples_of_an_unnamed_rate_are_no_sound_yet() -> None:
    with pytest.raises(ValueError, match="pass rate_hz"):
        decode(bytes(4000), AudioFormat(Container.PCM))


@pytest.mark.parametrize("known", [Container.WAV, Container.MP3, Container.FLAC, Container.OPUS])
def test_a_file_that_names_its_format_is_believed_over_what_was_known(known: Container) -> None:
    assert decode(encode(TONE, RATE_HZ, AudioFormat(Container.FLAC)).data, AudioFormat(known)).codec == "flac"


def test_the_shortest_aac_is_told_only_by_whoever_knows_that_it_is_aac() -> None:
    blip = encode(TONE[: RATE_HZ // 50], RATE_HZ, AudioFormat(Container.AAC)).data

    assert decode(blip, AudioFormat(Container.AAC)).codec == "aac"


@pytest.mark.parametrize("container", [Container.WAV, Container.FLAC])
def test_lossless_files_lose_nothing(container: Container) -> None:
    sound = decode(encode(TONE, RATE_HZ, AudioFormat(container)).data)

    assert sound.samples.size == TONE.size
    assert np.abs(sound.samples - TONE).max() < 1e-4


@pytest.mark.parametrize("data", [b"", b"<html>not found</html>", b"RIFF", b'{"detail": "x"}', bytes(5000)])
def test_what_no_player_can_play_is_bad_audio(data: bytes) -> None:
    with pytest.raises(BadAudio, match="cannot be decoded"):
        decode(data)
