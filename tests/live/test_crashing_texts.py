"""A text that crashes eSpeak NG, sent again and again: everybody else is answered, by the same processes."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from support.process import serving
from support.service import SYNTHESIZE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.process import Server

PROFILE = """
version: 1
profile: crashing
language: en-US
default_character: pip_boy
arms:
  baseline: {engine: espeak, model: first}
  candidate: {engine: espeak, model: second}
characters:
  pip_boy: {name: Pip-Boy, baseline: en-us, candidate: en-us+f3}
  dane: {name: Dane, baseline: da, candidate: da}
"""
CRASHES = 40


@contextmanager
def crashing(server: Server, statuses: list[int]) -> Iterator[None]:
    """The text, over two connections at once."""

    def send() -> None:
        with httpx.Client(base_url=server.url, timeout=60) as client:
            for number in range(CRASHES // 2):
                body = {"text": "^-a", "character_key": "dane", "user_id": f"{number}", "cache_enabled": False}
                statuses.append(client.post(SYNTHESIZE, json=body).status_code)

    senders = [threading.Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    yield
    for sender in senders:
        sender.join(60)


@pytest.mark.embedded
@pytest.mark.timeout(180)
@pytest.mark.parametrize("workers", ["1", "4"])
def test_a_text_that_crashes_the_engine_costs_nobody_else_an_answer(tmp_path: Path, workers: str) -> None:
    profile = tmp_path / "crashing.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    with serving(tmp_path / "data", SEGUE_PROFILE=str(profile), SEGUE_WORKERS=workers) as server:
        statuses: list[int] = []
        with crashing(server, statuses):
            for number in range(15):
                answer = server.say(f"This is answer number {number} of many.", cache_enabled=False)
                assert answer["arm"] in {"baseline", "candidate"}
                time.sleep(0.1)

        assert len(statuses) == CRASHES
        assert set(statuses) <= {500, 502, 503}
        assert server.client.get("/api/v1/monitoring/health/ready").is_success
        assert server.process.poll() is None
        log = server.log.read_text(encoding="utf-8")
        assert "engine_process_died" in log
        assert "SIGSEGV" in log
