"""A rollout from an OpenAI-compatible server to an ElevenLabs-compatible one: through all stages of the demo's
plan, taken back when the candidate's vendor breaks, and nobody is left without an answer.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from segue.cli.demo.plan import plan_text
from segue.cli.demo.traffic import CHARACTERS, DemoTraffic
from segue.config.load import load_settings
from segue.speech.engines.elevenlabs import create as create_elevenlabs
from segue.speech.engines.openai import create as create_openai
from segue.wiring.service import Service
from support.elevenlabs_server import KEY as ELEVENLABS_KEY
from support.elevenlabs_server import MEI, SARAH, ElevenLabsService, refuse
from support.openai_server import KEY as OPENAI_KEY
from support.openai_server import OpenAiService
from support.service import OPERATOR, TOKEN
from support.vendor import HEALTHY, Trouble, VendorServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from segue.speech.ports.engine import Engine

USERS = 400
BACK_FOR_S = 5.0
"""The breaker's longest wait lies within."""

CATALOGUE = """
version: 1
profile: vendors
language: en-US
default_character: pip_boy
arms:
  baseline: {{engine: openai, model: kokoro}}
  candidate: {{engine: elevenlabs, model: multilingual}}
engines:
  openai: {{base_url: {openai}/v1, key_env: OPENAI_AT_TEST, model: tts-1, voices: {{zf_xiaobei: zh-TW}}}}
  elevenlabs: {{base_url: {elevenlabs}, key_env: ELEVENLABS_AT_TEST}}
characters:
"""
CHARACTER = "  {key}: {{name: {key}, baseline: [alloy, zf_xiaobei], candidate: [{sarah}, {mei}]}}\n"


def create(name: str, options: Mapping[str, object]) -> Engine:
    return create_openai(options) if name == "openai" else create_elevenlabs(options)


@asynccontextmanager
async def serving(
    folder: Path, openai: VendorServer, elevenlabs: VendorServer
) -> AsyncIterator[httpx.AsyncClient]:
    profile = folder / "vendors.yaml"
    characters = "".join(CHARACTER.format(key=key, sarah=SARAH, mei=MEI) for key in CHARACTERS)
    profile.write_text(CATALOGUE.format(openai=openai.url, elevenlabs=elevenlabs.url) + characters)
    settings = {
        "SEGUE_PROFILE": str(profile),
        "SEGUE_DATA_DIR": str(folder / "var"),
        "SEGUE_ADMIN_TOKEN": TOKEN,
        "SEGUE_ROLLOUT_ID": "vendors",
        "SEGUE_ASSIGNMENT_SALT": "test",
        "SEGUE_REQUEST_TIMEOUT_S": "10",
        "SEGUE_BREAKER_COOL_DOWN_S": "1",
    }
    service = Service(load_settings(settings), create)
    transport = httpx.ASGITransport(service.api)
    async with (
        service.running(),
        httpx.AsyncClient(transport=transport, base_url="http://test", headers=OPERATOR) as client,
    ):
        yield client


async def reached(client: httpx.AsyncClient, seen: Callable[[dict[str, Any]], bool]) -> float:
    """Looks until that is seen; when it was (Unix time)."""
    while not seen(status := (await client.get("/api/v1/rollout/status")).json()):  # noqa: ASYNC110 - HTTP tells nobody
        await asyncio.sleep(0.25)
    return float(status["now_s"])


async def ordered(client: httpx.AsyncClient, verb: str, **body: str) -> None:
    (await client.post(f"/api/v1/rollout/{verb}", json=body)).raise_for_status()


def is_half(status: dict[str, Any]) -> bool:
    stage = status["plan"]["stages"][status["state"]["stage"]]["name"]
    return bool(stage == "half" and status["held_for_s"] >= 3)


@pytest.mark.timeout(240)
async def test_it_climbs_goes_back_by_itself_and_finishes_with_nobody_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_AT_TEST", OPENAI_KEY)
    monkeypatch.setenv("ELEVENLABS_AT_TEST", ELEVENLABS_KEY)
    service = OpenAiService(voices=("alloy", "zf_xiaobei"))
    async with (
        VendorServer(service) as openai,
        VendorServer(ElevenLabsService()) as elevenlabs,
        serving(tmp_path, openai, elevenlabs) as client,
    ):
        traffic = DemoTraffic(client, USERS)
        async with traffic.flowing():
            await ordered(client, "start", plan=plan_text(), why="the rollout begins")
            await reached(client, is_half)
            elevenlabs.trouble = Trouble(answer=refuse(500, "internal_server_error"))
            back_s = await reached(client, lambda status: bool(status["state"]["phase"] == "rolled_back"))
            elevenlabs.trouble = HEALTHY
            await reached(client, lambda status: bool(status["now_s"] >= back_s + BACK_FOR_S))
            await ordered(client, "resume", why="the vendor is mended")
            await reached(client, lambda status: bool(status["state"]["phase"] == "finished"))
        history = (await client.get("/api/v1/rollout/history?after=0")).json()
    kinds = [event["kind"] for event in history]
    climb = ["start", "advance", "advance", "roll_back", "resume", "advance", "advance", "finish"]
    assert kinds == ["boot", *climb]
    assert {one.status for one in traffic.heard} == {200}
    assert {one.model for one in traffic.heard} == {"kokoro", "multilingual"}
    assert any(one.fallback for one in traffic.heard), "the baseline answered for the broken candidate"
    assert len(traffic.heard) > 400
