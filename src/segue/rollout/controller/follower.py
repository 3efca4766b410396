"""Keeps this replica's routing up to date with the history."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import structlog

from segue.kernel.background import BackgroundTasks
from segue.kernel.errors import SegueError
from segue.kernel.units import percent_from_ppm

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from segue.kernel.assign import Routing
    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.ledger import Ledger, Snapshot
    from segue.rollout.ports.store import EventLog

    Take = Callable[[Snapshot], Awaitable[None]]
    """Receives every state that is newer than the last."""

_RETRY_S = 0.5
_UNREAD = "this replica keeps the routing that it has now, and tries again until it can read the rollout"
_REPLACED = "the store has another history than before, such as a backup; its state is in force now"
_EMPTIED = (
    "the store's history is empty; the last known state stays in force here, but a replica that starts takes the "
    "routing of the CHIRP3_ settings"
)


class Follower:
    """Reads the state whenever the store reports a change.

    If the store is out of reach, the last known state stays in force, and the store is tried again until it is
    back.
    """

    def __init__(
        self, ledger: Ledger, log: EventLog, take: Take, clock: Clock, changed: Callable[[], None] | None = None
    ) -> None:
        """``changed`` is called whenever the store reports a change, for others who follow it."""
        self._ledger = ledger
        self._events = log
        self._take = take
        self._clock = clock
        self._changed = changed
        self._known = (0, 0.0)
        self._reading = asyncio.Lock()
        self._log = structlog.get_logger("segue.rollout")
        self._tasks = BackgroundTasks()

    def start(self) -> None:
        self._tasks.start(self._follow(), "follow the rollout")

    async def catch_up(self) -> None:
        """Takes the current state, unless it is the one that was taken last.

        Reads run one after another, so no newer read can have finished before one that finds an earlier revision.
        In that case the history was replaced, for example by a backup, and the replaced one is in force now.
        """
        async with self._reading:
            snapshot = await self._ledger.latest()
            found = (snapshot.revision, snapshot.at_s)
            if found == self._known:
                return
            if snapshot.revision <= self._known[0]:
                self._log.warning(
                    "history_replaced",
                    had=self._known[0],
                    found=snapshot.revision,
                    effect=_REPLACED if snapshot.revision else _EMPTIED,
                )
            if snapshot.revision:
                await self._take(snapshot)
                self._log.info("routing_taken", revision=snapshot.revision, **_fields_of(snapshot.state.routing))
            self._known = found

    async def close(self) -> None:
        await self._tasks.close()

    async def _follow(self) -> None:
        while True:
            try:
                async with aclosing(self._events.changes()) as changes:
                    async for _ in changes:
                        if self._changed is not None:
                            self._changed()
                        await self.catch_up()
            except SegueError as error:
                # The store or its content: a missing plan, or an event of a later version.
                self._log.warning("rollout_unread", error=str(error), effect=_UNREAD)
            await self._clock.sleep(_RETRY_S)


def _fields_of(routing: Routing) -> dict[str, object]:
    """A routing as fields of a log line."""
    return {
        "enabled": routing.enabled,
        "share_percent": percent_from_ppm(routing.share_ppm),
        "characters": sorted(routing.characters),
        "held_back": sorted(routing.held_back),
        "fallback": routing.fallback,
    }
