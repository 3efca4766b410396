"""Keeps this process's keys as they are in the store."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from segue.access.state import STREAM, KeyState, UnknownEvent
from segue.kernel.background import BackgroundTasks
from segue.kernel.errors import SegueError

if TYPE_CHECKING:
    from segue.access.copies import KeyCopies
    from segue.access.known import KnownKeys
    from segue.rollout.ports.store import Event, EventLog

LOOK_EVERY_S = 5.0
_PAGE = 1000
_REPLACED = (
    "the store's keys are not those of before (it was emptied, or a backup was restored): only the keys that it "
    "has now are valid; if callers are refused, restore the store or create new keys"
)
_EFFECT = (
    "the last known keys, if there are any, stay valid until SEGUE_AUTH_STALE_S after the store last "
    "confirmed them"
)


class KeyFollower:
    """Reads the keys when ``store_changed`` is called, and in any case every few seconds.

    If the store is out of reach, the last known keys stay valid for as long as ``known`` allows. If it has been so
    since the start, those of ``copies`` are, which are written whenever the keys are read.
    """

    def __init__(
        self,
        log: EventLog,
        known: KnownKeys,
        look_every_s: float = LOOK_EVERY_S,
        copies: KeyCopies | None = None,
    ) -> None:
        self._copies = copies
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
            began_s = self._now_s()
            state = self._known.state
            events = await self._after(max(state.revision - 1, 0))
            if state.last is not None:
                if events[:1] == [state.last]:
                    events = events[1:]
                else:  # another history, for example of a backup
                    self._log.warning("keys_replaced", had=state.revision, effect=_REPLACED)
                    state, events = KeyState(), await self._after(0)
            if events:
                state = state.after(events)
                self._log.info("keys_taken", revision=state.revision, keys=len(state.keys))
            await self._take(state, began_s)
            return state

    async def wrote(self, event: Event) -> None:
        """This process has written the event, but could not read the keys after that. The keys have it now.

        It follows the keys that were known when it was written, or the store would have refused it.
        """
        async with self._reading:
            state = self._known.state
            if event.revision == state.revision + 1:
                await self._take(state.after([event]), self._now_s())

    def _now_s(self) -> float:
        """The time of day, for the copy; without one it does not matter."""
        return 0.0 if self._copies is None else self._copies.now_s()

    async def use_copy(self) -> None:
        """The store is out of reach: the copy of the keys is in force, if the store has not been read before."""
        if self._copies is None or self._known.is_read:
            return
        copy = await self._copies.load()
        if copy is not None:
            self._known.take_copy(copy.keys, copy.confirmed_at_s)

    async def _take(self, state: KeyState, confirmed_at_s: float) -> None:
        self._known.take(state)
        if self._copies is not None:
            await self._copies.save(state, confirmed_at_s)

    async def close(self) -> None:
        await self._tasks.close()

    async def _follow(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self.catch_up()
                self._lost = False
            except UnknownEvent as error:  # the store is in reach, and may have revoked keys of the copy
                self._known.drop_copy()
                self._tell_lost(error)
            except SegueError as error:
                self._tell_lost(error)
                await self.use_copy()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_every_s):
                    await self._changed.wait()

    def _tell_lost(self, error: SegueError) -> None:
        if not self._lost:
            self._log.warning("keys_unread", error=str(error), effect=_EFFECT)
        self._lost = True

    async def _after(self, revision: int) -> list[Event]:
        found: list[Event] = []
        while True:
            page = list(await self._events.read(STREAM, after=revision, limit=_PAGE))
            found += page
            if len(page) < _PAGE:
                return found
            revision = page[-1].revision
