"""FFmpeg works in the threads that call it, and lets go of what is given up."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest

from segue.speech.audio.loudness import integrated_lufs
from segue.speech.audio.resample import Resampler
from segue.speech.audio.stream_encode import StreamEncoder
from segue.speech.core.speech import AudioFormat, Container

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

RATE_HZ = 22_050
SOUND = np.sin(np.arange(RATE_HZ) * 0.05).astype(np.float32)


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def memory_mb() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6


def test_no_stream_starts_threads() -> None:
    before = threads()
    encoders = [StreamEncoder(AudioFormat(container), RATE_HZ) for container in Container for _ in range(3)]
    for encoder in encoders:
        encoder.push(SOUND)
    resampler = Resampler(RATE_HZ, 8000)
    resampler.push((SOUND * 20_000).astype(np.int16))
    integrated_lufs(SOUND, RATE_HZ)

    assert threads() == before


@pytest.mark.parametrize("container", [Container.FLAC, Container.MP3])
def test_a_stream_that_is_closed_leaves_no_memory_behind(container: Container) -> None:
    """Without the garbage collector, which seldom comes to what has lived long: 6 MB each, of FLAC."""

    def given_up(count: int) -> None:
        for _ in range(count):
            encoder = StreamEncoder(AudioFormat(container), RATE_HZ)
            encoder.push(SOUND)
            encoder.close()

    gc.disable()
    try:
        given_up(10)
        before_mb = memory_mb()
        given_up(60)
        assert memory_mb() - before_mb < 40.0
    finally:
        gc.enable()
