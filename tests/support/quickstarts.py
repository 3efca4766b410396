"""The quick-starts of ``examples/``, run as their readers run them, and a listener for what they wrote."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.audio.decode import decode
from segue.speech.core.speech import AudioFormat, Container

if TYPE_CHECKING:
    from segue.speech.audio.decode import Decoded

EXAMPLES = Path(__file__).parents[2] / "examples"
FRAMES_S = 0.12
"""Codecs that speak in whole frames, and say nowhere what of the ends is sound, may be longer by this."""


class Quickstart(NamedTuple):
    """A script, the package that it needs, the files that it writes, and one of them that is exact in length."""

    script: str
    package: str
    files: frozenset[str]
    exact: str


OPENAI = Quickstart(
    "openai_quickstart.py",
    "openai",
    frozenset(
        "whole.mp3 events.wav async-whole.mp3 async-streamed.pcm streamed.mp3 streamed.opus streamed.aac "
        "streamed.flac streamed.wav streamed.pcm".split()
    ),
    "streamed.flac",
)
ELEVENLABS = Quickstart(
    "elevenlabs_quickstart.py",
    "elevenlabs",
    frozenset(
        "whole.mp3_44100_128 whole.wav_24000 whole.pcm_16000 whole.ulaw_8000 whole.alaw_8000 whole.opus_48000_64 "
        "streamed.mp3_44100_128 async-whole.mp3_44100_128 async-streamed.pcm_24000".split()
    ),
    "whole.wav_24000",
)
GOOGLE = Quickstart(
    "google_quickstart.py",
    "google-cloud-texttospeech",
    frozenset({"whole-v1.mp3", "whole-v1beta1.mp3"}),
    "whole-v1.mp3",
)
"""Over REST, where its client does not stream; the rest is with the tests of the gRPC door."""

WYOMING = Quickstart(
    "wyoming_quickstart.py", "wyoming", frozenset({"whole.wav", "chinese.wav", "in-chunks.wav"}), "whole.wav"
)
"""On a port of its own."""

OF_HTTP = (OPENAI, ELEVENLABS, GOOGLE)

_BARE = {
    "pcm": AudioFormat(Container.PCM, 24_000),
    "aac": AudioFormat(Container.AAC),
    "pcm_16000": AudioFormat(Container.PCM, 16_000),
    "pcm_24000": AudioFormat(Container.PCM, 24_000),
    "ulaw_8000": AudioFormat(Container.MULAW, 8000),
    "alaw_8000": AudioFormat(Container.ALAW, 8000),
}
"""What file names say of samples that say nothing of themselves."""


def run_quickstart(python: Path | str, script: str, url: str, folder: Path) -> dict[str, Decoded]:
    """Every file that the script wrote into the folder, listened to, by name."""
    folder.mkdir()
    done = subprocess.run(
        [python, EXAMPLES / script, url], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{script} failed:\n{done.stdout}\n{done.stderr}"
    return {file.name: decode(file.read_bytes(), _BARE.get(file.suffix[1:])) for file in folder.iterdir()}
