"""The processes of one engine, each used for one utterance at a time and replaced when it dies."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import structlog

from segue.kernel.errors import SegueError, Unavailable
from segue.speech.engines.shelter.pacing import Pacing
from segue.speech.engines.shelter.process import SpeakingProcess, how_ended

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from typing import TypeVar

    from segue.speech.engines.shelter.fork_server import ForkServer

    T = TypeVar("T")

_LOADS_WITHIN_S = 60.0
_CLOSED = "the engine is closed because the service is stopping"


class PoolRules(NamedTuple):
    """The number of processes, and their niceness."""

    processes: int
    niceness: int


class _DiedAtStart(Unavailable):
    """A process ended before it was ready, for an unknown reason."""


class ProcessPool:
    """Keeps its processes running, from ``begin`` or from the first request until it is closed.

    ``executor`` has the threads for requests to the fork server. Requests that find no idle process wait in order
    of arrival. If no process can be started, they fail immediately.
    """

    def __init__(self, server: ForkServer, executor: Executor, rules: PoolRules) -> None:
        self._server = server
        self._engine = server.identity.name
        self._executor = executor
        self._rules = rules
        self._pacing = Pacing()
        self._resting: list[SpeakingProcess] = []
        self._alive: set[SpeakingProcess] = set()
        self._waiting: deque[asyncio.Future[SpeakingProcess]] = deque()
        self._keepers: list[asyncio.Task[None]] = []
        self._failure = ""
        self._spare: tuple[socket.socket, socket.socket] | None = None
        self._is_closed = False
        self._last_end = ""
        self.replaced = 0

    @property
    def failure(self) -> str:
        """Why there is no process; empty while there is one, or while one that has just died is being replaced."""
        return "" if self._alive else self._failure

    @property
    def ends(self) -> str:
        """How replaced processes ended, in words; empty if there were none."""
        if not self.replaced:
            return ""
        often = "processes die again and again" if self._pacing.is_failing else "processes died"
        return f"{often}: {self.replaced} replaced; how the last one ended: {self._last_end}"

    def begin(self) -> None:
        """Starts the processes, unless they have been started."""
        if not self._keepers and not self._is_closed:
            self._keepers = [
                asyncio.create_task(self._keep_one(), name=f"{self._engine} {number}")
                for number in range(self._rules.processes)
            ]

    async def ready(self) -> None:
        """Waits for the first process that is ready. Raises SegueError if none can be started."""
        self._give(await self.process())

    async def process(self) -> SpeakingProcess:
        """An idle process for one utterance. It returns to the pool by itself when that is done.

        Raises:
            SegueError: none can be started; the message says why.
        """
        self.begin()
        while self._resting:
            process = self._resting.pop()
            if not process.lost.is_set():
                return process
        if self._is_closed:
            raise Unavailable(_CLOSED)
        if self.failure:
            raise Unavailable(self.failure)
        return await self._waited_for()

    def spoke(self) -> None:
        """An utterance was completed."""
        self._pacing.spoke()

    async def close(self) -> None:
        self._is_closed = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._tell_waiting(_CLOSED)
        for end in self._spare or ():
            end.close()
        self._spare = None

    async def _waited_for(self) -> SpeakingProcess:
        place: asyncio.Future[SpeakingProcess] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._give(place.result())  # it came as the caller left
            raise

    def _give(self, process: SpeakingProcess) -> None:
        if process.lost.is_set() or self._is_closed:
            return
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(process)
                return
        self._resting.append(process)

    def _tell_waiting(self, failure: str) -> None:
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_exception(Unavailable(failure))

    async def _keep_one(self) -> None:
        while True:
            process, pause_s = None, 0.0
            try:
                process = await self._started()
                self._failure = ""
                self._pacing.started()
                self._give(process)
                await process.lost.wait()
                pause_s = self._pacing.crashed_s()
            except _DiedAtStart as error:
                pause_s = self._not_started(error, final=False)
            except SegueError as error:
                pause_s = self._not_started(error, final=True)
            except OSError as error:
                none = Unavailable(f"engine {self._engine} cannot start a new process: {error}")
                pause_s = self._not_started(none, final=False)
            finally:
                if process is not None:
                    self._alive.discard(process)
                    await asyncio.shield(self._ended(process, pause_s))
            await asyncio.sleep(pause_s)

    async def _started(self) -> SpeakingProcess:
        """A process that is ready. Raises SegueError."""
        process = await self._forked()
        try:
            async with asyncio.timeout(_LOADS_WITHIN_S):
                failure = await asyncio.shield(process.ready)
        except BaseException as error:
            process.drop("it was not ready in time")
            await asyncio.shield(self._returncode(process))
            if isinstance(error, TimeoutError):
                raise Unavailable(f"engine {self._engine} was not ready within {_LOADS_WITHIN_S:g} s") from error
            raise
        if failure is None and not process.lost.is_set():
            self._alive.add(process)
            return process
        returncode = await self._returncode(process)
        raise failure or _DiedAtStart(
            f"a process of engine {self._engine} ended before it was ready ({how_ended(returncode)}); the log has "
            "what it wrote"
        )

    async def _forked(self) -> SpeakingProcess:
        ours, theirs = self._sockets()
        try:
            pid = await self._in_thread(self._server.forked, theirs, self._rules.niceness)
            ours.setblocking(False)  # noqa: FBT003 - the standard library's
            _, process = await asyncio.get_running_loop().create_unix_connection(
                lambda: SpeakingProcess(self._engine, pid, self._give), sock=ours
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            self._reserve()
        return process

    def _sockets(self) -> tuple[socket.socket, socket.socket]:
        """A pair that was opened in advance, because the limit of open files may have been reached by now."""
        pair, self._spare = self._spare, None
        try:
            return pair or socket.socketpair()
        except OSError as error:
            raise Unavailable(
                f"engine {self._engine} cannot start a new process: {error.strerror}; raise the limit of open "
                "files"
            ) from error

    def _reserve(self) -> None:
        if self._spare is None and not self._is_closed:
            try:
                self._spare = socket.socketpair()
            except OSError:
                return  # the next process frees what it needs

    def _not_started(self, error: SegueError, *, final: bool) -> float:
        """Returns how long to wait before the next attempt, in seconds.

        ``final``: the engine itself gave the reason.
        """
        pause_s = self._pacing.not_started_s()
        if final or self._pacing.starts_in_vain:
            self._failure = str(error)
            if not self._alive:
                self._tell_waiting(self._failure)
        _log().error("engine_process_not_started", engine=self._engine, error=str(error), tried_again_in_s=pause_s)
        return pause_s

    async def _ended(self, process: SpeakingProcess, pause_s: float) -> None:
        """Ensures that the process is dead, and logs its end if it was not intended."""
        process.drop("" if process.lost.is_set() else _CLOSED)
        returncode = await self._returncode(process)
        if self._is_closed:
            return
        self.replaced += 1
        self._last_end = process.dropped_for or how_ended(returncode)
        _log().error(
            "engine_process_died", engine=self._engine, pid=process.pid, how=self._last_end, replaced_in_s=pause_s
        )

    async def _returncode(self, process: SpeakingProcess) -> int | None:
        returncode = await self._in_thread(self._server.ended, process.pid)
        if not process.returncode.done():
            process.returncode.set_result(returncode)
        return returncode

    def _in_thread(self, work: Callable[..., T], *args: object) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._executor, work, *args)


def _log() -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("segue.engines")
    return logger
