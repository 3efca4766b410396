"""Reads the CHIRP3_ settings again while the service runs: when their file changes, and on SIGHUP."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import structlog

from segue.kernel.background import BackgroundTasks
from segue.kernel.errors import SegueError, Unavailable
from segue.rollout.controller.boot import boot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.kernel.assign import Routing
    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.ledger import Ledger

_LOOK_EVERY_S = 0.5
_PATIENCE_S = 2.0
"""How long the store may take before an order to switch off takes effect without it."""


_UNRECORDED = (
    "the settings that were read may or may not be recorded: when the store is back, check `segue rollout status` "
    "and send SIGHUP again; this replica keeps the last routing that it knows, and does not keep the candidate "
    "off by itself"
)
_REFUSED = "the settings that were read before stay in force; correct the fault, and the file is read again"


class Reloader:
    """Watches ``path``, if there is one. A file with an error changes nothing and is reported in the log.

    Settings that switch the candidate off take effect on this replica even if the store is out of reach; they are
    recorded when it is back. ``holds`` is called with whether this is the case.
    """

    def __init__(
        self,
        path: Path | None,
        read: Callable[[], Routing],
        ledger: Ledger,
        clock: Clock,
        holds: Callable[[bool], None],
        known: Routing,
    ) -> None:
        """``known`` are the settings at boot. ``latest`` are those that were read last."""
        self.latest = known
        self._path = path
        self._seen_at_start = None if path is None else _stamp(path)
        self._read = read
        self._ledger = ledger
        self._clock = clock
        self._holds = holds
        self._known = known
        self._reading = asyncio.Lock()
        self._owing = asyncio.Event()
        self._hung_up = asyncio.Event()
        self._log = structlog.get_logger("segue.rollout")
        self._tasks = BackgroundTasks()

    def start(self) -> None:
        try:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._hung_up.set)
        except (NotImplementedError, RuntimeError, ValueError):
            self._log.debug("no_sighup", detail="not the main thread, or the platform has no SIGHUP")
        self._tasks.start(self._on_hang_up(), "reload on SIGHUP")
        self._tasks.start(self._while_owing(), "record the settings")
        if self._path is not None:
            self._tasks.start(self._on_change(self._path), "reload on change")

    async def reload(self) -> None:
        """Reads the settings and records changes."""
        async with self._reading:
            try:
                self.latest = self._read()
                await self._record(self.latest)
            except Unavailable as error:
                self._log.error("reload_unrecorded", error=str(error), effect=_UNRECORDED)
            except SegueError as error:
                self._log.error("reload_refused", error=str(error), effect=_REFUSED)

    async def _record(self, wanted: Routing) -> None:
        switches_off = not wanted.enabled and (wanted != self._known or self._owing.is_set())
        if not switches_off:
            self._release()
        recording = asyncio.create_task(boot(self._ledger, wanted, actor="file"))
        try:
            await asyncio.wait([recording], timeout=_PATIENCE_S)
            if not recording.done() and switches_off:
                self._hold("the store has not answered yet")
            await recording
        except Unavailable as error:
            if not switches_off:
                raise
            self._hold(str(error))
        else:
            self._known = wanted
            self._release()
        finally:
            recording.cancel()

    def _hold(self, error: str) -> None:
        if not self._owing.is_set():
            effect = "the candidate is now off on this replica; this is recorded when the store is back"
            self._log.error("switched_off_here", error=error, effect=effect)
        self._owing.set()
        self._holds(self._owing.is_set())

    def _release(self) -> None:
        self._owing.clear()
        self._holds(self._owing.is_set())

    async def close(self) -> None:
        await self._tasks.close()

    async def _on_hang_up(self) -> None:
        while True:
            await self._hung_up.wait()
            self._hung_up.clear()
            await self.reload()

    async def _while_owing(self) -> None:
        while True:
            await self._owing.wait()
            await self._clock.sleep(_LOOK_EVERY_S)
            await self.reload()

    async def _on_change(self, path: Path) -> None:
        seen = self._seen_at_start
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
