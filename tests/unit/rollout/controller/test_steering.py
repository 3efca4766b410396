"""What people do to a rollout: in the history with who and why, and in force when they are answered."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import InvalidRequest
from segue.kernel.units import PPM
from segue.rollout.controller.follower import Follower
from segue.rollout.controller.ledger import entry_of
from segue.rollout.controller.presence import Presence, ReplicaProgress
from segue.rollout.controller.steering import Command, Steering
from segue.rollout.core.rollout import NotNow, Phase, RoutingChange
from segue.rollout.ports.store import Conflict, Replica
from segue.system.clock import SystemClock
from support.rollout import PLAN, ROLLOUT, Scene

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.rollout.controller.ledger import Snapshot
    from segue.rollout.controller.steering import CommandResult

ANN = Command("ann", "因為聲音更好")


class Crew(Scene):
    """A scene with a replica that follows."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Snapshot] = []
        self.follower = Follower(self.ledger, self.store.events, self._take, self.clock)
        self.presence = Presence(self.store.replicas, self.ledger.stream, "replica-1", self.clock)
        self.steering = Steering(
            self.ledger, self.plan_store, self.follower, self.store.replicas, self.clock, request_timeout_s=20.0
        )

    async def steering_waits(self, ordering: asyncio.Task[CommandResult]) -> None:
        """Lets the time pass that an order waits for replicas."""
        while not ordering.done():
            await asyncio.sleep(0)
            self.clock.advance(0.02)

    async def _take(self, snapshot: Snapshot) -> None:
        self.taken.append(snapshot)
        now_s = self.clock.now_s()
        replica = Replica("replica-1", snapshot.revision, now_s, now_s)
        await self.store.replicas.report(self.ledger.stream, replica)


@pytest.fixture
def crew() -> Crew:
    return Crew()


async def test_an_order_is_in_the_history_and_in_force_when_it_is_answered(crew: Crew) -> None:
    done = await crew.steering.start(PLAN, ANN)

    (event,) = await crew.ledger.history()
    assert (event.actor, event.kind, entry_of(event).why) == ("ann", "start", "因為聲音更好")
    assert done.snapshot.state.routing.share_ppm == PPM // 10
    assert crew.taken == [done.snapshot]
    assert done.following == [ReplicaProgress("replica-1", 0.0)]


async def test_the_whole_walk_by_hand(crew: Crew) -> None:
    steering = crew.steering
    await steering.start(PLAN, ANN)
    await steering.advance(ANN)
    await steering.pause(ANN)
    await steering.resume(ANN)
    await steering.hold_back("ghoul", ANN)
    await steering.release("ghoul", ANN)
    back = await steering.back(ANN)
    gone = await steering.roll_back(ANN)
    again = await steering.resume(ANN)

    assert back.snapshot.state.phase is Phase.COOLING
    assert (gone.snapshot.state.routing.enabled, gone.snapshot.state.routing.share_ppm) == (False, 0)
    assert again.snapshot.state.phase is Phase.RUNNING
    assert await crew.kinds() == [
        *("start", "advance", "pause", "resume", "hold_back", "release", "step_back", "roll_back", "resume")
    ]


async def test_what_the_phase_does_not_allow_is_refused_with_what_it_does(crew: Crew) -> None:
    with pytest.raises(NotNow, match=r"possible: .*start"):
        await crew.steering.pause(ANN)
    for verb in (crew.steering.resume, crew.steering.advance, crew.steering.back, crew.steering.approve):
        with pytest.raises(NotNow, match="start one with `segue rollout start PLAN`"):
            await verb(ANN)
    await crew.steering.start(PLAN, ANN)
    with pytest.raises(NotNow):
        await crew.steering.approve(ANN)
    with pytest.raises(NotNow, match="'ghoul' is not held back"):
        await crew.steering.release("ghoul", ANN)

    assert await crew.kinds() == ["start"]


async def test_who_had_seen_an_older_state_is_told_who_was_first(crew: Crew) -> None:
    await crew.steering.start(PLAN, ANN)
    await crew.steering.pause(Command("bob"))

    with pytest.raises(Conflict, match="by bob"):
        await crew.steering.advance(Command("ann", seen=1))


async def test_by_hand_a_plan_is_paused_and_keeps_its_place(crew: Crew) -> None:
    await crew.steering.start(PLAN, ANN)
    done = await crew.steering.set_routing(RoutingChange(share_ppm=PPM // 4), ANN)

    state = done.snapshot.state
    assert (state.phase, state.routing.share_ppm, state.plan) == (Phase.PAUSED, PPM // 4, crew.taken[0].state.plan)
    resumed = await crew.steering.resume(ANN)
    assert resumed.snapshot.state.routing.share_ppm == PPM // 10


async def test_a_replica_that_does_not_follow_is_named(crew: Crew) -> None:
    now_s = crew.clock.now_s()
    await crew.store.replicas.report(crew.ledger.stream, Replica("stuck", 1, now_s, now_s))
    await crew.store.replicas.report(crew.ledger.stream, Replica("dead", 1, now_s - 60, now_s - 60))
    ordering = asyncio.create_task(crew.steering.start(PLAN, ANN))
    await crew.steering_waits(ordering)
    ordering_again = asyncio.create_task(crew.steering.roll_back(ANN))
    await crew.steering_waits(ordering_again)

    done = await ordering_again
    assert {one.replica: one.after_s for one in done.following} == {"replica-1": 0.0, "stuck": None}


async def test_a_plan_is_kept_once_and_found_by_its_digest(crew: Crew) -> None:
    first = await crew.plan_store.put(PLAN, "ann")
    second = await Scene().plan_store.put(PLAN, "bob")

    assert first == second == await crew.plan_store.put(PLAN, "bob")
    fresh = type(crew.plan_store)(crew.store.events, crew.clock)
    assert await fresh.get(first) == PLAN
    with pytest.raises(InvalidRequest, match="plan 'none' is not in this store"):
        await fresh.get("none")


async def test_a_replica_reports_at_once_what_it_takes_and_leaves_in_good_order() -> None:
    scene, clock = Scene(), SystemClock()
    presence = Presence(scene.store.replicas, ROLLOUT, "replica-1", clock)
    presence.start()
    presence.took(7)
    taken: Sequence[Replica] = []
    for _ in range(100):
        taken = await scene.store.replicas.taken(ROLLOUT, 7)
        if taken:
            break
        await asyncio.sleep(0.01)
    assert [one.name for one in taken] == ["replica-1"]
    assert len(await scene.store.replicas.alive(ROLLOUT, clock.now_s() - 5)) == 1

    await presence.close()
    assert await scene.store.replicas.alive(ROLLOUT, 0.0) == []
    assert len(await scene.store.replicas.taken(ROLLOUT, 7)) == 1


async def test_a_plan_whose_longest_call_is_shorter_than_a_request_may_take_is_refused(crew: Crew) -> None:
    shorter = replace(PLAN, statistics=replace(PLAN.statistics, longest_s=19.0))
    with pytest.raises(InvalidRequest, match="set longest_synthesis to 20s, or SEGUE_REQUEST_TIMEOUT_S to 19"):
        await crew.steering.start(shorter, ANN)

    assert await crew.ledger.history() == []
