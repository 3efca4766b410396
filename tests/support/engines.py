"""A whole service in this process, over as many scripted engines as a catalogue names."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from segue.config.load import load_settings
from segue.kernel.telemetry.catalog import METRICS
from segue.testing.engine import ScriptedEngine
from segue.wiring.service import Service
from support.service import OPERATOR, SYNTHESIZE, TOKEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Served:
    """A service and its engines, by the option ``made_as`` that each was made with, else by its kind."""

    client: httpx.AsyncClient
    engines: dict[str, ScriptedEngine]
    service: Service

    async def say(self, text: str = "Hello there, wanderer.", **more: Any) -> httpx.Response:
        body = {"text": text, "character_key": "pip_boy"} | more
        return await self.client.post(SYNTHESIZE, json=body)

    async def steer(self, **change: Any) -> None:
        (await self.client.patch("/api/v1/rollout", json=change, headers=OPERATOR)).raise_for_status()

    async def series(self, name: str) -> dict[tuple[str, ...], float]:
        """The samples of a metric by the values of their labels, in the catalogue's order."""
        page = (await self.client.get("/api/v1/monitoring/metrics/prometheus")).text
        labels = next(metric.labels for metric in METRICS if metric.name == name)
        return {
            tuple(sample.labels[label] for label in labels): sample.value
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == name
        }


def told(answer: httpx.Response) -> dict[str, str]:
    """The header X-Segue of an answer."""
    return dict(field.split("=", 1) for field in answer.headers["x-segue"].split(", "))


@asynccontextmanager
async def served(folder: Path, profile: str, **settings: str) -> AsyncIterator[Served]:
    """The service over the catalogue ``profile``, started and stopped; settings by their variables' names."""
    path = folder / "catalogue.yaml"
    path.write_text(profile, encoding="utf-8")
    environ = {
        "SEGUE_PROFILE": str(path),
        "SEGUE_DATA_DIR": str(folder / "var"),
        "SEGUE_ADMIN_TOKEN": TOKEN,
        "CHIRP3_ENABLED": "true",
        "SEGUE_ROLLOUT_ID": "test",
        "SEGUE_ASSIGNMENT_SALT": "test",
    } | settings
    engines: dict[str, ScriptedEngine] = {}

    def create(kind: str, options: Mapping[str, object]) -> ScriptedEngine:
        made = engines[str(options.get("made_as", kind))] = ScriptedEngine(kind)
        return made

    service = Service(load_settings(environ), create)
    transport = httpx.ASGITransport(service.api)
    async with service.running(), httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield Served(client, engines, service)
