"""The CHIRP3_ settings read again while the service runs: when their file changes, and on SIGHUP."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import structlog

from segue.controller.boot import boot
from segue.core.errors import SegueError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.controller.ledger import Ledger
    from segue.core.assign import Routing
    from segue.ports.clock import Clock

_LOOK_EVERY_S = 0.5


class Reloader:
    """Watches ``path``, where there is one. A file with a fault in it changes nothing and is complained about."""

    def __init__(self, path: Path | None, read: Callable[[], Routing], ledger: Ledger, clock: Clock) -> None:
        self._path = path
        self._read = read
        self._ledger = ledger
        self._clock = clock
        self._hung_up = asyncio.Event()
        self._log = structlog.get_logger("segue.rollout")
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        try:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._hung_up.set)
        except (NotImplementedError, RuntimeError, ValueError):
            self._log.debug("no_sighup", detail="not the main thread, or no such signal here")
        self._tasks.append(asyncio.create_task(self._on_hang_up(), name="reload on SIGHUP"))
        if self._path is not None:
            self._tasks.append(asyncio.create_task(self._on_change(self._path), name="reload on change"))

    async def reload(self) -> None:
        """Reads the settings and records what is new in them."""
        try:
            await boot(self._ledger, self._read(), actor="file")
        except SegueError as error:
            self._log.error("reload_refused", error=str(error), effect="the state is as it was")

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _on_hang_up(self) -> None:
        while True:
            await self._hung_up.wait()
            self._hung_up.clear()
            await self.reload()

    async def _on_change(self, path: Path) -> None:
        seen = _stamp(path)
        while True:
            await self._clock.sleep(_LOOK_EVERY_S)
            now = _stamp(path)
            if now != seen:
                seen = now
                await self.reload()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
