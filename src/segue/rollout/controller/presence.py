"""Reports of each replica about itself, and how fast the replicas apply a change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from segue.kernel.background import BackgroundTasks
from segue.kernel.errors import Unavailable
from segue.rollout.ports.store import Replica

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.ledger import Snapshot
    from segue.rollout.ports.store import Replicas

_REPORT_EVERY_S = 1.0
_ALIVE_FOR_S = 5.0
"""A replica that has not reported for this long is treated as dead."""

_LOOK_EVERY_S = 0.02


class Presence:
    """Reports this replica's revision: immediately when it changes, and every second."""

    def __init__(self, replicas: Replicas, stream: str, name: str, clock: Clock) -> None:
        self._replicas = replicas
        self._stream = stream
        self._name = name
        self._clock = clock
        self._revision = 0
        self._taken_at_s = 0.0
        self._changed = asyncio.Event()
        self._log = structlog.get_logger("segue.rollout")
        self._tasks = BackgroundTasks()

    def start(self) -> None:
        self._tasks.start(self._keep_reporting(), "report presence")
        self._tasks.start(self._report_changes(), "report revisions")

    def took(self, revision: int) -> None:
        """Records that this replica assigns by that revision from now on."""
        self._revision, self._taken_at_s = revision, self._clock.now_s()
        self._changed.set()

    async def close(self) -> None:
        await self._tasks.close()
        if self._tasks:
            try:
                await self._replicas.leave(self._stream, self._name)
            except Unavailable:
                self._log.debug("left_without_a_word", replica=self._name)

    async def _report_changes(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._report()

    async def _keep_reporting(self) -> None:
        while True:
            await self._report()
            await self._clock.sleep(_REPORT_EVERY_S)

    async def _report(self) -> None:
        if self._revision == 0:
            return
        replica = Replica(self._name, self._revision, self._taken_at_s, self._clock.now_s())
        try:
            await self._replicas.report(self._stream, replica)
        except Unavailable as error:
            self._log.debug("presence_not_reported", error=str(error))


async def alive(replicas: Replicas, stream: str, clock: Clock) -> Sequence[Replica]:
    """The replicas that have reported recently."""
    return await replicas.alive(stream, clock.now_s() - _ALIVE_FOR_S)


@dataclass(frozen=True, slots=True)
class ReplicaProgress:
    """How long one replica took to apply a change; None if it has not applied it yet."""

    replica: str
    after_s: float | None


async def following(
    replicas: Replicas, stream: str, change: Snapshot, clock: Clock, *, timeout_s: float = 2.0
) -> Sequence[ReplicaProgress]:
    """Waits until every living replica has applied the change or a later one; returns how long each took."""
    deadline_s = clock.monotonic_s() + timeout_s
    while True:
        living = await alive(replicas, stream, clock)
        behind = [replica for replica in living if replica.revision < change.revision]
        if not behind or clock.monotonic_s() >= deadline_s:
            break
        await clock.sleep(_LOOK_EVERY_S)
    taken = {replica.name: replica.taken_at_s for replica in await replicas.taken(stream, change.revision)}
    late = {replica.name for replica in behind}
    return [_followed(replica, taken, late, change.at_s) for replica in living]


def _followed(replica: Replica, taken: dict[str, float], late: set[str], at_s: float) -> ReplicaProgress:
    if replica.name in late:
        return ReplicaProgress(replica.name, None)
    return ReplicaProgress(replica.name, max(0.0, taken.get(replica.name, replica.taken_at_s) - at_s))
