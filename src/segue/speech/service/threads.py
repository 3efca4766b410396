"""Threads for work on samples and on long texts, so that the event loop stays responsive."""

from __future__ import annotations

import asyncio
import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Protocol, TypeVar, TypeVarTuple, Unpack

from segue.speech.audio.waited import run_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

Ts = TypeVarTuple("Ts")
T = TypeVar("T")


LONG_TEXT_CHARS = 10_000
"""For a text up to this length, no step blocks the event loop for more than a few milliseconds."""


class Runs(Protocol):
    """Threads that can run work."""

    async def run(self, work: Callable[[Unpack[Ts]], T], *args: *Ts) -> T: ...


class Threads:
    """A typed executor.

    ``for_texts`` is a separate executor for texts, so that they do not wait behind samples; without it, both share
    one. ``background`` has other threads for background work. ``files`` has threads for files on a disk that may
    hang.
    """

    def __init__(
        self,
        executor: Executor,
        for_texts: Executor | None = None,
        background: Threads | None = None,
        files: Runs | None = None,
    ) -> None:
        self._executor = executor
        self._for_texts = for_texts or executor
        self.background = background or self
        self.files: Runs = files or self

    async def run(self, work: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """The result of ``work(*args)``, which runs in a thread.

        If the caller is cancelled, work on samples ends at its next block.
        """
        left = threading.Event()
        done = asyncio.get_running_loop().run_in_executor(self._executor, run_until, left, work, *args)
        try:
            return await done
        except asyncio.CancelledError:
            left.set()
            raise

    async def run_if_long(self, most_chars: int, work: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """The same for work on a text of at most ``most_chars`` characters.

        If the text is short, the work runs immediately, without a thread.
        """
        if most_chars <= LONG_TEXT_CHARS:
            return work(*args)
        here = copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._for_texts, here.run, work, *args)
