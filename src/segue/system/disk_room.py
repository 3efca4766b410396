"""Checks the free space of the data directory's disk regularly, so that writers need not ask the disk."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import structlog

from segue.kernel.background import BackgroundTasks
from segue.kernel.ports.health import HealthLevel, PartHealth

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from pathlib import Path

    from segue.kernel.ports.clock import Clock

LOOK_EVERY_S = 1.0
_LOOK_WITHIN_S = 5.0
_MIB = 1024 * 1024
_EFFECT = "audio is kept only in memory and no jobs are accepted"


class DiskRoom:
    """Implements ``segue.kernel.ports.disk.Room``: there is room while at least ``floor_bytes`` are free.

    Before the first check there is room; if the disk does not respond to a check, there is none. ``tell`` is
    called after each check with the free bytes (None: no response) and whether there is room.
    """

    def __init__(
        self,
        folder: Path,
        floor_bytes: int,
        executor: Executor,
        clock: Clock,
        tell: Callable[[int | None, bool], None],
    ) -> None:
        self._folder = folder
        self._floor_bytes = floor_bytes
        self._executor = executor
        self._clock = clock
        self._tell = tell
        self._log = structlog.get_logger("segue.system")
        self._free_bytes: int | None = None
        self._looked = False
        self._tasks = BackgroundTasks()

    @property
    def has_room(self) -> bool:
        if not self._looked or not self._floor_bytes:
            return True
        return self._free_bytes is not None and self._free_bytes >= self._floor_bytes

    @property
    def detail(self) -> str:
        if not self._looked:
            return "not checked yet"
        if self._free_bytes is None:
            return f"the disk of {self._folder} does not respond; see the system log"
        free = f"{self._free_bytes // _MIB} MiB are free on the disk of {self._folder}"
        if self.has_room:
            return free
        floor = f"{self._floor_bytes // _MIB} MiB (SEGUE_MIN_FREE_BYTES)"
        return f"{free}, less than {floor}; free disk space"

    def health(self) -> PartHealth:
        if self.has_room:
            return PartHealth("disk", HealthLevel.OK, self.detail)
        return PartHealth("disk", HealthLevel.DEGRADED, f"{_EFFECT}: {self.detail}")

    async def start(self) -> None:
        await self._look(None)
        self._tasks.start(self._keep_looking(), "room on the disk")

    async def close(self) -> None:
        await self._tasks.close()

    async def _keep_looking(self) -> None:
        hanging: asyncio.Future[int | None] | None = None
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            hanging = await self._look(hanging)

    async def _look(self, hanging: asyncio.Future[int | None] | None) -> asyncio.Future[int | None] | None:
        """Checks once; returns the check if it hangs, so that no second one starts before it has ended."""
        look = hanging or asyncio.get_running_loop().run_in_executor(self._executor, _free_bytes, self._folder)
        await asyncio.wait({look}, timeout=_LOOK_WITHIN_S)
        self._seen(look.result() if look.done() else None)
        return None if look.done() else look

    def _seen(self, free_bytes: int | None) -> None:
        had_room, self._free_bytes, self._looked = self.has_room, free_bytes, True
        if self.has_room != had_room:
            if had_room:
                self._log.warning("disk_short", detail=self.detail, effect=_EFFECT)
            else:
                self._log.info("disk_has_room", detail=self.detail)
        self._tell(free_bytes, self.has_room)


def _free_bytes(folder: Path) -> int | None:
    """Free bytes of the disk on which the folder exists or will be created; None if the disk reports an error."""
    for place in (folder, *folder.absolute().parents):
        try:
            found = os.statvfs(place)
        except FileNotFoundError:
            continue
        except OSError:
            return None
        return found.f_bavail * found.f_frsize
    return None
