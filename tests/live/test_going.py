"""The service comes and goes under load, and connections are taken from it: what its clients notice."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

import httpx
import pytest

from support.light import light_profile
from support.process import Server, serving, serving_with_few_files
from support.service import SYNTHESIZE
from support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

_READY = "/api/v1/monitoring/health/ready"


@pytest.fixture
def light(tmp_path: Path) -> dict[str, str]:
    return light_profile(tmp_path)


class Load:
    """Clients who ask without a pause, some over kept connections, until they are told to end."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(4)]
        self.answered = 0
        self.failed: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self, number: int) -> None:
        kept = httpx.Limits(max_keepalive_connections=number % 2)
        with httpx.Client(base_url=self._url, limits=kept, timeout=60) as client:
            while not self._over.is_set():
                body = {"text": f"Line {self.answered % 20}.", "character_key": "pip_boy"}
                try:
                    client.post(SYNTHESIZE, json=body).raise_for_status()
                    self.answered += 1
                except httpx.HTTPError as error:
                    self.failed.append(repr(error))


def told(server: Server, event: str) -> list[dict[str, Any]]:
    lines = server.log.read_text(encoding="utf-8").splitlines()
    return [found for line in lines if line.startswith("{") and (found := json.loads(line))["event"] == event]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stop_is_announced_before_anything_is_refused(
    tmp_path: Path, light: dict[str, str], workers: str
) -> None:
    """As a balancer does: traffic goes elsewhere when ready says 503, and not a request is lost until then."""
    with serving(tmp_path, SEGUE_WORKERS=workers, SEGUE_DRAIN_S="8", **light) as server:
        with Load(server.url) as load:
            until(lambda: load.answered > 50, "the clients are answered")
            server.process.terminate()
            until(lambda: httpx.get(server.url + _READY, timeout=30).status_code == 503, "it is not ready", 6)
            answered = load.answered
            until(lambda: load.answered > answered + 20, "requests are served still", 6)
        assert load.failed == []
        server.process.wait(60)

        signals = {line["signal"] for line in told(server, "leaving")}
        assert signals == {"SIGTERM"}
        assert len(told(server, "stopped")) == int(workers) + (workers != "1")


@pytest.mark.timeout(300)
def test_workers_are_replaced_under_load_without_a_failed_request(tmp_path: Path, light: dict[str, str]) -> None:
    with serving(tmp_path, SEGUE_WORKERS="2", SEGUE_DRAIN_S="1", **light) as server:
        with Load(server.url) as load:
            until(lambda: load.answered > 50, "the clients are answered")
            server.process.send_signal(signal.SIGHUP)
            until(lambda: len(told(server, "worker_left")) == 2, "both are replaced", 180)
            answered = load.answered
            until(lambda: load.answered > answered + 50, "the new ones answer")
        assert load.failed == []
        assert told(server, "worker_died") == []


@pytest.mark.timeout(180)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_connections_do_not_take_the_files_that_voices_need(
    tmp_path: Path, light: dict[str, str], workers: str
) -> None:
    """With 256 files and 400 connections, eSpeak NG could not open its dictionary, which ended the process."""
    with serving_with_few_files(tmp_path, 256, SEGUE_WORKERS=workers, **light) as server, ExitStack() as held:
        port = int(server.url.rpartition(":")[2])
        for _ in range(400):
            held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30))
        time.sleep(1.5)  # from then on idle connections make room
        for number in range(5):
            with httpx.Client(base_url=server.url, timeout=60) as client:
                body = {"text": f"The water is clean, {number}.", "character_key": "pip_boy"}
                client.post(SYNTHESIZE, json=body).raise_for_status()

        assert server.process.poll() is None
        assert told(server, "worker_died") == []


@pytest.mark.timeout(120)
def test_a_limit_that_cannot_be_kept_is_said_at_the_start(tmp_path: Path, light: dict[str, str]) -> None:
    with (
        pytest.raises(
            AssertionError, match="SEGUE_MAX_CONNECTIONS=300: the limit of 256 open files allows only 128"
        ),
        serving_with_few_files(tmp_path, 256, SEGUE_MAX_CONNECTIONS="300", **light),
    ):
        pass


@pytest.mark.timeout(120)
def test_headers_without_end_cost_no_memory(tmp_path: Path, light: dict[str, str]) -> None:
    """60 MB of headers took 1.5 GB, and stopped everyone for six seconds."""
    with serving(tmp_path, **light) as server:
        server.say("Hello.")
        port = int(server.url.rpartition(":")[2])
        before_kb = _resident_kb(server.process.pid)
        for _ in range(8):
            with socket.create_connection(("127.0.0.1", port), timeout=30) as attacker:
                attacker.sendall(b"GET / HTTP/1.1\r\n")
                for _ in range(120):
                    try:
                        attacker.sendall(b"a:b\r\n" * 13_000)
                    except OSError:
                        break
        server.say("Hello again.")

        assert _resident_kb(server.process.pid) < before_kb + 50_000


@pytest.mark.timeout(120)
def test_lines_of_the_server_itself_are_json_too(tmp_path: Path, light: dict[str, str]) -> None:
    with serving(tmp_path, SEGUE_KEEP_ALIVE_S="5", **light) as server:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=30) as stranger:
            stranger.sendall(b"\x16\x03\x01nonsense\r\n\r\n")
            assert stranger.recv(1024).startswith(b"HTTP/1.1 400 ")
        until(lambda: bool(told(server, "turned_away")), "it is told")
        (line,) = told(server, "turned_away")
        assert (line["reason"], line["client"]) == ("malformed", "127.0.0.1")
        first, *rest = server.log.read_text(encoding="utf-8").splitlines()

    assert "listens on" in first or "warning:" in first
    plain = [
        line for line in rest if not line.startswith("{") and "warning:" not in line and "listens on" not in line
    ]
    assert plain == []


def _resident_kb(pid: int) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123 - no file of ours
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
