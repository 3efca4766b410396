"""Workers under a supervisor: spread, replaced, missed when they die."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORKER = """
    import asyncio, os, socket, sys, time
    from functools import partial
    import uvicorn
    from segue.kernel.connections import ConnectionLimits, Connections
    from segue.transport.http import HttpProtocol
    from segue.transport.leaving import Leaving, LeaveTimes
    from segue.transport.link import Link
    from segue.transport.open_connections import HttpLimits, OpenConnections
    from segue.transport.places import Places
    from segue.transport.server import Server, Team

    control, places, place, listening, broken = sys.argv[1:]
    if os.path.exists(broken):
        sys.exit(3)

    async def app(scope, receive, send):
        body = b"%d" % os.getpid()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    link = Link(socket.socket(fileno=int(control)))
    link.start()
    team = Team(link, Places(int(places)), int(place))
    shared = OpenConnections(Connections(ConnectionLimits(1000)), HttpLimits(), lambda *_: None, time.monotonic)
    http = partial(HttpProtocol, shared=shared)
    config = uvicorn.Config(app, http=http, ws="none", lifespan="off", interface="asgi3", log_config=None)
    times = LeaveTimes(drain_s=1.0, grace_s=5.0)
    Server(config, shared, Leaving(), times, team).run([socket.socket(fileno=int(listening))])
"""

_SUPERVISOR = """
    import socket, sys
    from segue.kernel.telemetry.logs import LogFormat, configure_logging
    from segue.transport.supervisor import PLACES, Supervisor, WorkerTimeouts
    from segue.transport.worker_process import CONTROL, PLACE

    worker, port_file, broken, silent_s = sys.argv[1:]
    configure_logging("info", LogFormat.JSON)
    listening = socket.create_server(("127.0.0.1", 0))
    command = [sys.executable, worker, CONTROL, PLACES, PLACE, str(listening.fileno()), broken]
    with open(port_file, "w") as file:
        file.write(str(listening.getsockname()[1]))
    timeouts = WorkerTimeouts(silent_s=float(silent_s), leaving_s=30.0)
    sys.exit(Supervisor(command, 3, [listening], timeouts).run())
"""


class Running(NamedTuple):
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    broken: Path
    """While this file is there, no worker starts."""

    def ask(self) -> int:
        """A connection of its own; the worker's process id."""
        with self.connect() as connection:
            return asked(connection)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def told(self, event: str) -> list[dict[str, object]]:
        lines = self.log.read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in found if line["event"] == event]

    def workers(self) -> set[int]:
        return {self.ask() for _ in range(60)}


def asked(connection: socket.socket) -> int:
    connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    answer = b""
    while b"\r\n\r\n" not in answer or answer.endswith(b"\r\n\r\n"):
        data = connection.recv(4096)
        if not data:
            raise ConnectionError(f"closed after {answer!r}")
        answer += data
    return int(answer.rpartition(b"\r\n")[2])


@contextmanager
def running(folder: Path, *, silent_s: float = 30.0) -> Iterator[Running]:
    with launched(folder, silent_s=silent_s) as here:
        until(lambda: len(here.workers()) == 3, "three workers serve")
        yield here


@contextmanager
def launched(folder: Path, *, silent_s: float = 30.0) -> Iterator[Running]:
    worker, supervisor = folder / "worker.py", folder / "supervisor.py"
    worker.write_text(textwrap.dedent(_WORKER), encoding="utf-8")
    supervisor.write_text(textwrap.dedent(_SUPERVISOR), encoding="utf-8")
    port_file, broken, log = folder / "port", folder / "broken", folder / "log"
    command = [sys.executable, str(supervisor), str(worker), str(port_file), str(broken), str(silent_s)]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with log.open("wb") as sink:
        process = subprocess.Popen(command, env=environ, stdout=sink, stderr=sink)
    try:
        until(lambda: port_file.exists() and port_file.read_text() != "", "it listens")
        here = Running(process, int(port_file.read_text()), log, broken)
        yield here
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)


@pytest.mark.timeout(180)
def test_kept_connections_are_spread_over_the_workers(tmp_path: Path) -> None:
    with running(tmp_path) as here:
        connections = [here.connect() for _ in range(24)]
        owners = [asked(connection) for connection in connections]
        for connection in connections:
            connection.close()

    assert len(set(owners)) == 3
    most = max(owners.count(owner) for owner in owners)
    assert most <= 16, "whoever is free takes the next; uvicorn's shared socket gave 11 of 12 to one"


