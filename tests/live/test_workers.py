"""Several worker processes are one service: counts add up, changes reach all, files and signals are heeded."""

from __future__ import annotations

import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.light import light_profile
from support.process import Server, serving
from support.service import OPERATOR, SYNTHESIZE
from support.waiting import comes_true

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def light(tmp_path: Path) -> dict[str, str]:
    return light_profile(tmp_path)


def heard(server: Server, count: int) -> Counter[str]:
    """Each request over a connection of its own, so that all workers are met."""

    def ask(number: int) -> str:
        body = {"text": f"Line {number % 50}.", "character_key": "pip_boy", "user_id": f"u{number}"}
        answer: dict[str, Any] = (
            httpx.post(server.url + SYNTHESIZE, json=body, timeout=30).raise_for_status().json()
        )
        return str(answer["voice_model"])

    with ThreadPoolExecutor(8) as pool:
        return Counter(pool.map(ask, range(count)))


@pytest.mark.timeout(120)
def test_the_counts_of_all_workers_add_up(tmp_path: Path, light: dict[str, str]) -> None:
    with serving(tmp_path, SEGUE_WORKERS="3", CHIRP3_ROLLOUT_PERCENTAGE="50", **light) as server:
        models = heard(server, 300)
        assert comes_true(lambda: server.metrics()["requests"] == {"served": 300}, 2), (
            "workers share counts at once"
        )
        seen = [httpx.get(f"{server.url}/api/v1/monitoring/metrics", timeout=30).json() for _ in range(6)]

    for metrics in seen:
        assert metrics["requests"] == {"served": 300}
        cache = metrics["cache"]
        assert sum(cache["hits"].values()) + cache["misses"] == 300
        assert metrics["candidate_share_percent"] == 50
    assert 100 < models["second"] < 200


@pytest.mark.timeout(120)
def test_a_change_reaches_every_worker_within_a_second(tmp_path: Path, light: dict[str, str]) -> None:
    with serving(tmp_path, SEGUE_WORKERS="3", CHIRP3_ROLLOUT_PERCENTAGE="100", **light) as server:
        assert set(heard(server, 60)) == {"second"}
        server.steer(share_percent=0)
        time.sleep(1.0)

        assert set(heard(server, 60)) == {"first"}


@pytest.mark.timeout(120)
def test_a_watched_file_steers_the_service_and_a_bad_one_changes_nothing(
    tmp_path: Path, light: dict[str, str]
) -> None:
    rollout = tmp_path / "rollout.env"
    rollout.write_text("CHIRP3_ENABLED=true\nCHIRP3_ROLLOUT_PERCENTAGE=10\n", encoding="utf-8")
    with serving(tmp_path, SEGUE_ROLLOUT_FILE=str(rollout), CHIRP3_ENABLED="", **light) as server:

        def share() -> float:
            shown = server.client.get("/api/v1/rollout", headers=OPERATOR).json()
            return float(shown["share_percent"])

        assert share() == 10
        rollout.write_text("CHIRP3_ENABLED=true\nCHIRP3_ROLLOUT_PERCENTAGE=35\n", encoding="utf-8")
        assert comes_true(lambda: share() == 35, 5)
        rollout.write_text("CHIRP3_ROLLOUT_PERCENTAGE=many\n", encoding="utf-8")
        assert comes_true(lambda: "reload_refused" in server.log.read_text(encoding="utf-8"), 5)
        assert share() == 35


@pytest.mark.timeout(120)
def test_a_hang_up_makes_it_read_the_file_again(tmp_path: Path, light: dict[str, str]) -> None:
    rollout = tmp_path / "rollout.env"
    rollout.write_text("CHIRP3_ROLLOUT_PERCENTAGE=10\n", encoding="utf-8")
    with serving(tmp_path, SEGUE_ROLLOUT_FILE=str(rollout), **light) as server:
        rollout.write_text("CHIRP3_ROLLOUT_PERCENTAGE=20\n", encoding="utf-8")
        server.process.send_signal(signal.SIGHUP)

        assert comes_true(
            lambda: server.client.get("/api/v1/rollout", headers=OPERATOR).json()["share_percent"] == 20, 5
        )
        assert server.process.poll() is None


@pytest.mark.timeout(120)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_whoever_follows_the_rollout_does_not_hold_up_a_stop(
    tmp_path: Path, light: dict[str, str], workers: str
) -> None:
    with (
        serving(tmp_path, SEGUE_WORKERS=workers, **light) as server,
        httpx.stream("GET", f"{server.url}/api/v1/rollout/events", headers=OPERATOR, timeout=60) as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines) == "id: 1"
        server.process.terminate()
        assert [line for line in lines if line.startswith("event")] == ["event: transition"]
        server.process.wait(10)

    assert "Traceback" not in server.log.read_text(encoding="utf-8")
