"""A job that was killed with its worker fails at once, and its file is gone."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.light import light_profile
from support.process import Server, serving
from support.waiting import comes_true

if TYPE_CHECKING:
    from pathlib import Path

_JOBS = "/api/v1/audio/jobs"
_TEXT = "The caravan left before dawn, and nobody in the settlement had heard it go. " * 1300


def begun(server: Server, data: Path) -> dict[str, Any]:
    """The record of a job of which some audio has been written."""
    body = {"text": _TEXT, "character_key": "pip_boy", "audio_format": "wav"}
    job_id = httpx.post(server.url + _JOBS, json=body, timeout=60).raise_for_status().json()["id"]
    audio = data / "jobs" / job_id / "audio"
    assert comes_true(lambda: audio.exists() and audio.stat().st_size > 0, 60)
    record: dict[str, Any] = json.loads((data / "jobs" / job_id / "job.json").read_bytes())
    assert record["state"] == "running"
    return record


def told(server: Server, job_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"{server.url}{_JOBS}/{job_id}", timeout=30).raise_for_status().json()
    return answer


@pytest.mark.timeout(180)
def test_another_worker_finds_that_it_has_failed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, SEGUE_WORKERS="2", **light_profile(tmp_path)) as server:
        record = begun(server, data)
        os.kill(int(record["worker"].partition("-")[0]), signal.SIGKILL)
        home = data / "jobs" / record["id"]
        gone = comes_true(lambda: not (home / "audio").exists(), 30)
        known = told(server, record["id"])

    assert gone
    assert (known["status"], known["error"]) == ("failed", "unavailable")
    assert "submit the text again" in known["detail"]


@pytest.mark.timeout(180)
def test_so_does_the_service_when_it_is_back(tmp_path: Path) -> None:
    data, settings = tmp_path / "data", light_profile(tmp_path)
    with serving(data, **settings) as server:
        record = begun(server, data)
        server.kill()
    with serving(data, **settings) as server:
        gone = comes_true(lambda: not (data / "jobs" / record["id"] / "audio").exists(), 30)
        known = told(server, record["id"])

    assert gone
    assert known["status"] == "failed"
