"""Returns free memory in the C library's heap to the operating system."""

from __future__ import annotations

import asyncio
import ctypes
from contextlib import suppress
from typing import TYPE_CHECKING

from segue.kernel.background import BackgroundTasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.kernel.ports.clock import Clock

TRIM_EVERY_S = 10.0
WORTH_BYTES = 64 * 1024 * 1024
"""Less free memory than this is not worth trimming, because it is soon used again."""


class HeapTrimmer:
    """Checks every 10 s, in a thread, whether the heap is worth trimming, until closed.

    glibc has a heap for each of many threads and keeps free memory below any block in use: after a burst of long
    responses, 1 GB of unused memory.
    """

    def __init__(self, trim: Callable[[], object] | None, clock: Clock) -> None:
        """``trim`` is None if the C library has no such function."""
        self._trim = trim
        self._clock = clock
        self._tasks = BackgroundTasks()

    def start(self) -> None:
        if self._trim is not None:
            self._tasks.start(self._keep_trimming(self._trim), "trim heap")

    async def close(self) -> None:
        await self._tasks.close()

    async def _keep_trimming(self, trim: Callable[[], object]) -> None:
        while True:
            await self._clock.sleep(TRIM_EVERY_S)
            await asyncio.to_thread(trim)


class _Mallinfo(ctypes.Structure):
    """``struct mallinfo2`` of glibc 2.33 and later."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    )


def heap_trim(worth_bytes: int = WORTH_BYTES) -> Callable[[], object] | None:
    """A function that calls glibc's ``malloc_trim``, without the interpreter's lock, if at least ``worth_bytes``
    are free; None for other C libraries.
    """
    with suppress(OSError, TypeError, AttributeError):
        glibc = ctypes.CDLL(None)
        trim, info = glibc.malloc_trim, glibc.mallinfo2
        trim.argtypes, trim.restype = (ctypes.c_size_t,), ctypes.c_int
        info.argtypes, info.restype = (), _Mallinfo
        return lambda: info().fordblks >= worth_bytes and trim(0)
    return None
