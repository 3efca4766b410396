"""Counts given to the library now and then, for scrapes that other worker processes answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.ports.clock import Clock

FLUSH_EVERY_S = 0.25


class Flusher:
    """Calls ``flush`` four times a second until closed, and once more then."""

    def __init__(self, flush: Callable[[], None], clock: Clock) -> None:
        self._flush = flush
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_flushing(), name="flush metrics")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._flush()

    async def _keep_flushing(self) -> None:
        while True:
            await self._clock.sleep(FLUSH_EVERY_S)
            self._flush()
