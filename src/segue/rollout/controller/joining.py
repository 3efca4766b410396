"""Reads the history at boot, or as soon as the store can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from segue.kernel.background import BackgroundTasks
from segue.kernel.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from segue.kernel.ports.clock import Clock

_RETRY_S = 1.0
_EFFECT = (
    "the routing of the CHIRP3_ settings is in force until the store is back, even if the rollout was rolled back "
    "or changed by commands; to keep the candidate off, set CHIRP3_ENABLED=false and restart"
)


class Joining:
    """Joins once. While the store is out of reach, requests are served with the environment's routing."""

    def __init__(self, join: Callable[[], Awaitable[None]], clock: Clock) -> None:
        self._join = join
        self._clock = clock
        self._log = structlog.get_logger("segue.rollout")
        self._tasks = BackgroundTasks()

    async def start(self) -> None:
        if not await self._joined():
            self._tasks.start(self._keep_trying(), "join the history")

    async def close(self) -> None:
        await self._tasks.close()

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
            self._log.error("store_unreachable", error=str(error), effect=_EFFECT)
            return False
        return True
