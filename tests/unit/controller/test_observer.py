"""Evidence is the same however often it was interrupted, and worth what the state says it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.controller.ledger import Wish
from segue.controller.observer import Observer, seen_slots
from segue.core import rollout
from segue.core.gates import Metric
from segue.core.rollout import Verb
from segue.core.speech import Arm
from segue.ports.store import Row
from support.rollout import HOLD_S, PLAN, ROLLOUT, SLOT_S, Scene

if TYPE_CHECKING:
    from segue.core.evidence import Evidence

GHOUL = frozenset({"ghoul"})


async def looked(scene: Scene, observer: Observer) -> Evidence:
    return await observer.look(PLAN, await scene.ledger.latest(), scene.clock.now_s())


def new_observer(scene: Scene) -> Observer:
    return Observer(scene.signals, scene.store.rows, scene.ledger, ROLLOUT)


@given(st.lists(st.tuples(st.floats(1, 300), st.booleans(), st.sampled_from([0.0, 0.02, 0.3])), max_size=12))
@settings(max_examples=60)
async def test_interrupted_or_not_the_evidence_is_the_same(looks: list[tuple[float, bool, float]]) -> None:
    """Each look by the same observer, or by a new one that has only the checkpoint."""
    scene = Scene()
    await scene.start()
    steady, changing = new_observer(scene), new_observer(scene)
    other = Scene()
    other.clock, other.signals = scene.clock, scene.signals
    other.ledger = scene.ledger
    steady = Observer(other.signals, other.store.rows, other.ledger, ROLLOUT)
    for passes_s, is_new, error_rate in looks:
        scene.signals.error_rate = error_rate
        scene.clock.advance(passes_s)
        changing = new_observer(scene) if is_new else changing

        assert await looked(scene, changing) == await looked(scene, steady)


async def test_totals_begin_anew_with_a_step_and_detectors_remember() -> None:
    scene = Scene()
    await scene.start()
    observer = new_observer(scene)
    scene.signals.error_rate = 0.03
    scene.clock.advance(5 * SLOT_S)
    before = await looked(scene, observer)
    now_s = scene.clock.now_s()
    await scene.ledger.change(Wish("ann", Verb.ADVANCE, ""), lambda state: rollout.advanced(state, PLAN, now_s))
    after = await looked(scene, observer)

    assert before.total.of(Arm.CANDIDATE, GHOUL).units == 5 * 200
    assert after.total.of(Arm.CANDIDATE, GHOUL).units == 0
    assert after.watches == before.watches
    assert scene.signals.steps_begun == 2


@pytest.mark.parametrize("by_another", [False, True])
async def test_after_going_back_detectors_begin_anew(*, by_another: bool) -> None:
    scene = Scene()
    await scene.start()
    observer = new_observer(scene)
    scene.signals.error_rate = 0.3
    scene.clock.advance(2 * SLOT_S)
    before = await looked(scene, observer)
    assert before.watches[Metric.ERROR_RATE, ""].beyond.evidence > 0
    for verb, change in (
        (Verb.STEP_BACK, lambda state: rollout.stepped_back(state, PLAN, scene.clock.now_s())),
        (Verb.RESUME, lambda state: rollout.resumed(state, PLAN, scene.clock.now_s())),
    ):
        await scene.ledger.change(Wish("judge", verb, ""), change)

    assert (await looked(scene, new_observer(scene) if by_another else observer)).watches == {}


async def test_a_slot_from_before_the_step_does_not_count() -> None:
    scene = Scene()
    scene.clock.advance(SLOT_S / 2)
    await scene.start()
    observer = new_observer(scene)
    scene.clock.advance(2 * SLOT_S)

    assert (await looked(scene, observer)).total.of(Arm.CANDIDATE, GHOUL).units == 200


async def test_a_checkpoint_that_cannot_be_read_is_gathered_anew() -> None:
    scene = Scene()
    await scene.start()
    scene.clock.advance(3 * SLOT_S)
    whole = await looked(scene, new_observer(scene))
    await scene.store.rows.add(Row(f"{ROLLOUT}/evidence", 0.0, "all", b"torn"))

    assert await looked(scene, new_observer(scene)) == whole


async def test_what_was_judged_is_kept_and_what_workers_wrote_is_let_go_in_time() -> None:
    scene = Scene()
    began_s = (await scene.start()).at_s
    units = f"{ROLLOUT}/units"
    for hours in range(4):
        await scene.store.rows.add(Row(units, began_s + hours * 3600, "worker", b""))
    scene.clock.advance(4 * 3600)
    await looked(scene, new_observer(scene))

    kept = await seen_slots(scene.store.rows, ROLLOUT, began_s, scene.clock.now_s())
    assert len(kept) == 240
    assert kept[0].of(Arm.CANDIDATE, GHOUL).units == 200
    left = await scene.store.rows.read(units, since_s=0.0, before_s=scene.clock.now_s())
    assert [row.start_s - began_s for row in left] == [7200, 10800]


async def test_only_eligible_characters_are_watched() -> None:
    scene = Scene()
    await scene.start()
    await scene.ledger.change(
        Wish("ann", Verb.HOLD_BACK, ""), lambda state: rollout.held_back(state, "ghoul", scene.clock.now_s())
    )
    scene.signals.error_rate = 0.5
    scene.clock.advance(HOLD_S)

    assert (await looked(scene, new_observer(scene))).watches == {}
