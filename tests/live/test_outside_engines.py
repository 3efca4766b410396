"""Engines that work outside of the service: a program of one's own, and a server of the Wyoming protocol."""

from __future__ import annotations

import io
import json
import os
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.commands import command_options
from support.process import serving
from support.waiting import until
from support.wyoming_server import strict_server_aside

if TYPE_CHECKING:
    from support.process import Server

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the engine command needs Linux"),
    pytest.mark.xdist_group("outside-engines"),
    pytest.mark.timeout(180),
]
TEXT = "The road to the north is closed, wanderer."
MARK = f"SPEAKS_FOR=outside-{os.getpid()}"

_PROFILE = """
version: 1
profile: outside
language: en-US
default_character: guide
arms:
  baseline: {{engine: {engine}, model: one}}
  candidate: {{engine: {engine}, model: two}}
engines:
  {engine}: {options}
characters:
  guide: {{name: Guide, baseline: {voice}, candidate: {voice}}}
"""


def profile(folder: Path, engine: str, voice: str, options: dict[str, Any]) -> str:
    """JSON is YAML."""
    path = folder / f"{engine}.yaml"
    path.write_text(_PROFILE.format(engine=engine, voice=voice, options=json.dumps(options)), encoding="utf-8")
    return str(path)


def programs() -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and MARK.encode() in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found


def spoken_s(server: Server, text: str = TEXT) -> float:
    body = {"model": "one", "voice": "guide", "input": text, "response_format": "wav"}
    answer = server.client.post("/v1/audio/speech", json=body).raise_for_status()
    with wave.open(io.BytesIO(answer.content)) as file:
        samples = len(file.readframes(file.getnframes())) // 2
        rate_hz: int = file.getframerate()
    return samples / rate_hz


@pytest.mark.parametrize("serve", ["each", "lines"])
def test_a_program_of_ones_own_is_served_and_ends_with_the_service(serve: str, tmp_path: Path) -> None:
    name, _, value = MARK.partition("=")
    options = command_options(serve=serve, environment={name: value}, places=2)
    with serving(tmp_path / "var", SEGUE_PROFILE=profile(tmp_path, "command", "low", options)) as server:
        assert spoken_s(server) == pytest.approx(0.8, abs=0.2)
        until(lambda: len(programs()) == (2 if serve == "lines" else 0), "as many programs run as are kept warm")
        health = server.client.get("/api/v1/monitoring/health").json()
        assert health["status"] == "ok", health
    until(lambda: not programs(), "no program outlives the service")


def test_programs_that_are_kept_warm_end_with_a_service_that_is_killed(tmp_path: Path) -> None:
    name, _, value = MARK.partition("=")
    options = command_options(serve="lines", environment={name: value}, places=2)
    with serving(tmp_path / "var", SEGUE_PROFILE=profile(tmp_path, "command", "low", options)) as server:
        until(lambda: len(programs()) == 2, "both programs are kept warm")
        server.kill()
        until(lambda: not programs(), "they end with their input")


def test_a_wyoming_server_is_served(tmp_path: Path) -> None:
    with strict_server_aside() as uri:
        outer = profile(tmp_path, "wyoming", "en_US-joe-medium", {"uri": uri})
        with serving(tmp_path / "var", SEGUE_PROFILE=outer) as server:
            assert spoken_s(server) == pytest.approx(0.8, abs=0.2)
            body = {"model": "one", "voice": "guide", "input": TEXT, "response_format": "mp3"}
            assert server.client.post("/v1/audio/speech", json=body).is_success
