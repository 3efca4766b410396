"""The quick-starts of ``examples/``, run as their readers run them, and a listener for what they wrote."""

from __future__ import annotations

import subprocess
from pathlib import Path

from segue.audio.decode import Decoded, decode
from segue.core.speech import AudioFormat, Container

EXAMPLES = Path(__file__).parents[2] / "examples"
FRAMES_S = 0.12
"""Codecs that speak in whole frames, and say nowhere what of the ends is sound, may be longer by this."""

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
    """Every file that the script wrote, listened to, by name."""
    folder.mkdir()
    done = subprocess.run(
        [python, EXAMPLES / script, url, folder], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{script} failed:\n{done.stdout}\n{done.stderr}"
    return {file.name: decode(file.read_bytes(), _BARE.get(file.suffix[1:])) for file in folder.iterdir()}
