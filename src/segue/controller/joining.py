"""Joining the history at boot, or as soon as the store can be reached."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from segue.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from segue.ports.clock import Clock

_RETRY_S = 1.0


class Joining:
    """Joins once. A store out of reach keeps nobody from being served: by the environment, until it is back."""

    def __init__(self, join: Callable[[], Awaitable[None]], clock: Clock) -> None:
        self._join = join
        self._clock = clock
        self._log = structlog.get_logger("segue.rollout")
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        if not await self._joined():
            self._task = asyncio.create_task(self._keep_trying(), name="join the history")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep_trying(self) -> None:
        while True:
            await self._clock.sleep(_RETRY_S)
            if await self._joined():
                self._log.info("store_joined")
                return

    async def _joined(self) -> bool:
        try:
            await self._join()
        except Unavailable as error:
            self._log.error("store_unreachable", error=str(error), effect="serving as the environment says")
            return False
        return True
