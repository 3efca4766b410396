"""Callers who want a rollout taken back: what fails on both voices, or forces one, is no evidence of either."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from support.crowd import ask, spoken
from support.light import light_profile
from support.process import serving
from support.rollbacks import crowd_at
from support.service import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.process import Server

UNSPEAKABLE = "W " * 700
"""Bad audio on every voice of eSpeak NG, by the inspection of its length."""

ATTACKED_S = 15.0
PLAN = """
version: 1
name: attacked
stages:
  - {name: half, share: 50%, hold: 1h}
gates:
  error_rate:    {target: "< 5%", step_back: "> 5%", roll_back: "> 20%"}
  fallback_rate: {target: "< 5%", step_back: "> 5%", roll_back: "> 20%"}
policy: {cool_down: 2s}
statistics:
  slot: 1s
  unit_window: 1s
  longest_synthesis: 20s
  slots_between_false_alarms: 10000
  least_units: 20
  least_listeners: 10
  least_baseline_units: 1
"""


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Server]:
    """A service with a rollout under way that goes back within seconds where its candidate fails."""
    with serving(tmp_path, CHIRP3_ENABLED="true", **light_profile(tmp_path)) as server:
        server.order("start", plan=PLAN)
        yield server


async def at_once(url: str, body: dict[str, Any], callers: int) -> int:
    """Callers under new names, each again as soon as it is answered; how many requests they made."""
    numbers, until = itertools.count(), asyncio.get_running_loop().time() + ATTACKED_S

    async def call() -> None:
        while asyncio.get_running_loop().time() < until:
            number = next(numbers)
            await ask(url, spoken(f"attacker-{number}", body["text"].format(number), **body["more"]), 30.0)
            await asyncio.sleep(0.2)

    await asyncio.gather(*(call() for _ in range(callers)))
    return next(numbers)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "body",
    [
        {"text": UNSPEAKABLE, "more": {}},
        {"text": UNSPEAKABLE + "{}", "more": {"force_voice_model": "chirp3-hd"}},
        {"text": "Number {}: " + "the water is clean, " * 15, "more": {"force_voice_model": "chirp3-hd"}},
    ],
    ids=["bad on both", "forced and bad", "forced and long"],
)
def test_nobody_can_have_a_rollout_taken_back(attacked: Server, body: dict[str, Any]) -> None:
    with crowd_at(attacked.url, 4.0) as crowd:
        sent = asyncio.run(at_once(attacked.url, body, callers=4))
    status = attacked.client.get("/api/v1/rollout/status", headers=OPERATOR).raise_for_status().json()

    assert sent > 33, "what took a rollout back before"
    assert {one.status for one in crowd.heard} == {200}
    assert {one.arm for one in crowd.heard} == {"baseline", "candidate"}
    assert status["state"]["phase"] == "running", status
