"""The same evidence, whether read from the store or from a real Prometheus that scrapes the service."""

from __future__ import annotations

import asyncio
import time
from functools import reduce
from typing import TYPE_CHECKING

import httpx
import pytest

from segue.kernel.arms import Arm
from segue.kernel.errors import Unavailable
from segue.rollout.core.windows import NOTHING, Tally
from segue.rollout.evidence.gather import StoredSignals
from segue.rollout.evidence.promql import PrometheusSignals
from segue.rollout.ports.signals import Counting
from segue.rollout.store.open import open_store
from support.light import LIGHT
from support.metered import Metered, exposing
from support.process import serving
from support.prometheus import scraping
from support.rollbacks import crowd_at

if TYPE_CHECKING:
    from pathlib import Path

    from segue.rollout.ports.signals import SlotsRead

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
    stored = StoredSignals(store.rows, "test/units", counting=Counting(SLOT_S))
    wrote = await stored.slots(since_s, now_s + 60, SLOT_S)
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
        with pytest.raises(Unavailable, match="Prometheus does not respond"):
            await PrometheusSignals(client, "http://127.0.0.1:9").slots(0.0, 1000.0, 60.0)


@pytest.mark.services
@pytest.mark.timeout(90)
async def test_two_replicas_are_refused_by_name(tmp_path: Path) -> None:
    with exposing(Metered()) as one, exposing(Metered()) as other:
        targets = [endpoint.url.split("/")[2] for endpoint in (one, other)]
        path = "/" + one.url.split("/", 3)[3]
        with scraping(tmp_path / "prometheus", *targets, path=path) as prometheus:
            async with httpx.AsyncClient() as client:
                signals, refusal = PrometheusSignals(client, prometheus), ""
                while not refusal:
                    await asyncio.sleep(1.0)
                    now_s = time.time()
                    try:
                        await signals.slots(now_s - 3 * SLOT_S, now_s, SLOT_S)
                    except Unavailable as error:
                        refusal = str(error)

    assert "it reads 2 processes" in refusal
    assert all(f"instance={target}, job=segue: 1" in refusal for target in targets)


@pytest.mark.services
@pytest.mark.timeout(60)
async def test_a_selector_that_is_none_is_refused_and_said(tmp_path: Path) -> None:
    with scraping(tmp_path / "prometheus", "127.0.0.1:9") as prometheus:
        async with httpx.AsyncClient() as client:
            with pytest.raises(Unavailable, match="answered a query without a result"):
                await PrometheusSignals(client, prometheus, "job=").slots(0.0, 1000.0, 60.0)
            assert (await PrometheusSignals(client, prometheus).slots(0.0, 1000.0, 60.0)).slots == ()


def _whole(seen: SlotsRead, arm: Arm, last_s: float) -> Tally:
    return reduce(
        Tally.plus, (slot.of(arm, {"pip_boy"}) for slot in seen.slots if slot.start_s <= last_s), NOTHING
    )
