"""The demo's plan over a baseline whose first voice is dead: its backup answers, a fault of the candidate is taken
back, the rollout comes to its end, and no request fails.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from support.process import Server, serving
from support.service import OPERATOR, SYNTHESIZE
from support.waiting import comes_true

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAN = (Path(__file__).parents[2] / "plans" / "demo.yaml").read_text("utf-8")
PROFILE = """
version: 1
profile: backed
language: en-US
default_character: pip_boy
arms:
  baseline: {engine: gone, model: first}
  candidate: {engine: fresh, model: second}
engines:
  gone: {use: espeak}
  spare: {use: espeak}
  fresh: {use: espeak}
characters:
  pip_boy:
    name: Pip-Boy
    baseline: {voice: en-us, backups: {engine: spare, voice: en-us}}
    candidate: en-gb
"""
_LISTENERS = 4
_EVERY_S = 0.15


class Heard(NamedTuple):
    """An answer: its status and its header X-Segue."""

    status: int
    told: str


@contextmanager
def listening_to(server: Server) -> Iterator[list[Heard]]:
    """Listeners who ask for something new all the time, each time as somebody else."""
    heard: list[Heard] = []
    stop = threading.Event()

    def listen(listener: int) -> None:
        number = 0
        with httpx.Client(base_url=server.url, timeout=30) as client:
            while not stop.wait(_EVERY_S):
                name = f"{listener}-{number}"
                body = {"text": f"Line {name}.", "character_key": "pip_boy", "user_id": name}
                answer = client.post(SYNTHESIZE, json=body)
                heard.append(Heard(answer.status_code, answer.headers.get("x-segue", "")))
                number += 1

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(_LISTENERS)]
    for thread in threads:
        thread.start()
    try:
        yield heard
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)


def status(server: Server) -> dict[str, Any]:
    answer = server.client.get("/api/v1/rollout/status", headers=OPERATOR).raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def state(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = status(server)["state"]
    return found


@pytest.mark.timeout(300)
def test_a_rollout_over_a_baseline_that_lives_by_its_backup_fails_nobody(tmp_path: Path) -> None:
    path = tmp_path / "backed.yaml"
    path.write_text(PROFILE, encoding="utf-8")
    with serving(tmp_path, SEGUE_PROFILE=str(path), SEGUE_SHELTERED_PROCESSES="1") as server:
        server.breaks("gone", {"kind": "unavailable"})
        with listening_to(server) as heard:
            server.order("start", plan=PLAN)
            assert comes_true(lambda: state(server)["share_percent"] >= 50, 100), state(server)
            server.breaks("fresh", {"kind": "unavailable"})
            assert comes_true(lambda: state(server)["phase"] == "rolled_back", 60), state(server)
            server.breaks("fresh")
            server.order("resume", why="mended", seen=status(server)["revision"])
            assert comes_true(lambda: state(server)["phase"] == "finished", 100), state(server)

    assert {one.status for one in heard} == {200}
    of_baseline = [one.told for one in heard if "arm=baseline" in one.told]
    assert len(of_baseline) > 20
    assert all("engine=spare" in told and "backup=unavailable" in told for told in of_baseline)
    assert any("fallback=unavailable" in told for told in of_baseline), "the candidate was rescued by the backup"
    assert any("arm=candidate" in one.told for one in heard)
