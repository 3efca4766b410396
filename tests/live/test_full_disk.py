"""A full disk costs what would have been written to it, and no listener an answer, no operator an order."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.light import light_profile
from support.process import Server, serving
from support.service import OPERATOR, SYNTHESIZE
from support.small_disk import fill, small_disk
from support.waiting import comes_true

_MIB = 1024 * 1024
_HEALTH = "/api/v1/monitoring/health"
_JOBS = "/api/v1/audio/jobs"


def children(server: Server) -> list[int]:
    """The processes that it has started."""
    pid = server.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def answered(server: Server, count: int, name: str) -> int:
    """How many of so many new texts were answered, each over a connection of its own: all workers are met."""
    good = 0
    for number in range(count):
        body = {"text": f"{name} {number}.", "character_key": "pip_boy", "user_id": f"{name}{number}"}
        try:
            good += httpx.post(server.url + SYNTHESIZE, json=body, timeout=30).is_success
        except httpx.TransportError:
            continue
    return good


def health(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(server.url + _HEALTH, timeout=30).json()
    return found


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("workers", "kind"), [(1, "tmpfs"), (4, "tmpfs"), (4, "ext4")])
def test_with_a_full_disk_listeners_are_answered_and_a_rollback_works(
    tmp_path: Path, workers: int, kind: str
) -> None:
    """The service's log is on the full disk, too."""
    settings = light_profile(tmp_path) | {
        "SEGUE_WORKERS": str(workers),
        "CHIRP3_ROLLOUT_PERCENTAGE": "50",
        "SEGUE_MIN_FREE_BYTES": str(16 * _MIB),
    }
    with small_disk(tmp_path / "disk", 96 * _MIB, kind) as disk, serving(disk, **settings) as server:
        assert answered(server, 10, "Before") == 10
        assert health(server)["status"] == "ok"
        ballast = fill(disk)
        assert comes_true(lambda: health(server)["status"] == "degraded", 20)
        full = answered(server, 60, "Meanwhile")
        told = health(server)
        if workers > 1:
            before = children(server)
            os.kill(before[-1], signal.SIGKILL)  # the one in its place begins on a full disk
            assert comes_true(lambda: set(children(server)) - set(before) != set(), 60)
            full += answered(server, 20, "With a new worker")
        job = httpx.post(server.url + _JOBS, json={"text": "Long.", "character_key": "pip_boy"}, timeout=30)
        metrics = httpx.get(f"{server.url}/api/v1/monitoring/metrics/prometheus", timeout=30)
        rolled_back = server.client.post("/api/v1/rollout/rollback", json={"why": "full"}, headers=OPERATOR)
        ready = httpx.get(f"{server.url}{_HEALTH}/ready", timeout=30)
        alive = server.process.poll() is None
        ballast.unlink()
        assert comes_true(lambda: health(server)["status"] == "ok", 20)
        kept = answered(server, 5, "After")

    assert (full, kept, alive) == (60 if workers == 1 else 80, 5, True)
    assert "free disk space" in told["parts"]["disk"]["detail"]
    assert (job.status_code, "free disk space" in job.json()["detail"]) == (503, True)
    assert (metrics.status_code, "segue_disk_short 1.0" in metrics.text) == (200, True)
    assert (rolled_back.status_code, ready.status_code) == (200, 200), rolled_back.text
