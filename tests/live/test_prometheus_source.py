"""The same evidence, whether read from the store or from a real Prometheus that scrapes the service."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from segue.core.errors import Unavailable
from segue.core.evidence import sum_of
from segue.core.speech import Arm
from segue.store.open import open_store
from segue.telemetry.gather import StoredSignals
from segue.telemetry.promql import PrometheusSignals
from support.process import serving
from support.prometheus import scraping
from support.rollbacks import LIGHT, crowd_at

if TYPE_CHECKING:
    from pathlib import Path

    from segue.core.windows import Tally
    from segue.ports.signals import Seen

SLOT_S = 5.0

PLAN = """
version: 1
name: short-slots
stages: [{name: half, share: 50%, hold: 1h}]
gates: {error_rate: {target: "< 10%", roll_back: "> 99%"}}
statistics: {slot: 5s, unit_window: 5s}
"""


@pytest.mark.services
@pytest.mark.timeout(180)
async def test_both_sources_see_the_same(tmp_path: Path) -> None:
    profile = tmp_path / "light.yaml"
    profile.write_text(LIGHT, encoding="utf-8")
    with serving(tmp_path, SEGUE_PROFILE=str(profile), SEGUE_BREAKER_FAILURES="0") as server:
        target = server.url.removeprefix("http://")
        with scraping(tmp_path / "prometheus", target) as prometheus, crowd_at(server.url, 40, streamed=0.4):
            server.order("start", plan=PLAN)
            server.breaks("espeak", {"kind": "internal", "rate": 0.2})
            await asyncio.sleep(6 * SLOT_S)
            now_s = time.time() // SLOT_S * SLOT_S + 1.0  # the slot before has not settled
            since_s = now_s - 1.0 - 4 * SLOT_S
            async with httpx.AsyncClient() as client:
                counted = await PrometheusSignals(client, prometheus, 'job="segue"').slots(since_s, now_s, SLOT_S)
    store = open_store(f"sqlite:///{tmp_path}/segue.db")
    wrote = await StoredSignals(store.rows, "test/units", window_s=SLOT_S).slots(since_s, now_s + 60, SLOT_S)
    await store.close()

    last_s = counted.slots[-1].start_s
    assert [slot.start_s for slot in counted.slots] == [since_s + n * SLOT_S for n in range(3)]
    for arm in Arm:
        ours, theirs = _whole(wrote, arm, last_s), _whole(counted, arm, last_s)
        assert ours.units > 50
        assert theirs.units == pytest.approx(ours.units, rel=0.25)
        assert theirs.errors / theirs.units == pytest.approx(ours.errors / ours.units, abs=0.08)
        assert theirs.timed == pytest.approx(ours.timed, rel=0.25)
        assert theirs.seconds / theirs.timed == pytest.approx(ours.seconds / ours.timed, rel=0.4)
        assert theirs.over[-1] == 0
        assert ours.streams > 20
        assert theirs.streams == pytest.approx(ours.streams, rel=0.35)
        assert theirs.late[-1] == ours.late[-1] == 0
        assert theirs.late[0] / theirs.streams == pytest.approx(ours.late[0] / ours.streams, abs=0.2)
    assert sum(slot.hits for slot in counted.slots) > 0


async def test_a_prometheus_that_is_not_there_is_unavailable() -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(Unavailable, match="Prometheus does not answer"):
            await PrometheusSignals(client, "http://127.0.0.1:9").slots(0.0, 1000.0, 60.0)


@pytest.mark.services
@pytest.mark.timeout(60)
async def test_a_selector_that_is_none_is_refused_and_said(tmp_path: Path) -> None:
    with scraping(tmp_path / "prometheus", "127.0.0.1:9") as prometheus:
        async with httpx.AsyncClient() as client:
            with pytest.raises(Unavailable, match="Prometheus refused a query"):
                await PrometheusSignals(client, prometheus, "job=").slots(0.0, 1000.0, 60.0)
            assert (await PrometheusSignals(client, prometheus).slots(0.0, 1000.0, 60.0)).slots == ()


def _whole(seen: Seen, arm: Arm, last_s: float) -> Tally:
    return sum_of([slot.of(arm, {"pip_boy"}) for slot in seen.slots if slot.start_s <= last_s])
