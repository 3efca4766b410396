"""A catalogue that names another engine is taken in on SIGHUP, worker by worker, and no request fails."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import httpx
import pytest

from support.light import LIGHT, light_profile
from support.process import Server, serving
from support.service import OPERATOR, SYNTHESIZE
from support.waiting import comes_true

if TYPE_CHECKING:
    from pathlib import Path

WITH_ANOTHER = LIGHT.replace(
    "baseline: en-us, candidate: en-gb}", "baseline: {engine: other, voice: en-us}, candidate: en-gb}"
).replace("characters:", "engines:\n  other: {use: espeak}\ncharacters:")


def engines_of_workers(server: Server) -> set[tuple[str, ...]]:
    """The baseline's engines, as several connections are told them."""
    answers = [httpx.get(f"{server.url}/api/v1/config", headers=OPERATOR, timeout=30) for _ in range(8)]
    return {tuple(answer.raise_for_status().json()["arms"]["baseline"]["engines"]) for answer in answers}


def spoken_by(server: Server, text: str) -> str:
    body = {"text": text, "character_key": "pip_boy", "cache_enabled": False}
    answer = httpx.post(server.url + SYNTHESIZE, json=body, timeout=30).raise_for_status()
    return str(answer.headers["x-segue"])


@pytest.mark.timeout(120)
def test_a_hang_up_adds_an_engine(tmp_path: Path) -> None:
    light = light_profile(tmp_path)
    with serving(tmp_path, SEGUE_WORKERS="2", **light) as server:
        assert "engine=" not in spoken_by(server, "Before.")
        (tmp_path / "light.yaml").write_text(WITH_ANOTHER, encoding="utf-8")
        server.process.send_signal(signal.SIGHUP)

        assert comes_true(
            lambda: bool(spoken_by(server, "Meanwhile.")) and engines_of_workers(server) == {("other",)}, 60
        )
        assert "engine=other" in spoken_by(server, "Afterwards.")
