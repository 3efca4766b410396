"""Threads and locks for background work (shadow requests, jobs), with lower priority than listeners' requests.

The niceness is 19, the highest. Next to a busy thread, each of these threads then gets a sixtieth of the core.
With 10 it would get a tenth, and two threads of Piper took that much from listeners: 8 ms of 50 to 80, measured
(docs/shadow.md). A thread may lose the processor while it holds the interpreter's lock, and all others then wait.
According to measurements, that does not take longer with 19 than with 10.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NICENESS = 19


def background_pool(threads: int, name: str) -> ThreadPoolExecutor:
    """Threads with lower priority than all others of this process on Linux; elsewhere with the same priority."""
    return ThreadPoolExecutor(threads, thread_name_prefix=name, initializer=_go_behind)


def _go_behind() -> None:
    """Lowers the priority of this thread only, and of threads that it starts. Linux allows this, unlike POSIX."""
    if sys.platform == "linux":
        with suppress(OSError):  # a sandbox may forbid it
            os.nice(NICENESS)


class Turns:
    """A lock. Background work takes it only while nothing else waits for it."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._held = False
        self._waiting = 0

    @property
    def wanted(self) -> bool:
        """Whether something that is not background work waits for it."""
        return self._waiting > 0

    @contextmanager
    def turn(self, *, background: bool = False) -> Iterator[None]:
        with self._free:
            self._waiting += not background
            self._free.wait_for(lambda: not self._held and not (background and self._waiting))
            self._waiting -= not background
            self._held = True
        try:
            yield
        finally:
            with self._free:
                self._held = False
                self._free.notify_all()
