"""Breakers of engines that were down together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from segue.kernel.errors import InternalFailure
from segue.testing.clock import FakeClock
from support.service import staged

if TYPE_CHECKING:
    from pathlib import Path

    from support.service import Stage

DEAD = InternalFailure("down")


async def _until_open(stage: Stage, *names: str) -> None:
    """Until the breakers of these engines are open, and no other."""
    async with asyncio.timeout(20):
        while True:
            if await _open(stage) == set(names):
                return
            await asyncio.sleep(0.01)


async def _open(stage: Stage) -> set[str]:
    page = (await stage.client.get("/api/v1/monitoring/metrics/prometheus")).text
    families = text_string_to_metric_families(page)
    samples = [sample for family in families if family.name == "segue_breaker_open" for sample in family.samples]
    return {sample.labels["engine"] for sample in samples if sample.value}


async def _probed_in_vain(stage: Stage, clock: FakeClock, after_s: float) -> None:
    clock.advance(after_s)
    stage.bold.started.clear()
    await stage.say(f"Is it well after {after_s} s?")
    async with asyncio.timeout(20):
        await stage.bold.started.wait()
    await _until_open(stage, "bold")


async def test_when_an_outage_of_both_engines_ends_their_breakers_close_together(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_BREAKER_FAILURES="1", SEGUE_BREAKER_COOL_DOWN_S="5") as stage:
        clock = stage.service.speech.clock = FakeClock()  # type: ignore[assignment]  # for the bulkheads, made later
        await stage.steer(share_percent=100)
        stage.bold.always = DEAD
        assert (await stage.say("Down.")).json()["arm"] == "baseline"
        await _until_open(stage, "bold")
        await _probed_in_vain(stage, clock, 5)
        await _probed_in_vain(stage, clock, 10)  # probed again 20 s later
        clock.advance(19.5)
        stage.calm.always = DEAD  # and would be probed 5 s later
        assert (await stage.say("Both down.")).status_code == 503
        await _until_open(stage, "bold", "calm")

        stage.bold.always = stage.calm.always = None
        clock.advance(0.5)
        await stage.say("Both well.")
        await _until_open(stage)
        assert (await stage.say("Both well, and heard.")).json()["arm"] == "candidate"
