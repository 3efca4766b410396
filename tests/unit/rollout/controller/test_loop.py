"""The controller: looks, decides, writes; one at a time, and never worse for a bad moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from segue.kernel.units import PPM
from segue.rollout.controller.ledger import Proposal, entry_of
from segue.rollout.controller.loop import latest_judgement
from segue.rollout.core import rollout
from segue.rollout.core.rollout import Phase, Verb
from support.reasons import english
from support.rollout import HOLD_S, SLOT_S, Scene

if TYPE_CHECKING:
    from segue.rollout.core.standing import Standing


@pytest.fixture
async def scene() -> Scene:
    scene = Scene()
    await scene.start()
    return scene


async def test_without_a_plan_it_looks_and_leaves_everything_alone() -> None:
    scene = Scene()
    await scene.passes(600)

    assert await scene.kinds() == []


async def test_a_healthy_candidate_climbs_by_itself_to_the_end(scene: Scene) -> None:
    await scene.passes(3 * HOLD_S + 10 * SLOT_S)

    state = (await scene.ledger.latest()).state
    assert await scene.kinds() == ["start", "advance", "advance", "finish"]
    assert (state.phase, state.routing.share_ppm) == (Phase.FINISHED, PPM)


async def test_no_step_ends_before_its_hold(scene: Scene) -> None:
    await scene.passes(HOLD_S - 30)
    assert await scene.kinds() == ["start"]

    await scene.passes(30 + SLOT_S)
    assert await scene.kinds() == ["start", "advance"]


async def test_a_candidate_that_fails_is_rolled_back_and_the_entry_says_why(scene: Scene) -> None:
    await scene.passes(HOLD_S + SLOT_S)
    scene.signals.error_rate = 0.5
    await scene.passes(3 * SLOT_S)

    last = (await scene.ledger.history())[-1]
    entry = entry_of(last)
    assert (last.actor, last.kind, entry.trigger) == ("judge", "roll_back", "P0")
    assert entry.after.routing.enabled is False
    assert entry.before.routing.share_ppm == PPM // 2
    assert entry.decision is not None
    assert "error_rate: 50.0%" in entry.why


async def test_an_outage_of_both_arms_takes_nothing_back(scene: Scene) -> None:
    scene.signals.error_rate = scene.signals.baseline_error_rate = 0.6
    await scene.passes(HOLD_S)

    assert await scene.kinds() == ["start"]


async def test_after_going_back_what_was_known_does_not_accuse_again(scene: Scene) -> None:
    await scene.passes(HOLD_S + SLOT_S)
    scene.signals.error_rate = 0.12
    while (await scene.kinds())[-1] != "step_back":
        await scene.passes(SLOT_S)

    scene.signals.error_rate = 0.0
    await scene.passes(300 + HOLD_S + 2 * SLOT_S)
    assert await scene.kinds() == ["start", "advance", "step_back", "resume", "advance"]


async def test_no_traffic_holds(scene: Scene) -> None:
    scene.signals.units = 0
    await scene.passes(5 * HOLD_S)

    judgement = await latest_judgement(scene.store.notes, scene.ledger.stream)
    assert await scene.kinds() == ["start"]
    assert judgement is not None
    assert "no traffic" in english(judgement.decision)[0]


async def test_a_source_that_fails_holds_and_is_told(scene: Scene) -> None:
    scene.signals.trouble = "Prometheus does not respond"
    await scene.passes(2 * HOLD_S)

    judgement = await latest_judgement(scene.store.notes, scene.ledger.stream)
    assert await scene.kinds() == ["start"]
    assert judgement is not None
    assert "Prometheus does not respond" in english(judgement.decision)[0]

    scene.signals.trouble = ""
    await scene.passes(HOLD_S - SLOT_S)
    assert await scene.kinds() == ["start"], "what was not seen was not held"
    await scene.passes(2 * SLOT_S)
    assert await scene.kinds() == ["start", "advance"]


async def test_one_of_two_controllers_acts(scene: Scene) -> None:
    second = scene.another("second")
    await scene.passes(60)
    await second.tick()

    judgement = await latest_judgement(scene.store.notes, scene.ledger.stream)
    assert judgement is not None
    assert judgement.by == "first"


async def test_another_takes_over_within_fifteen_seconds_of_a_death(scene: Scene) -> None:
    second = scene.another("second")
    await scene.controller.tick()
    died_at_s = scene.clock.now_s()
    wake_at_s = await second.tick()
    while (judgement := await latest_judgement(scene.store.notes, scene.ledger.stream)) is not None:
        if judgement.by == "second":
            break
        scene.clock.advance(wake_at_s - scene.clock.now_s())
        wake_at_s = await second.tick()

    assert scene.clock.now_s() - died_at_s <= 15.0


async def test_a_successor_knows_what_the_one_before_knew(scene: Scene) -> None:
    """Half of the evidence seen by one controller, half by the next: the step ends when it would have."""
    scene.signals.units = 12
    await scene.passes(HOLD_S / 2)
    successor = scene.another("second")
    await scene.passes(HOLD_S / 2 + 2 * SLOT_S, successor)

    untouched = Scene()
    await untouched.start()
    untouched.signals.units = 12
    await untouched.passes(HOLD_S + 2 * SLOT_S)
    assert await scene.kinds() == await untouched.kinds() == ["start", "advance"]


async def test_it_asks_again_at_once_after_it_has_acted(scene: Scene) -> None:
    await scene.passes(HOLD_S - SLOT_S)
    scene.clock.advance(SLOT_S)

    assert await scene.controller.tick() == scene.clock.now_s()
    assert await scene.kinds() == ["start", "advance"]


async def test_who_comes_first_is_not_overruled(scene: Scene) -> None:
    """A person rolls back between the look and the write: the judge's advance is dropped."""
    await scene.passes(HOLD_S - 30)

    async def person() -> None:
        proposal = Proposal("ann", Verb.ROLL_BACK, "now")
        await scene.ledger.change(proposal, lambda state: rollout.rolled_back(state, scene.clock.now_s()))

    scene.signals.while_reading = person
    scene.clock.advance(2 * SLOT_S)
    await scene.controller.tick()

    assert await scene.kinds() == ["start", "roll_back"]


