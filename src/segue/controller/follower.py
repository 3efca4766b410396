"""Keeps this replica's routing in step with the history."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import structlog

from segue.core.errors import SegueError
from segue.core.units import percent_from_ppm

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from segue.controller.ledger import Ledger, Snapshot
    from segue.core.assign import Routing
    from segue.ports.clock import Clock
    from segue.ports.store import EventLog

    Take = Callable[[Snapshot], Awaitable[None]]
    """Told of every state newer than the last."""

_RETRY_S = 0.5


class Follower:
    """Reads the state when the store says that something changed.

    If the store is gone, the last known state goes on serving, and the store is asked again until it is back.
    """

    def __init__(self, ledger: Ledger, log: EventLog, take: Take, clock: Clock) -> None:
        self._ledger = ledger
        self._events = log
        self._take = take
        self._clock = clock
        self._known = (0, 0.0)
        self._reading = asyncio.Lock()
        self._log = structlog.get_logger("segue.rollout")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._follow(), name="follow the rollout")

    async def catch_up(self) -> None:
        """Takes the state as it is now, unless it is the one taken last.

        Reads come one after another, so one that finds an earlier revision has not been overtaken: the history is
        another one, as after a backup was put in its place, and it is this one that people steer by now.
        """
        async with self._reading:
            snapshot = await self._ledger.latest()
            found = (snapshot.revision, snapshot.at_s)
            if found == self._known:
                return
            if snapshot.revision <= self._known[0]:
                self._log.warning("history_replaced", had=self._known[0], found=snapshot.revision)
            if snapshot.revision:
                await self._take(snapshot)
                self._log.info("routing_taken", revision=snapshot.revision, **_told(snapshot.state.routing))
            self._known = found

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            try:
                async with aclosing(self._events.changes()) as changes:
                    async for _ in changes:
                        await self.catch_up()
            except SegueError as error:
                # The store, or what is in it: a plan that is missing, an event of a later version.
                self._log.warning("store_unreachable", error=str(error), effect="serving by the last known state")
            await self._clock.sleep(_RETRY_S)


def _told(routing: Routing) -> dict[str, object]:
    """A routing as fields of a line in the log."""
    return {
        "enabled": routing.enabled,
        "share_percent": percent_from_ppm(routing.share_ppm),
        "characters": sorted(routing.characters),
        "held_back": sorted(routing.held_back),
        "fallback": routing.fallback,
    }
