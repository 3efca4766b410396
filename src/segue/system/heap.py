"""Memory that is free in the C library's heap, given back to the machine."""

from __future__ import annotations

import asyncio
import ctypes
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.ports.clock import Clock

TRIM_EVERY_S = 10.0
WORTH_BYTES = 64 * 1024 * 1024
"""Less is soon in use again, and taking it back costs more than it holds."""


class HeapTrimmer:
    """Looks every 10 s, until closed, whether the heap is worth trimming, in a thread.

    glibc gives each of many threads a heap of its own and keeps in them whatever was free below something in use:
    after a burst of long answers, 1 GB that nobody uses.
    """

    def __init__(self, trim: Callable[[], object] | None, clock: Clock) -> None:
        """``trim`` is None where the library has no such call."""
        self._trim = trim
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._trim is not None:
            self._task = asyncio.create_task(self._keep_trimming(self._trim), name="trim heap")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

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
    """The ``malloc_trim`` of glibc, called without the interpreter's lock where so much is free; None for any
    other C library.
    """
    with suppress(OSError, TypeError, AttributeError):
        glibc = ctypes.CDLL(None)
        trim, info = glibc.malloc_trim, glibc.mallinfo2
        trim.argtypes, trim.restype = (ctypes.c_size_t,), ctypes.c_int
        info.argtypes, info.restype = (), _Mallinfo
        return lambda: info().fordblks >= worth_bytes and trim(0)
    return None
