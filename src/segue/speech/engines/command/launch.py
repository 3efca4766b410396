"""Starts programs, and ends all of them when the engine is closed."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.kernel.errors import InternalFailure, SegueError, Unavailable
from segue.speech.engines.command.failures import CLOSED, LEFT
from segue.speech.engines.command.program import CommandLine
from segue.speech.engines.command.running import RunningProgram, spawn

if TYPE_CHECKING:
    from segue.speech.engines.command.running import Spawned

_OUT_OF_ROOM = {errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM}
_THREADS = 2


class LaunchOrder(NamedTuple):
    """One start: the command, its whole input (None for a pipe), and its niceness."""

    line: CommandLine
    text: bytes | None
    niceness: int = 0


class Ears(NamedTuple):
    """Callbacks for a program.

    ``hears`` is as for ``RunningProgram``. ``gone`` is called once: when the program has ended, or when it
    could not be started.
    """

    hears: Callable[[bytes], str]
    gone: Callable[[], None]


class Launcher:
    """Starts programs in threads, because starting blocks, and keeps track of those that run."""

    def __init__(self, stop_within_s: float) -> None:
        self._stop_within_s = stop_within_s
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="command-start")
        self._starting: set[asyncio.Future[Spawned]] = set()
        self._running: set[RunningProgram] = set()
        self._is_closed = False

    async def run(self, order: LaunchOrder, ears: Ears) -> RunningProgram:
        """The running program. If the caller is cancelled meanwhile, no program keeps running.

        Raises:
            Unavailable: this machine cannot run another process, or the engine is closed.
            InternalFailure: the program cannot be started.
        """
        if self._is_closed:
            ears.gone()
            raise Unavailable("the engine is closed")
        loop = asyncio.get_running_loop()
        taken: asyncio.Future[RunningProgram] = loop.create_future()
        starting = loop.run_in_executor(self._threads, spawn, *order)
        self._starting.add(starting)
        starting.add_done_callback(partial(self._started, taken=taken, ears=ears))
        try:
            return await taken
        except asyncio.CancelledError:
            if taken.done() and not taken.cancelled() and taken.exception() is None:
                taken.result().stop(LEFT)
            raise

    async def close(self) -> None:
        """Ends all programs, and returns when they have ended."""
        self._is_closed = True
        for running in tuple(self._running):
            running.stop(CLOSED)
        while self._starting or self._running:
            under_way: list[asyncio.Future[Any]] = [*self._starting, *(item.ended for item in self._running)]
            await asyncio.wait(under_way)
        self._threads.shutdown()

    def _started(
        self, starting: asyncio.Future[Spawned], *, taken: asyncio.Future[RunningProgram], ears: Ears
    ) -> None:
        self._starting.discard(starting)
        error = starting.exception()
        if error is not None:
            ears.gone()
            if not taken.done():
                taken.set_exception(_not_started(error))
            return
        running = RunningProgram(starting.result(), ears.hears, self._stop_within_s)
        self._running.add(running)
        running.ended.add_done_callback(lambda _: self._ended(running, ears))
        if taken.done():
            running.stop(LEFT)
        else:
            taken.set_result(running)
        if self._is_closed:
            running.stop(CLOSED)

    def _ended(self, running: RunningProgram, ears: Ears) -> None:
        self._running.discard(running)
        ears.gone()


def _not_started(error: BaseException) -> SegueError:
    if not isinstance(error, OSError):
        return InternalFailure(f"the program cannot be started: {type(error).__name__}")
    if error.errno in _OUT_OF_ROOM:
        return Unavailable(
            f"another process cannot be started ({error.strerror}): lower the option `places`, or raise the "
            "limits of processes, open files or memory"
        )
    return InternalFailure(f"the program cannot be started: {error.strerror}")
