"""Alerts of the service: each quiet on a healthy one, and firing on a fault of it, in a real Prometheus."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from segue.ops.rules.alerts import Timing, alerts
from segue.ops.rules.files import JOB
from support.alerts import Cause, Quick, watching
from support.light import LIGHT
from support.ports import free_port
from support.process import serving
from support.prometheus import scraping
from support.rollbacks import crowd_at
from support.rollouts import chirp3
from support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

QUICK = Quick()
PLAN = """
version: 1
name: from-prometheus
stages: [{name: half, share: 50%, hold: 1h}]
gates: {cache_hit_rate: {target: "> 90%"}, error_rate: {target: "< 10%", roll_back: "> 99%"}}
statistics: {slot: 2s, unit_window: 2s}
"""
NOTICED_S = 8.0
"""A slot of the plan, the time in which it settles, and the judge's next look."""

pytestmark = pytest.mark.services


@pytest.fixture
def light(tmp_path: Path) -> dict[str, str]:
    profile = tmp_path / "light.yaml"
    profile.write_text(LIGHT, encoding="utf-8")
    return {"SEGUE_PROFILE": str(profile), "SEGUE_BREAKER_FAILURES": "0", "SEGUE_CACHE_DISK_BYTES": "0"}


def test_every_alert_has_a_cause_that_makes_it_fire_on_a_live_service() -> None:
    fired = [name for cause in Cause for name in cause.value]

    assert sorted(fired) == sorted(alert.name for alert in alerts(chirp3(), Timing(), JOB))


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("cause", "fault"),
    [
        (Cause.BOTH_ENGINES_FAIL, {"kind": "internal"}),
        (Cause.BOTH_ENGINES_ARE_SLOW, {"kind": "delay", "delay_s": 12.0}),
    ],
    ids=["failing", "slow"],
)
def test_an_injected_fault_makes_its_alerts_fire_within_their_time(
    tmp_path: Path, light: dict[str, str], cause: Cause, fault: dict[str, Any]
) -> None:
    settings = {"SEGUE_CACHE_MEMORY_BYTES": "0", "CHIRP3_ROLLOUT_PERCENTAGE": "50"}
    with (
        serving(tmp_path, **light, **settings) as server,
        watching(tmp_path, server, QUICK) as watch,
    ):
        with crowd_at(server.url, 20, listeners=24):
            time.sleep(QUICK.window_s + QUICK.for_s)
            watch.quiet(cause.value + Cause.SERVICE_IS_KILLED.value)

            server.breaks("espeak", fault)
            watch.fires(cause.value, cause_s=QUICK.window_s + fault.get("delay_s", 0.0))
            server.breaks("espeak")
        server.kill()
        watch.fires(Cause.SERVICE_IS_KILLED.value, cause_s=1.0)


@pytest.mark.timeout(120)
def test_new_texts_and_a_dead_source_of_metrics_make_theirs_fire(tmp_path: Path, light: dict[str, str]) -> None:
    port, causes = free_port(), (Cause.TEXTS_ARE_NEW, Cause.SOURCE_OF_METRICS_DIES)
    settings = {"SEGUE_PROMETHEUS_URL": f"http://127.0.0.1:{port}"}
    with (
        serving(tmp_path, **light, **settings) as server,
        watching(tmp_path, server, QUICK) as watch,
    ):
        target = server.url.removeprefix("http://")
        with scraping(tmp_path / "source", target, every="500ms", port=port), crowd_at(server.url, 20, lines=5):
            server.order("start", plan=PLAN)
            watch.until_true("segue_gate_boundary_ratio > 0")
            watch.until_true("segue:lookups:10s >= 20 and segue:cache_hit_rate:10s > 0.9")
            watch.quiet(alert for cause in causes for alert in cause.value)
        with crowd_at(server.url, 20, lines=1_000_000):
            watch.fires(Cause.TEXTS_ARE_NEW.value, cause_s=QUICK.window_s)
            watch.fires(Cause.SOURCE_OF_METRICS_DIES.value, cause_s=NOTICED_S)


def kept(folder: Path) -> list[Path]:
    """The files of the cache."""
    return list((folder / "audio").rglob("*.segue"))


@pytest.mark.timeout(180)
def test_what_a_machine_lacks_makes_its_alerts_fire(tmp_path: Path, light: dict[str, str]) -> None:
    """Room on its disk, a disk that answers, time for all who ask."""
    settings = light | {"SEGUE_CACHE_DISK_BYTES": "100000000", "SEGUE_CACHE_MEMORY_BYTES": "0"}
    with serving(tmp_path, **settings) as server, crowd_at(server.url, 40, lines=40):
        until(lambda: len(kept(tmp_path)) == 40, "every line is kept on disk")
    for file in kept(tmp_path):
        file.unlink()
        os.mkfifo(file)
    settings |= {"SEGUE_MIN_FREE_BYTES": str(10**15), "SEGUE_MAX_CONCURRENCY": "1", "SEGUE_MAX_QUEUE": "1"}
    with (
        serving(tmp_path, **settings) as server,
        watching(tmp_path, server, QUICK) as watch,
    ):
        watch.quiet(Cause.DISK_HANGS.value + Cause.MORE_IS_ASKED_THAN_CAN_BE_MADE.value)
        watch.fires(Cause.DISK_IS_FULL.value, cause_s=NOTICED_S)
        with crowd_at(server.url, 40, lines=40):
            watch.fires(Cause.DISK_HANGS.value, cause_s=QUICK.window_s)
        with crowd_at(server.url, 400, listeners=40, lines=1_000_000):
            watch.fires(Cause.MORE_IS_ASKED_THAN_CAN_BE_MADE.value, cause_s=QUICK.window_s)