@pytest.mark.timeout(180)
def test_a_worker_that_dies_is_logged_with_its_signal_and_replaced(tmp_path: Path) -> None:
    with running(tmp_path) as here:
        victim = here.ask()
        os.kill(victim, signal.SIGSEGV)
        until(lambda: bool(here.told("worker_died")), "its death is told")
        (death,) = here.told("worker_died")
        assert (death["pid"], death["signal"], death["served"]) == (victim, "SIGSEGV", True)
        until(lambda: len(here.workers()) == 3, "three workers serve again")


@pytest.mark.timeout(180)
def test_a_stopped_worker_costs_only_what_it_had_and_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path, silent_s=4.0) as here:
        victim = here.ask()
        os.kill(victim, signal.SIGSTOP)
        assert victim not in {here.ask() for _ in range(40)}, "new connections go to the others"
        until(lambda: bool(here.told("worker_hangs")), "its silence is noticed")
        until(lambda: len(here.workers() - {victim}) == 3, "three workers serve again")
        (death,) = here.told("worker_died")
        assert (death["pid"], death["signal"]) == (victim, "SIGKILL")


@pytest.mark.timeout(300)
def test_restarts_under_load_fail_no_request(tmp_path: Path) -> None:
    """Each worker is replaced four times while kept and fresh connections ask without a pause."""
    with running(tmp_path) as here:
        first, answered = here.workers(), 0
        kept: list[socket.socket | None] = [None] * 6
        for number in range(1, 5):
            here.process.send_signal(signal.SIGHUP)
            deadline_s = time.monotonic() + 60
            while len(here.told("worker_replaced")) < 3 * number or len(here.told("worker_left")) < 3 * number:
                assert time.monotonic() < deadline_s
                answered += _round(here, kept)
        last = here.workers()
        for connection in kept:
            if connection is not None:
                connection.close()

    assert answered > 200
    assert not first & last
    assert here.told("worker_died") == []


def _round(here: Running, kept: list[socket.socket | None]) -> int:
    """Asks over each kept connection, and over one of its own; any failure is the caller's."""
    here.ask()
    for place, connection in enumerate(kept):
        used = connection or here.connect()
        kept[place] = used
        used.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = b""
        while b"\r\n\r\n" not in answer or answer.endswith(b"\r\n\r\n"):
            data = used.recv(4096)
            assert data, "the connection was closed, and no answer had said that it would be"
            answer += data
        if b"connection: close" in answer:
            used.close()
            kept[place] = None
    return 1 + len(kept)


@pytest.mark.timeout(180)
def test_where_new_workers_do_not_start_the_old_ones_stay(tmp_path: Path) -> None:
    with running(tmp_path) as here:
        before = here.workers()
        here.broken.touch()
        here.process.send_signal(signal.SIGHUP)
        until(lambda: bool(here.told("replacing_given_up")), "the replacement is given up")
        assert here.workers() == before

        here.broken.unlink()
        here.process.send_signal(signal.SIGHUP)
        until(lambda: not here.workers() & before, "all are replaced")


@pytest.mark.timeout(180)
def test_a_stop_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with running(tmp_path) as here:
        workers = here.workers()
        here.process.terminate()
        assert here.process.wait(60) == 0
        assert [line["signal"] for line in here.told("stopping")] == ["SIGTERM"]
        assert len(here.told("worker_left")) == 3
        for worker in workers:
            with pytest.raises(ProcessLookupError):
                os.kill(worker, 0)


@pytest.mark.timeout(180)
def test_workers_whose_supervisor_was_killed_end_too(tmp_path: Path) -> None:
    with running(tmp_path) as here:
        workers = here.workers()
        here.process.kill()
        here.process.wait(10)

        def gone() -> bool:
            return not any(Path(f"/proc/{worker}/cmdline").exists() for worker in workers)

        until(gone, "the workers have ended")


@pytest.mark.timeout(120)
def test_where_no_worker_can_start_it_ends_with_their_status(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    with launched(tmp_path) as here:
        assert here.process.wait(60) == 3
        assert {death["exit_status"] for death in here.told("worker_died")} == {3}
