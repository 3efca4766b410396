"""The gateways that ``passthrough`` measures, each on the servers' core, and the upstream they stand before."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from server import CLIENT_CORE, SERVER_CORE, free_port, server

from segue.speech.audio.encode import encode
from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import AudioFormat, Container
from segue.testing.audio import SECONDS_PER_CHAR, babble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import ExitStack

    from segue.speech.core.speech import Pcm

HERE = Path(__file__).parent
ANSWER_BYTES = 34_000
LITELLM, SPEECH_GATEWAY, SEGUE = "LiteLLM's proxy", "speech-gateway", "Segue"
MODEL = "tts-1"
_RATE_HZ = 24_000
_STARTS_WITHIN_S = 120.0


class Sound(NamedTuple):
    """What the upstream has for a voice in one format: ``ANSWER_BYTES``, more seconds at a lower bit rate."""

    voice: str
    container: Container
    bit_rate_bps: int

    @property
    def length_s(self) -> float:
        return ANSWER_BYTES * 8 / self.bit_rate_bps


SOUNDS = (
    Sound("alloy", Container.MP3, 64_000),
    Sound("ash", Container.MP3, 160_000),
    Sound("ash", Container.WAV, 384_000),
)


class Place(NamedTuple):
    url: str
    pid: int


@dataclass(frozen=True)
class Gateway:
    """Its address and its process, by what is asked of it."""

    name: str
    places: Mapping[Container, Place]

    def cpu_s(self, container: Container) -> float:
        """The processor time that its process has taken so far, all threads of it."""
        fields = (
            Path(f"/proc/{self.places[container].pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        )
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def started(stack: ExitStack, upstream: Place, folder: Path, peers: str) -> list[Gateway]:
    """The upstream itself first, then the peers, then Segue as it passes sound on and as it changes it."""
    found = [Gateway("the upstream itself", dict.fromkeys(Container, upstream))]
    if peers:
        for name, run in ((LITELLM, _litellm), (SPEECH_GATEWAY, _speech_gateway)):
            place = stack.enter_context(run(Path(peers), upstream.url, folder))
            found.append(Gateway(name, dict.fromkeys(Container, place)))
    for name, level, formats in _OURS:
        places = {
            asked: stack.enter_context(_segue(upstream.url, folder, level=level, upstream_format=given))
            for asked, given in formats.items()
        }
        found.append(Gateway(name, places))
    return found


_OURS: Sequence[tuple[str, bool, Mapping[Container, Container]]] = (
    (SEGUE, False, {Container.MP3: Container.MP3, Container.WAV: Container.WAV}),
    ("Segue, encoding, no level", False, {Container.MP3: Container.PCM}),
    ("Segue, encoding and level", True, {Container.MP3: Container.PCM}),
    ("Segue, decoding, level and encoding", True, {Container.MP3: Container.MP3}),
)
"""With level or without, and what of the upstream's formats answers what is asked for."""


@contextmanager
def upstream_in(folder: Path) -> Iterator[Place]:
    """With the same files for every text."""
    for sound in SOUNDS:
        pcm = _babbled(sound.length_s)
        bit_rate_bps = None if sound.container is Container.WAV else sound.bit_rate_bps
        made = encode(to_samples(pcm), _RATE_HZ, AudioFormat(sound.container, _RATE_HZ, bit_rate_bps))
        (folder / f"{sound.voice}.{sound.container}").write_bytes(made.data)
        if sound.container is Container.MP3:
            (folder / f"{sound.voice}.pcm").write_bytes(pcm.data)
    port = free_port()
    command = [sys.executable, str(HERE / "passthrough_upstream.py"), str(port), str(folder)]
    url = f"http://127.0.0.1:{port}"
    with _running(command, CLIENT_CORE, folder / "upstream.log", {}, url + "/") as pid:
        yield Place(url, pid)


def _babbled(length_s: float) -> Pcm:
    sound = babble("a" * (1 + round(length_s / SECONDS_PER_CHAR)), rate_hz=_RATE_HZ)
    return replace(sound, data=sound.data[: round(length_s * _RATE_HZ) * 2])


@contextmanager
def _segue(upstream: str, folder: Path, *, level: bool, upstream_format: Container) -> Iterator[Place]:
    profile = folder / f"passthrough-{upstream_format}.yaml"
    profile.write_text(_PROFILE.format(url=upstream, format=upstream_format), encoding="utf-8")
    settings = {"SEGUE_PROFILE": str(profile), "CHIRP3_ENABLED": "false", "SEGUE_LEVEL": str(level).lower()}
    with server("segue.wiring.service:app", settings) as (url, pid):
        yield Place(url, pid)


_PROFILE = """
version: 1
profile: passthrough
language: en-US
default_character: guide
arms:
  baseline: {{engine: openai, model: tts-1}}
  candidate: {{engine: openai, model: tts-1-hd}}
aliases: {{alloy: guide, ash: clerk}}
engines:
  openai: {{base_url: {url}/v1, model: tts-1, format: {format}, voices: {{alloy: en-US, ash: en-US}}}}
characters:
  guide: {{name: Guide, baseline: alloy, candidate: alloy}}
  clerk: {{name: Clerk, baseline: ash, candidate: ash}}
"""


@contextmanager
def _litellm(peers: Path, upstream: str, folder: Path) -> Iterator[Place]:
    config, port = folder / "litellm.yaml", free_port()
    config.write_text(_LITELLM.format(url=upstream), encoding="utf-8")
    words = ["--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    environ = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    url = f"http://127.0.0.1:{port}"
    command = [str(peers / "bin/litellm"), *words]
    with _running(command, SERVER_CORE, folder / "litellm.log", environ, f"{url}/health/liveliness") as pid:
        yield Place(url, pid)


_LITELLM = """
model_list:
  - model_name: tts-1
    litellm_params: {{model: openai/tts-1, api_base: {url}/v1, api_key: none, max_retries: 0}}
general_settings: {{dangerously_permit_weak_or_unset_master_key: true}}
litellm_settings: {{num_retries: 0, telemetry: false}}
"""


@contextmanager
def _speech_gateway(peers: Path, upstream: str, folder: Path) -> Iterator[Place]:
    port = free_port()
    command = [
        *(str(peers / "bin/uvicorn"), "passthrough_peer:app", "--app-dir", str(HERE)),
        *("--port", str(port), "--loop", "uvloop", "--http", "httptools", "--log-level", "error"),
    ]
    url = f"http://127.0.0.1:{port}"
    environ = {"UPSTREAM_URL": f"{upstream}/v1"}
    with _running(command, SERVER_CORE, folder / "speech-gateway.log", environ, f"{url}/health/liveliness") as pid:
        yield Place(url, pid)


@contextmanager
def _running(command: list[str], core: int, log: Path, environ: Mapping[str, str], ready: str) -> Iterator[int]:
    """The program on one core, in a folder of its own, from when it answers ``ready``: its process."""
    place = log.with_suffix(".d")
    place.mkdir()
    with log.open("wb") as out:
        whole = {**os.environ, "HOME": str(place), **environ}
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command], env=whole, cwd=place, stdout=out, stderr=out
        )
    try:
        _await(ready, process, log)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
    raise SystemExit(f"{log.stem} did not start:\n{log.read_text()[-4000:]}")
