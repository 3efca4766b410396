"""Every query of every panel, asked of a real Prometheus that scrapes a running service under load."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.light import LIGHT
from support.process import serving
from support.prometheus import scraping
from support.rollbacks import crowd_at

ROOT = Path(__file__).parents[2]
BOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "segue.json").read_text("utf-8"))
UNDER_LOAD_S = 20.0
SPAN = "2m"
"""Longer than all the queries take, or the last would ask for a transition that is over."""

STAGES = """
version: 1
name: chirp3-in-short
stages: [{name: half, share: 50%, hold: 1h}]
statistics: {slot: 2s, unit_window: 4s, slots_between_false_alarms: 1000000000, least_units: 20}
"""


def a_short_plan() -> str:
    """The gates of the plan that ships over one short stage, none of which takes the candidate back."""
    shipped = (ROOT / "plans" / "chirp3.yaml").read_text("utf-8")
    gates = shipped[shipped.index("\ngates:") : shipped.index("\npolicy:")]
    return STAGES + gates


def queries() -> dict[str, str]:
    found = {
        f"{panel['title']}: {target['legendFormat']}": target["expr"]
        for panel in BOARD["panels"]
        for target in panel.get("targets", ())
    }
    marks = {f"annotation {mark['name']}": mark["expr"] for mark in BOARD["annotations"]["list"]}
    return found | marks


def answered(prometheus: str, expr: str) -> list[float]:
    """The finite values that the server answers with."""
    asked = {"query": expr.replace("$__rate_interval", SPAN)}
    answer = httpx.get(f"{prometheus}/api/v1/query", params=asked, timeout=30).json()
    assert answer["status"] == "success", answer
    values = [float(series["value"][1]) for series in answer["data"]["result"]]
    return [value for value in values if math.isfinite(value)]


@pytest.mark.services
@pytest.mark.timeout(180)
def test_every_query_of_every_panel_returns_data(tmp_path: Path) -> None:
    profile = tmp_path / "light.yaml"
    profile.write_text(LIGHT, encoding="utf-8")
    settings = {"SEGUE_PROFILE": str(profile), "SEGUE_BREAKER_FAILURES": "0"}
    with serving(tmp_path, **settings) as server:
        target = server.url.removeprefix("http://")
        with scraping(tmp_path / "prometheus", target) as prometheus, crowd_at(server.url, 40, streamed=0.2):
            server.breaks("espeak", {"kind": "internal", "rate": 0.04})
            server.order("start", plan=a_short_plan())
            time.sleep(UNDER_LOAD_S)
            server.breaks("espeak", {"kind": "internal", "rate": 0.5})
            server.order("pause", why="to have a transition just now")
            time.sleep(4)
            empty = [title for title, expr in queries().items() if not answered(prometheus, expr)]

    assert len(queries()) > 50
    assert empty == []
