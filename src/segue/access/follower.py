"""Keeps this process's keys as they are in the store."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from segue.access.state import STREAM, KeyState
from segue.kernel.background import BackgroundTasks
from segue.kernel.errors import SegueError

if TYPE_CHECKING:
    from segue.access.known import KnownKeys
    from segue.rollout.ports.store import Event, EventLog

LOOK_EVERY_S = 5.0
_PAGE = 1000


class KeyFollower:
    """Reads the keys when ``store_changed`` is called, and in any case every few seconds.

    If the store is out of reach, the last known keys stay valid for as long as ``known`` allows.
    """

    def __init__(self, log: EventLog, known: KnownKeys, look_every_s: float = LOOK_EVERY_S) -> None:
        self._events = log
        self._known = known
        self._look_every_s = look_every_s
        self._changed = asyncio.Event()
        self._reading = asyncio.Lock()
        self._lost = False
        self._log = structlog.get_logger("segue.access")
        self._tasks = BackgroundTasks()

    def start(self) -> None:
        self._tasks.start(self._follow(), "follow the keys")

    def store_changed(self) -> None:
        """The store has changed; the keys are read soon."""
        self._changed.set()

    async def catch_up(self) -> KeyState:
        """The keys in the store; ``known`` has them then.

        Raises:
            Unavailable: the store is out of reach, or its keys are of a later version.
        """
        async with self._reading:
            state = self._known.state
            events = await self._after(max(state.revision - 1, 0))
            if state.last is not None:
                if events[:1] == [state.last]:
                    events = events[1:]
                else:  # another history, for example of a backup
                    self._log.warning("keys_replaced", had=state.revision)
                    state, events = KeyState(), await self._after(0)
            if events:
                state = state.after(events)
                self._log.info("keys_taken", revision=state.revision, keys=len(state.keys))
            self._known.take(state)
            return state

    async def close(self) -> None:
        await self._tasks.close()

    async def _follow(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self.catch_up()
                self._lost = False
            except SegueError as error:
                if not self._lost:
                    self._log.warning("keys_unread", error=str(error), effect="the last known keys stay valid")
                self._lost = True
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_every_s):
                    await self._changed.wait()

    async def _after(self, revision: int) -> list[Event]:
        found: list[Event] = []
        while True:
            page = list(await self._events.read(STREAM, after=revision, limit=_PAGE))
            found += page
            if len(page) < _PAGE:
                return found
            revision = page[-1].revision
