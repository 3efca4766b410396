"""The vendors' own quick-starts against a service of its own, on real voices: only the address is changed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from support.process import Server, serving
from support.quickstarts import FRAMES_S, run_quickstart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue.audio.decode import Decoded

OPENAI = {
    *("whole.mp3", "events.wav", "async-whole.mp3", "async-streamed.pcm"),
    *(f"streamed.{kind}" for kind in ("mp3", "opus", "aac", "flac", "wav", "pcm")),
}
ELEVENLABS = {
    *("streamed.mp3_44100_128", "async-whole.mp3_44100_128", "async-streamed.pcm_24000"),
    *(f"whole.{kind}" for kind in ("mp3_44100_128", "wav_24000", "pcm_16000", "ulaw_8000", "alaw_8000")),
    "whole.opus_48000_64",
}


SCRIPTS = [
    ("openai_quickstart.py", OPENAI, "streamed.flac"),
    ("elevenlabs_quickstart.py", ELEVENLABS, "whole.wav_24000"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("service"), CHIRP3_ROLLOUT_PERCENTAGE="0") as started:
        yield started


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("script", "files", "measure"), SCRIPTS)
def test_the_quickstart_runs_and_every_file_lasts_what_it_should(
    server: Server, tmp_path: Path, script: str, files: set[str], measure: str
) -> None:
    """The baseline says the same text in the same time, whatever the format and however it is read."""
    server.steer(share_percent=0)
    heard = run_quickstart(sys.executable, script, server.url, tmp_path / "files")

    assert set(heard) == files
    length_s = heard[measure].duration_s
    assert 2.0 < length_s < 6.0
    for name, audio in heard.items():
        assert length_s - 0.02 <= audio.duration_s <= length_s + FRAMES_S, name
        assert _loudness_end_s(audio) == pytest.approx(_loudness_end_s(heard[measure]), abs=FRAMES_S), name


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("script", "files", "measure"), SCRIPTS)
def test_the_quickstart_runs_on_the_candidate(
    server: Server, tmp_path: Path, script: str, files: set[str], measure: str
) -> None:
    """It says nothing twice in quite the same time."""
    server.steer(share_percent=100)
    heard = run_quickstart(sys.executable, script, server.url, tmp_path / "files")

    assert set(heard) == files
    for name, audio in heard.items():
        assert audio.duration_s == pytest.approx(heard[measure].duration_s, rel=0.2), name


def _loudness_end_s(audio: Decoded) -> float:
    """Where the last sound is: a tail that was cut off shows here even where silence fills it."""
    loud = np.flatnonzero(np.abs(audio.samples) > 0.02 * np.abs(audio.samples).max())
    return float(loud[-1] / audio.rate_hz)
