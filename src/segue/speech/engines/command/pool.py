"""Several warm programs, each used for one text at a time and restarted when it ends."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import structlog

from segue.kernel.errors import SegueError, Unavailable
from segue.speech.engines.command.worker import Worker
from segue.speech.engines.shelter.pacing import Pacing

if TYPE_CHECKING:
    from segue.speech.engines.command.launch import Launcher
    from segue.speech.engines.command.options import CommandOptions
    from segue.speech.engines.command.program import Program

_CLOSED = "the engine is closed because the service is stopping"


class ProgramPool:
    """Keeps ``count`` programs running, from the first request until the pool is closed.

    Requests that find no idle program wait in order of arrival. If no program can be started, they fail
    immediately.
    """

    def __init__(
        self, options: CommandOptions, program: Program, launcher: Launcher, count: int, niceness: int
    ) -> None:
        self._options = options
        self._program = program
        self._launcher = launcher
        self._count = count
        self._niceness = niceness
        self._pacing = Pacing()
        self._resting: deque[Worker] = deque()
        self._alive: set[Worker] = set()
        self._waiting: deque[asyncio.Future[Worker]] = deque()
        self._keepers: list[asyncio.Task[None]] = []
        self._failure = ""
        self._is_closed = False
        self._replaced = 0
        self._last_end = ""
        self._log = structlog.get_logger("segue.engines.command")

    @property
    def fault(self) -> str:
        """Why no program is ready; empty while one is, or while one that has just ended is being replaced."""
        return "" if self._alive else self._failure

    @property
    def detail(self) -> str:
        said = f"{len(self._alive)} of {self._count} programs are ready"
        return (
            f"{said}; {self._replaced} replaced, the last one because {self._last_end}" if self._replaced else said
        )

    async def ready(self) -> None:
        """Returns when a program is ready.

        Raises:
            Unavailable: none could be started; the message says why.
        """
        self._offer(await self.taken())

    async def taken(self) -> Worker:
        """An idle program for one text.

        Raises:
            Unavailable: there is none and none can be started, or the engine was closed.
        """
        if self._is_closed:
            raise Unavailable(_CLOSED)
        self._begin()
        while self._resting:
            worker = self._resting.popleft()
            if worker.is_alive:
                return worker
        if self.fault:
            raise Unavailable(self.fault)
        waiter: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._offer(waiter.result())
            raise

    def spoke(self) -> None:
        """Reports that a text was completed."""
        self._pacing.spoke()

    async def close(self) -> None:
        """Stops starting programs. The launcher ends those that are running."""
        self._is_closed = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._refuse_waiting(_CLOSED)

    def _begin(self) -> None:
        if not self._keepers:
            self._keepers = [
                asyncio.create_task(self._keep(), name=f"keeps a program warm {place}")
                for place in range(self._count)
            ]

    def _offer(self, worker: Worker) -> None:
        """Gives the program to the request that has waited longest; if there is none, it becomes idle."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(worker)
                return
        self._resting.append(worker)

    async def _keep(self) -> None:
        """Keeps one place filled with a program."""
        while True:
            worker = Worker(self._options, self._program, self._offer)
            try:
                await worker.start(self._launcher, self._niceness)
            except SegueError as error:
                self._failed_to_start(error)
                await asyncio.sleep(self._pacing.not_started_s())
                continue
            self._started(worker)
            await worker.gone.wait()
            await self._note_end(worker)
            await asyncio.sleep(self._pacing.crashed_s())

    def _started(self, worker: Worker) -> None:
        self._pacing.started()
        self._failure = ""
        self._alive.add(worker)

    def _failed_to_start(self, error: SegueError) -> None:
        self._log.warning("command_not_ready", error=str(error))
        self._failure = str(error)
        if not self._alive:
            self._refuse_waiting(self._failure)

    async def _note_end(self, worker: Worker) -> None:
        self._alive.discard(worker)
        if worker in self._resting:
            self._resting.remove(worker)
        self._replaced += 1
        self._last_end = await worker.how_it_ended()
        self._log.warning("command_replaced", reason=self._last_end)

    def _refuse_waiting(self, why: str) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(Unavailable(why))
