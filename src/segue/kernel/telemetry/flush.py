"""Passes counts to the Prometheus library at intervals, for scrapes that other worker processes answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.background import BackgroundTasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.kernel.ports.clock import Clock

FLUSH_EVERY_S = 0.25


class Flusher:
    """Calls ``flush`` four times a second until it is closed, and once more on close."""

    def __init__(self, flush: Callable[[], None], clock: Clock) -> None:
        self._flush = flush
        self._clock = clock
        self._tasks = BackgroundTasks()

    def start(self) -> None:
        self._tasks.start(self._keep_flushing(), "flush metrics")

    async def close(self) -> None:
        await self._tasks.close()
        self._flush()

    async def _keep_flushing(self) -> None:
        while True:
            await self._clock.sleep(FLUSH_EVERY_S)
            self._flush()
