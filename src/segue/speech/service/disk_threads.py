"""Threads for file access that may hang.

They are separate from the threads for audio, and the wait for them is limited.
"""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack

from segue.kernel.ports.health import HealthLevel, PartHealth

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


class DiskThreads:
    """Runs up to ``places`` operations at the same time, including those that hang.

    Further ones wait for a thread, within their time limit.
    """

    def __init__(self, executor: Executor, *, places: int, limit_s: float) -> None:
        self._executor = executor
        self._places = places
        self._limit_s = limit_s
        self._hanging = 0

    async def run(self, work: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """The result of ``work``, which runs in a thread.

        Work that has begun continues even if the caller stops waiting.

        Raises:
            TimeoutError: it was not done in time (an ``OSError`` with a ``strerror``).
        """
        if self._hanging >= self._places:
            raise self._late()
        future = self._executor.submit(work, *args)
        try:
            async with asyncio.timeout(self._limit_s):
                return await asyncio.shield(asyncio.wrap_future(future))
        except TimeoutError as error:
            if future.done():
                raise  # raised by the work itself
            if not future.cancel():
                self._hanging += 1
                loop = asyncio.get_running_loop()
                future.add_done_callback(lambda _: _told(loop, self._over))
            raise self._late() from error

    def health(self) -> PartHealth:
        if not self._hanging:
            return PartHealth("job_files", HealthLevel.OK, "no read or write hangs")
        detail = f"{self._hanging} reads and writes of job files hang; check the data directory's disk and the log"
        return PartHealth("job_files", HealthLevel.DEGRADED, detail)

    def _over(self) -> None:
        self._hanging -= 1

    def _late(self) -> TimeoutError:
        return TimeoutError(errno.ETIMEDOUT, f"the disk did not respond within {self._limit_s:g} s")


def _told(loop: asyncio.AbstractEventLoop, over: Callable[[], None]) -> None:
    """Reports the end of the work from its thread. Does nothing if the loop has ended."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(over)
