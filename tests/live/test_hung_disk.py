"""A disk that hangs costs what lies on it: listeners are answered, and a stop is a stop.

A pipe in place of a file stands for it: whoever opens it waits until somebody opens the other end, in the kernel.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from support.light import light_profile
from support.process import Server, serving
from support.service import SYNTHESIZE
from support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

_JOBS = "/api/v1/audio/jobs"
_HEALTH = "/api/v1/monitoring/health"
_LIMIT_S = 15.0


def ask(server: Server, text: str) -> tuple[int, float]:
    """The status of the answer, and how long it took."""
    began_s = time.monotonic()
    body = {"text": text, "character_key": "pip_boy", "return_format": "base64"}
    answer = httpx.post(server.url + SYNTHESIZE, json=body, timeout=60)
    return answer.status_code, time.monotonic() - began_s


def _health_until(server: Server, done: threading.Event) -> set[tuple[str, str]]:
    """The states of the service and its cache, looked at ten times a second."""
    told = set()
    while not done.wait(0.1):
        health = httpx.get(server.url + _HEALTH, timeout=30).json()
        told.add((health["status"], health["parts"]["cache"]["status"]))
    return told


def stopped_within(server: Server, timeout_s: float) -> bool:
    server.process.terminate()
    return server.process.wait(timeout_s) is not None


@pytest.mark.timeout(240)
def test_cached_files_that_hang_are_misses(tmp_path: Path) -> None:
    texts = [f"Line number {number}." for number in range(120)]
    settings = light_profile(tmp_path) | {"SEGUE_CACHE_MEMORY_BYTES": "0"}
    data = tmp_path / "data"
    with serving(data, **settings) as server, ThreadPoolExecutor(4) as pool:
        assert {status for status, _ in pool.map(lambda text: ask(server, text), texts)} == {200}
    files = list((data / "audio").rglob("*.segue"))
    assert len(files) == len(texts)
    for file in files:
        file.unlink()
        os.mkfifo(file)
    with serving(data, **settings) as server:
        with ThreadPoolExecutor(16) as pool, ThreadPoolExecutor(1) as watch:
            done = threading.Event()
            seen = watch.submit(_health_until, server, done)
            known = list(pool.map(lambda text: ask(server, text), texts))
            done.set()
            told = seen.result()
        fresh = [ask(server, f"Something new, {number}.") for number in range(10)]
        stopped = stopped_within(server, 40)

    assert {status for status, _ in (*known, *fresh)} == {200}
    assert max(seconds for _, seconds in (*known, *fresh)) < _LIMIT_S
    assert ("degraded", "degraded") in told  # new audio can be written, which ends the warning in between
    assert stopped


@pytest.mark.timeout(240)
def test_job_files_that_hang_keep_nobody_else(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, **light_profile(tmp_path)) as server:
        job = httpx.post(
            server.url + _JOBS, json={"text": "A long text.", "character_key": "pip_boy"}, timeout=30
        ).json()
        until(lambda: httpx.get(job["status_url"], timeout=30).json()["status"] == "done", "the job is made")
        home = data / "jobs" / job["id"]
        shutil.rmtree(home)
        home.mkdir()
        os.mkfifo(home / "job.json")
        os.mkfifo(home / "audio")
        with ThreadPoolExecutor(12) as pool:
            looks = [pool.submit(httpx.get, job["status_url"], timeout=60) for _ in range(12)]
            time.sleep(0.5)
            spoken = [ask(server, f"Something new, {number}.") for number in range(10)]
            told = {look.result().status_code for look in looks}
        health = httpx.get(server.url + _HEALTH, timeout=30).json()
        stopped = stopped_within(server, 60)

    assert {status for status, _ in spoken} == {200}
    assert max(seconds for _, seconds in spoken) < _LIMIT_S
    assert told <= {404, 503}
    assert health["parts"]["job_files"]["status"] == "degraded"
    assert stopped
