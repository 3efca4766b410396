"""Several people order at once: no stage is skipped, and a roll back loses to nobody."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.rollout.controller.follower import Follower
from segue.rollout.controller.ledger import Ledger, Proposal, entry_of
from segue.rollout.controller.plans import PlanStore
from segue.rollout.controller.steering import AT_ONCE_S, Command, Steering
from segue.rollout.core import rollout
from segue.rollout.core.rollout import NotNow, Phase, RoutingChange, Verb
from segue.rollout.ports.store import Conflict, Event
from segue.rollout.store.open import open_store
from segue.system.clock import SystemClock
from support.rollout import PLAN, ROLLOUT, Scene

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.ledger import Snapshot
    from segue.rollout.controller.steering import CommandResult
    from segue.rollout.ports.store import EventLog, Store

ANN, BOB, CID, DAN = (Command(name) for name in ("ann", "bob", "cid", "dan"))
ROUNDS = 200
FOUR = replace(PLAN, stages=tuple(replace(PLAN.stages[n // 2], name=f"stage-{n}") for n in range(5)))
"""With as much room above the second stage as would show a stage skipped."""


async def _served(snapshot: Snapshot) -> None:
    del snapshot


def steering_of(store: Store, clock: Clock, log: EventLog | None = None) -> Steering:
    ledger = Ledger(log or store.events, ROLLOUT, clock)
    follower = Follower(ledger, store.events, _served, clock)
    plan_store = PlanStore(store.events, clock)
    return Steering(ledger, plan_store, follower, store.replicas, clock, request_timeout_s=20.0)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = open_store(f"sqlite:///{tmp_path}/segue.db")
    await store.start()
    yield store
    await store.close()


async def _tried(order: Awaitable[CommandResult]) -> CommandResult | None:
    try:
        return await order
    except (Conflict, NotNow):
        return None


@pytest.mark.timeout(120)
async def test_of_people_who_press_at_once_nobody_skips_a_stage_and_the_roll_back_is_never_lost(
    store: Store,
) -> None:
    clock = SystemClock()
    one, other = steering_of(store, clock), steering_of(store, clock)
    ledger = Ledger(store.events, ROLLOUT, clock)
    for _ in range(ROUNDS):
        begun = await one.start(FOUR, DAN, 1)  # who has rolled back knows of it
        *_, off = await asyncio.gather(
            _tried(one.advance(ANN)), _tried(other.advance(BOB)), _tried(one.back(CID)), other.roll_back(DAN)
        )
        events = await ledger.history(after=begun.snapshot.revision)

        assert off.snapshot.state.phase is Phase.ROLLED_BACK
        assert (await ledger.latest()).state.phase is Phase.ROLLED_BACK
        assert [event.kind for event in events if event.actor == "dan"] == [Verb.ROLL_BACK]
        for event in events:
            entry = entry_of(event)
            assert entry.after.place.stage <= min(2, entry.before.place.stage + 1)


@pytest.mark.parametrize("apart_s", [0.0, 0.032, AT_ONCE_S - 0.1])
async def test_neither_a_start_nor_a_share_so_soon_after_anothers_roll_back_undoes_it(
    scene: Scene, apart_s: float
) -> None:
    await scene.start()
    steering = steering_of(scene.store, scene.clock)
    await steering.roll_back(ANN)
    scene.clock.advance(apart_s)

    with pytest.raises(Conflict, match="by ann"):
        await steering.start(FOUR, BOB)
    for change in (RoutingChange(share_ppm=420_000), RoutingChange(enabled=True)):
        with pytest.raises(Conflict, match="by ann"):
            await steering.set_routing(change, BOB)
    state = (await scene.ledger.latest()).state
    assert (state.phase, state.routing.share_ppm) == (Phase.ROLLED_BACK, 0)

    await steering.set_routing(RoutingChange(share_ppm=0), BOB)
    scene.clock.advance(AT_ONCE_S)
    assert (await steering.start(FOUR, BOB)).snapshot.state.phase is Phase.RUNNING


class Contended:
    """A log in which somebody else is always a moment faster, for so many times."""

    def __init__(self, log: EventLog, times: int) -> None:
        self._log = log
        self.left = times
        self.read = log.read
        self.latest = log.latest
        self.wake = getattr(log, "wake", None)

    async def append(self, event: Event) -> None:
        if self.left:
            self.left -= 1
            await self._log.append(replace(event, actor="rival"))
        await self._log.append(event)


@pytest.fixture
def scene() -> Scene:
    return Scene(FOUR)


async def test_a_roll_back_is_written_however_many_are_faster(scene: Scene) -> None:
    await scene.start()
    crowd = steering_of(scene.store, scene.clock, Contended(scene.store.events, 50))  # type: ignore[arg-type]  # what a ledger asks of it

    done = await crowd.roll_back(DAN)

    assert (done.snapshot.revision, done.snapshot.state.phase) == (52, Phase.ROLLED_BACK)


async def test_any_other_order_gives_up_and_says_who_was_faster(scene: Scene) -> None:
    await scene.start()
    crowd = steering_of(scene.store, scene.clock, Contended(scene.store.events, 50))  # type: ignore[arg-type]  # what a ledger asks of it

    with pytest.raises(Conflict, match="by rival"):
        await crowd.hold_back("ghoul", DAN)


@pytest.mark.parametrize("apart_s", [0.0, 0.032, AT_ONCE_S - 0.1])
async def test_an_advance_so_soon_after_anothers_is_taken_for_the_same(scene: Scene, apart_s: float) -> None:
    await scene.start()
    steering = steering_of(scene.store, scene.clock)
    await steering.advance(ANN)
    scene.clock.advance(apart_s)

    with pytest.raises(Conflict, match="by ann"):
        await steering.advance(BOB)

    assert (await scene.ledger.latest()).state.place.stage == 1


@pytest.mark.parametrize(
    ("order", "apart_s"),
    [
        (BOB, AT_ONCE_S),
        (ANN, 0.0),
        (BOB._replace(from_stage=1), 0.0),
        (BOB._replace(from_stage=1, from_step=0), 0.0),
        (BOB._replace(seen=2), 0.0),
    ],
)
async def test_who_can_have_seen_it_or_says_so_goes_on(scene: Scene, order: Command, apart_s: float) -> None:
    await scene.start()
    steering = steering_of(scene.store, scene.clock)
    await steering.advance(ANN)
    scene.clock.advance(apart_s)

    assert (await steering.advance(order)).snapshot.state.place.stage == 2


async def test_an_advance_so_soon_after_the_judges_is_taken_for_the_same(scene: Scene) -> None:
    await scene.start()
    proposal = Proposal("judge", Verb.ADVANCE, "the gates are met")
    now_s = scene.clock.now_s()
    await scene.ledger.change(proposal, lambda state: rollout.advanced(state, FOUR, now_s))

    with pytest.raises(Conflict, match="by judge"):
        await steering_of(scene.store, scene.clock).advance(ANN)


async def test_a_step_back_is_taken_once_and_a_roll_back_is_not_undone_by_who_did_not_see_it(
    scene: Scene,
) -> None:
    await scene.start()
    steering = steering_of(scene.store, scene.clock)
    await steering.advance(ANN)
    await steering.back(ANN)
    with pytest.raises(Conflict, match="by ann"):
        await steering.back(BOB)
    await steering.roll_back(ANN)
    with pytest.raises(Conflict, match="by ann"):
        await steering.resume(BOB)

    assert (await steering.resume(BOB._replace(seen=4))).snapshot.state.phase is Phase.RUNNING


@pytest.mark.parametrize(
    "elsewhere", [BOB._replace(from_stage=0), BOB._replace(from_stage=2), BOB._replace(from_stage=1, from_step=1)]
)
async def test_an_order_from_where_the_rollout_is_not_does_nothing(scene: Scene, elsewhere: Command) -> None:
    await scene.start()
    steering = steering_of(scene.store, scene.clock)
    await steering.advance(ANN)

    for order in (steering.advance, steering.back):
        with pytest.raises(Conflict, match="the rollout is at stage 1, step 1"):
            await order(elsewhere)


async def test_a_person_ends_the_last_step_and_is_named(scene: Scene) -> None:
    await scene.start()
    steering = steering_of(scene.store, scene.clock)
    for _ in FOUR.stages[1:]:
        await steering.advance(ANN)
    done = await steering.advance(ANN._replace(why="it is good"))

    event = (await scene.ledger.history())[-1]
    assert (done.snapshot.state.phase, event.kind, event.actor) == (Phase.FINISHED, Verb.FINISH, "ann")
    assert entry_of(event).why == "it is good"
    with pytest.raises(NotNow, match="advance is not possible while the rollout is finished"):
        await steering.advance(ANN)


async def test_two_who_end_it_at_once_end_it_once(scene: Scene) -> None:
    await scene.start()
    steering = steering_of(scene.store, scene.clock)
    for _ in FOUR.stages[1:]:
        await steering.advance(ANN)
    await asyncio.gather(*(_tried(steering.advance(order)) for order in (ANN, BOB, CID)))

    kinds = await scene.kinds()
    assert kinds.count(Verb.FINISH) == 1
    assert list(itertools.islice(reversed(kinds), 1)) == [Verb.FINISH]
