"""Files read back: every container, and whatever is none."""

from __future__ import annotations

import numpy as np
import pytest

from segue.audio.decode import decode
from segue.audio.encode import encode
from segue.core.errors import BadAudio
from segue.core.speech import AudioFormat, Container

RATE_HZ = 24_000
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.float32)
FILES = [container for container in Container if container is not Container.PCM]


@pytest.mark.parametrize("container", FILES)
def test_what_was_encoded_is_heard_again(container: Container) -> None:
    sound = decode(encode(TONE, RATE_HZ, AudioFormat(container)).data)

    assert sound.rate_hz in (RATE_HZ, 48_000)
    assert sound.duration_s == pytest.approx(1.0, abs=0.1)
    assert np.abs(sound.samples).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("container", [Container.WAV, Container.FLAC])
def test_lossless_files_lose_nothing(container: Container) -> None:
    sound = decode(encode(TONE, RATE_HZ, AudioFormat(container)).data)

    assert sound.samples.size == TONE.size
    assert np.abs(sound.samples - TONE).max() < 1e-4


@pytest.mark.parametrize("data", [b"", b"<html>not found</html>", b"RIFF", b'{"detail": "x"}', bytes(5000)])
def test_what_no_player_can_play_is_bad_audio(data: bytes) -> None:
    with pytest.raises(BadAudio, match="no player can play"):
        decode(data)
