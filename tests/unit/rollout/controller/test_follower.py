"""A replica serves by the history that is there, whatever it had read before."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from segue.kernel.units import PPM
from segue.rollout.controller.follower import Follower
from segue.rollout.controller.ledger import Ledger, Proposal, Snapshot
from segue.rollout.core.rollout import RolloutState, RoutingChange, Verb, rolled_back, routing_set
from segue.testing.clock import FakeClock
from segue.testing.store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from segue.rollout.ports.store import Event, EventLog

EVERYONE = RoutingChange(enabled=True, share_ppm=PPM)


class ReplaceableLog:
    """A log in whose place another can be put, as when a backup is restored."""

    def __init__(self) -> None:
        self.inner: EventLog = MemoryStore().events

    async def append(self, event: Event) -> None:
        await self.inner.append(event)

    async def latest(self, stream: str) -> Event | None:
        return await self.inner.latest(stream)

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        return await self.inner.read(stream, after=after, limit=limit)

    def changes(self) -> AsyncGenerator[None]:
        return self.inner.changes()


class TellingClock(FakeClock):
    """Tells when somebody sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.slept = asyncio.Event()

    async def sleep(self, duration_s: float) -> None:
        self.slept.set()
        await super().sleep(duration_s)


class Scene:
    """A follower, what it took, and a person who steers."""

    def __init__(self) -> None:
        self.log = ReplaceableLog()
        self.clock = TellingClock()
        self.ledger = Ledger(self.log, "test", self.clock)
        self.taken: list[Snapshot] = []
        self.told = asyncio.Event()
        self.follower = Follower(self.ledger, self.log, self._take, self.clock)

    async def opens(self, times: int) -> None:
        for _ in range(times):
            self.clock.advance(1.0)
            await self.ledger.change(Proposal("ann", Verb.SET_ROUTING, ""), self._opened)

    async def rolls_back(self) -> None:
        self.clock.advance(1.0)
        await self.ledger.change(
            Proposal("ann", Verb.ROLL_BACK, ""), lambda state: rolled_back(state, self.clock.now_s())
        )

    def _opened(self, state: RolloutState) -> RolloutState:
        return routing_set(state, EVERYONE, self.clock.now_s())

    async def _take(self, snapshot: Snapshot) -> None:
        self.taken.append(snapshot)
        self.told.set()


async def test_a_state_is_taken_once() -> None:
    scene = Scene()
    await scene.opens(1)
    await scene.follower.catch_up()
    await scene.follower.catch_up()

    assert [snapshot.revision for snapshot in scene.taken] == [1]


async def test_a_roll_back_in_an_older_copy_of_the_history_is_taken_at_once() -> None:
    scene = Scene()
    await scene.opens(6)
    await scene.follower.catch_up()
    scene.log.inner = MemoryStore().events
    await scene.opens(1)
    await scene.rolls_back()
    await scene.follower.catch_up()

    assert [snapshot.revision for snapshot in scene.taken] == [6, 2]
    assert not scene.taken[-1].state.routing.enabled


async def test_an_event_of_a_later_version_does_not_end_the_following() -> None:
    scene = Scene()
    await scene.opens(1)
    last = await scene.log.latest("rollout/test")
    assert last is not None
    strange = replace(last, revision=2, data=last.data.replace('"manual"', '"half_way_back"'))
    await scene.log.append(strange)
    scene.follower.start()
    await scene.clock.slept.wait()
    assert scene.taken == []

    await scene.log.append(replace(last, revision=3))
    scene.clock.advance(1.0)
    await scene.told.wait()
    await scene.follower.close()
    assert [snapshot.revision for snapshot in scene.taken] == [3]


async def test_another_history_of_the_same_length_is_another_history() -> None:
    scene = Scene()
    await scene.opens(1)
    await scene.follower.catch_up()
    scene.log.inner = MemoryStore().events
    await scene.rolls_back()
    await scene.follower.catch_up()

    assert [snapshot.state.routing.enabled for snapshot in scene.taken] == [True, False]


async def test_an_empty_history_leaves_the_last_state_in_force() -> None:
    scene = Scene()
    await scene.opens(3)
    await scene.follower.catch_up()
    scene.log.inner = MemoryStore().events
    await scene.follower.catch_up()
    assert [snapshot.revision for snapshot in scene.taken] == [3]

    await scene.rolls_back()
    await scene.follower.catch_up()
    assert [snapshot.revision for snapshot in scene.taken] == [3, 1]
