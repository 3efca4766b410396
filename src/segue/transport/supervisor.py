"""Runs several workers as one service: starts, monitors, replaces and stops them.

A worker that dies is logged and replaced, after a delay if it ran only for a short time. A worker that sends no
heartbeat, because it is suspended or hangs, is killed and replaced. On SIGHUP the workers are replaced one by one:
the old worker continues until the new one is serving, however long that takes, or if the new one fails to start.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, NamedTuple

import structlog

from segue.transport.places import Places, places_for, shared_memory
from segue.transport.worker_process import WorkerProcess, ending_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

PLACES = "{places}"
"""Placeholder in a command for the descriptor of the shared memory."""

_LEFT = (0, -signal.SIGTERM, -signal.SIGINT)
_TICK_S = 0.1
_LONG_LIFE_S = 60.0
_LONGEST_WAIT_S = 30.0


class WorkerTimeouts(NamedTuple):
    """The longest time without a heartbeat while serving and while starting, and the longest time for stopping."""

    silent_s: float = 10.0
    starting_s: float = 120.0
    leaving_s: float = 60.0


class Supervisor:
    """Runs ``workers`` processes of ``command``, which listen on ``listening``.

    They inherit the descriptors ``inherited`` too.
    """

    def __init__(
        self,
        command: Sequence[str],
        workers: int,
        listening: Sequence[socket.socket],
        patience: WorkerTimeouts,
        inherited: Sequence[int] = (),
    ) -> None:
        handle = shared_memory(places_for(workers))
        self._places = Places(handle)
        self._command = [part.replace(PLACES, str(handle)) for part in command]
        self._handles = [handle, *inherited, *(one.fileno() for one in listening)]
        self._listening = listening
        self._wanted = workers
        self._patience = patience
        self._workers: list[WorkerProcess] = []
        self._to_replace: list[WorkerProcess] = []
        self._successor: tuple[WorkerProcess, WorkerProcess] | None = None
        self._has_served = False
        self._failed_starts = 0
        self._start_at_s = 0.0
        self._received: list[signal.Signals] = []
        self._status: int | None = None
        self._log = structlog.get_logger("segue.transport")

    def run(self) -> int:
        """Runs until SIGTERM or SIGINT; returns 0, or a worker's exit status if no worker could start."""
        heeded = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {number: signal.signal(number, self._hear) for number in heeded}
        try:
            while self._status is None:
                self._tick()
                time.sleep(_TICK_S)
            return self._status
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, _frame: object) -> None:
        self._received.append(signal.Signals(number))

    def _tick(self) -> None:
        while self._received:
            self._heed(self._received.pop(0))
        for worker in tuple(self._workers):
            if self._status is None:
                self._look_at(worker)
        if self._status is None:
            self._replace()
            self._fill_up()

    def _heed(self, number: signal.Signals) -> None:
        if number is signal.SIGHUP:
            self._to_replace = self._staying()
            self._log.info("replacing_workers", workers=len(self._to_replace))
        else:
            self._stop(number)

    def _look_at(self, worker: WorkerProcess) -> None:
        status = worker.ended()
        worker.hear()
        self._has_served = self._has_served or worker.serves
        if status is not None:
            self._bury(worker, status)
            return
        if worker.serves and worker.lived_s > _LONG_LIFE_S:
            self._failed_starts = 0
        longest_s = self._patience.silent_s if worker.serves else self._patience.starting_s
        if worker.silent_s() > longest_s:
            self._log.error(
                "worker_hangs",
                pid=worker.pid,
                silent_s=round(worker.silent_s(), 1),
                effect="it is killed and replaced; its requests are cut off",
            )
            worker.kill()

    def _bury(self, worker: WorkerProcess, status: int) -> None:
        self._workers.remove(worker)
        self._places.give_back(worker.place)
        worker.close()
        if worker in self._to_replace:
            self._to_replace.remove(worker)
        if worker.leaves and status in _LEFT:
            self._log.info("worker_left", pid=worker.pid, **ending_of(status))
        else:
            self._mourn(worker, status)

    def _mourn(self, worker: WorkerProcess, status: int) -> None:
        self._log.error(
            "worker_died",
            pid=worker.pid,
            served=worker.serves,
            lived_s=round(worker.lived_s, 1),
            **ending_of(status),
        )
        if worker.leaves:
            return
        if self._successor is not None and worker is self._successor[0]:
            self._successor = None
            self._to_replace = []
            self._log.error("replacing_given_up", why="the new worker did not start; the old workers continue")
            return
        if not self._has_served:
            self._stop(signal.SIGTERM)
            self._status = status if status > 0 else 1
            return
        if worker.lived_s < _LONG_LIFE_S:
            self._failed_starts += 1
            wait_s = 0.0 if self._failed_starts <= self._wanted else self._backoff_s()
            self._start_at_s = time.monotonic() + wait_s

    def _backoff_s(self) -> float:
        return float(min(_LONGEST_WAIT_S, 2.0 ** min(10, self._failed_starts - self._wanted)))

    def _replace(self) -> None:
        if self._successor is not None:
            new, old = self._successor
            if not new.serves:
                return
            self._successor = None
            self._log.info("worker_replaced", pid=new.pid, replaced=old.pid)
            if old in self._workers:
                old.retire()
        if self._to_replace and not any(worker.leaves for worker in self._workers):
            self._successor = (self._start(), self._to_replace.pop(0))

    def _fill_up(self) -> None:
        staying = self._staying()
        if self._successor is not None and self._successor[1] in self._workers:
            staying.remove(self._successor[0])
        if len(staying) < self._wanted and time.monotonic() >= self._start_at_s:
            for _ in range(self._wanted - len(staying)):
                self._start()

    def _start(self) -> WorkerProcess:
        place = self._places.free()
        worker = WorkerProcess(self._command, self._handles, place)
        self._places.take(place)
        self._workers.append(worker)
        return worker

    def _staying(self) -> list[WorkerProcess]:
        return [worker for worker in self._workers if not worker.leaves]

    def _stop(self, number: signal.Signals) -> None:
        """Sends the signal to every worker and waits for them; further signals are forwarded."""
        self._log.info("stopping", signal=number.name, workers=len(self._workers))
        for one in self._listening:
            one.close()
        for worker in self._workers:
            worker.send(number)
        deadline_s = time.monotonic() + self._patience.leaving_s
        while self._workers and time.monotonic() < deadline_s:
            for again in self._taken():
                for worker in self._workers:
                    worker.send(again)
            for worker in tuple(self._workers):
                worker.hear()
                status = worker.ended()
                if status is not None:
                    self._bury(worker, status)
            time.sleep(_TICK_S)
        for worker in self._workers:
            self._log.error(
                "worker_did_not_leave",
                pid=worker.pid,
                after_s=self._patience.leaving_s,
                effect="it is killed; requests that it still answered are cut off",
            )
            worker.kill()
        self._log.info("stopped")
        self._status = 0

    def _taken(self) -> list[signal.Signals]:
        taken, self._received = self._received, []
        return [number for number in taken if number is not signal.SIGHUP]
