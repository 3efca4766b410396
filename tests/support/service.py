"""A whole service in this process, over engines that do as they are told."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from segue.config.load import load_settings
from segue.testing.engine import ScriptedEngine
from segue.wiring.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

PROFILE = """
version: 1
profile: scripted
language: en-US
default_character: pip_boy
arms:
  baseline: {engine: calm, model: calm}
  candidate: {engine: bold, model: bold}
aliases: {alloy: pip_boy}
characters:
  pip_boy: {name: Pip-Boy, baseline: [en-US, cmn-TW], candidate: en-US}
  ghoul: {name: Ghoul, pitch: -6, rate: 0.8, baseline: en-US, candidate: en-US}
"""

TOKEN = "operator-token"
OPERATOR = {"Authorization": f"Bearer {TOKEN}", "X-Segue-Actor": "ann"}
SYNTHESIZE = "/api/v1/audio/synthesize"


@dataclass(frozen=True, slots=True)
class Stage:
    """A service in this process: ``calm`` plays the baseline, ``bold`` the candidate."""

    client: httpx.AsyncClient
    calm: ScriptedEngine
    bold: ScriptedEngine
    service: Service

    async def say(self, text: str = "Hello there, wanderer.", **more: Any) -> httpx.Response:
        body = {"text": text, "character_key": "pip_boy"} | more
        return await self.client.post(SYNTHESIZE, json=body)

    async def steer(self, **change: Any) -> httpx.Response:
        return await self.client.patch("/api/v1/rollout", json=change, headers=OPERATOR)

    async def metrics(self) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.client.get("/api/v1/monitoring/metrics")).json()
        return answer


@asynccontextmanager
async def staged(folder: Path, **settings: str) -> AsyncIterator[Stage]:
    """The service, started and stopped; settings by their variables' names."""
    profile = folder / "scripted.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    environ = {
        "SEGUE_PROFILE": str(profile),
        "SEGUE_DATA_DIR": str(folder / "var"),
        "SEGUE_ADMIN_TOKEN": TOKEN,
        "CHIRP3_ENABLED": "true",
        "SEGUE_ROLLOUT_ID": "test",
        "SEGUE_ASSIGNMENT_SALT": "test",
    } | settings
    engines = {"calm": ScriptedEngine("calm"), "bold": ScriptedEngine("bold")}

    def create(name: str, options: Mapping[str, object]) -> ScriptedEngine:
        assert not options
        return engines[name]

    service = Service(load_settings(environ), create)
    transport = httpx.ASGITransport(service.api)
    async with (
        service.running(),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield Stage(client, engines["calm"], engines["bold"], service)
