"""The service as a process of its own, over the embedded voices; ended by its handle."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from support.service import OPERATOR, SYNTHESIZE, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

_SERVE = [sys.executable, "-m", "segue", "serve"]
_START_TIMEOUT_S = 60.0
_LISTENS = re.compile(r"listens on (http://\S+)")


@dataclass(frozen=True, slots=True)
class Server:
    """A running service."""

    url: str
    process: subprocess.Popen[bytes]
    client: httpx.Client
    log: Path

    def say(self, text: str, **more: Any) -> dict[str, Any]:
        body = {"text": text, "character_key": "pip_boy"} | more
        answer: dict[str, Any] = self.client.post(SYNTHESIZE, json=body).raise_for_status().json()
        return answer

    def steer(self, **change: Any) -> None:
        self.client.patch("/api/v1/rollout", json=change, headers=OPERATOR).raise_for_status()

    def order(self, verb: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(f"/api/v1/rollout/{verb}", json=body, headers=OPERATOR)
        done: dict[str, Any] = answer.raise_for_status().json()
        return done

    def breaks(self, engine: str, *faults: dict[str, Any]) -> None:
        body = {"faults": list(faults)}
        self.client.put(f"/api/v1/faults/{engine}", json=body, headers=OPERATOR).raise_for_status()

    def metrics(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get("/api/v1/monitoring/metrics").raise_for_status().json()
        return answer

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def serving(folder: Path, **settings: str) -> AbstractContextManager[Server]:
    """``segue serve`` on a free port, its state in ``folder``."""
    return _serving(folder, _SERVE, settings)


def serving_with_few_files(folder: Path, files: int, **settings: str) -> AbstractContextManager[Server]:
    """The same, with no more than ``files`` open at once."""
    return _serving(folder, ["sh", "-c", f'ulimit -n {files} && exec "$@"', "sh", *_SERVE], settings)


def serving_by(python: Path, folder: Path, **settings: str) -> AbstractContextManager[Server]:
    """The same, by another environment's interpreter."""
    return _serving(folder, [str(python), "-m", "segue", "serve"], settings)


@contextmanager
def _serving(folder: Path, words: list[str], settings: Mapping[str, str]) -> Iterator[Server]:
    folder.mkdir(exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CHIRP3_", "SEGUE_"))}
    environ = inherited | {
        "SEGUE_PORT": "0",
        "SEGUE_DATA_DIR": str(folder),
        "SEGUE_ADMIN_TOKEN": TOKEN,
        "SEGUE_FAULT_INJECTION": "true",
        "SEGUE_ROLLOUT_ID": "test",
        "CHIRP3_ENABLED": "true",
        "SEGUE_LOG_FORMAT": "json",
        "SEGUE_DRAIN_S": "0",
    }
    environ |= settings
    log = folder / "service.log"
    with log.open("ab") as sink:
        start = log.stat().st_size
        process = subprocess.Popen(words, env=environ, stdout=sink, stderr=sink)
    try:
        url = _ready(process, log, start)
        with httpx.Client(base_url=url, timeout=60) as client:
            yield Server(url, process, client, log)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def _ready(process: subprocess.Popen[bytes], log: Path, start: int) -> str:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        found = _LISTENS.search(log.read_text(encoding="utf-8")[start:])
        if found and _answers(found[1]):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the service did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/monitoring/health/ready", timeout=5).is_success
    except httpx.TransportError:
        return False