@dataclass(slots=True)
class Watching:
    """A listener that remembers; None is for a look at which another acted."""

    heard: list[Standing | None] = field(default_factory=list)
    stood_by: asyncio.Event = field(default_factory=asyncio.Event)

    def acting(self, standing: Standing) -> None:
        self.heard.append(standing)

    def standing_by(self) -> None:
        self.heard.append(None)
        self.stood_by.set()


async def test_status_listeners_hear_from_the_one_who_acts_alone(scene: Scene) -> None:
    one, other = Watching(), Watching()
    first, second = scene.another("first", 10.0, one), scene.another("second", 10.0, other)
    await first.tick()
    await second.tick()

    assert other.heard == [None]
    (seen,) = one.heard
    assert seen is not None
    assert (seen.revision, seen.stage, seen.hold_s, seen.phase) == (1, 0, HOLD_S, Phase.RUNNING)


async def test_status_listeners_hear_when_a_controller_stops(scene: Scene) -> None:
    watching = Watching()
    controller = scene.another("first", 10.0, watching)
    controller.start()
    await asyncio.sleep(0)
    await controller.close()

    assert watching.heard[-1] is None


async def test_status_listeners_hear_that_a_controller_whose_look_fails_does_not_act(scene: Scene) -> None:
    async def fails() -> None:
        raise ArithmeticError("nobody thought of this")

    watching = Watching()
    controller = scene.another("first", 10.0, watching)
    await controller.tick()
    scene.signals.while_reading = fails
    controller.start()
    await asyncio.wait_for(watching.stood_by.wait(), 5)

    assert [seen is None for seen in watching.heard] == [False, True]
    await controller.close()


async def test_without_a_plan_status_listeners_hear_that_all_is_manual() -> None:
    scene, watching = Scene(), Watching()
    await scene.another("first", 10.0, watching).tick()

    assert [seen.phase for seen in watching.heard if seen is not None] == [Phase.MANUAL]


@pytest.mark.parametrize("survives", [True, False])
async def test_a_clock_set_back_blinds_nobody(*, survives: bool) -> None:
    scene = Scene()
    await scene.start()
    await scene.passes(300)
    scene.clock.advance(-3600)
    scene.signals.error_rate = 0.6
    await scene.passes(600, None if survives else scene.another("second"))

    assert await scene.kinds() == ["start", "roll_back"]


async def test_what_was_heard_before_the_clock_was_set_back_is_no_traffic_of_now() -> None:
    scene = Scene()
    await scene.start()
    await scene.passes(300)
    scene.clock.advance(-3600)
    scene.signals.units = 0
    await scene.passes(600)

    judgement = await latest_judgement(scene.store.notes, scene.ledger.stream)
    assert judgement is not None
    assert english(judgement.decision)[0].startswith("no traffic for")


@pytest.mark.parametrize("what", ["killed", "frozen", "clock_set_forward", "source_lost"])
async def test_no_step_ends_on_time_that_nobody_saw(scene: Scene, what: str) -> None:
    """All but a minute of the hold is seen; then a day passes, or is said to have passed."""
    await scene.passes(HOLD_S - SLOT_S)
    controller = scene.another("second") if what == "killed" else scene.controller
    if what == "clock_set_forward":
        scene.clock.set_by(86_400.0)
    elif what == "source_lost":
        scene.signals.trouble = "gone"
        await scene.passes(86_400.0, look_every_s=600.0)
        scene.signals.trouble = ""
    else:
        scene.clock.advance(86_400.0)
    await controller.tick()
    assert await scene.kinds() == ["start"]

    await scene.passes(3 * SLOT_S, controller)
    assert await scene.kinds() == ["start", "advance"]
