"""Evidence is the same however often it was interrupted, and worth what the state says it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.kernel.arms import Arm
from segue.rollout.controller.ledger import Proposal
from segue.rollout.controller.observer import Judged, Observer, seen_slots
from segue.rollout.core import rollout
from segue.rollout.core.alarms import alarms
from segue.rollout.core.gates import GateMetric
from segue.rollout.core.plan import Stage, Step
from segue.rollout.core.rollout import Verb
from segue.rollout.ports.signals import Counting
from segue.rollout.ports.store import Row
from segue.testing.store import MemoryStore
from support.rollout import HOLD_S, PLAN, ROLLOUT, SLOT_S, Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.rollout.core.evidence import Evidence
    from segue.rollout.core.plan import Plan
    from segue.rollout.core.rollout import RolloutState

    Change = Callable[[RolloutState], RolloutState]

GHOUL = frozenset({"ghoul"})


async def looked(scene: Scene, observer: Observer) -> Evidence:
    return await observer.look(PLAN, await scene.ledger.latest(), scene.clock.now_s())


def new_observer(scene: Scene, candidate: str = "") -> Observer:
    return Observer(scene.signals, scene.store.rows, scene.ledger, Judged(ROLLOUT, candidate), scene.clock)


async def changed(scene: Scene, verb: Verb, change: Change, character: str = "") -> None:
    await scene.ledger.change(Proposal("ann", verb, "", character=character), change)


async def started(plan: Plan = PLAN) -> tuple[Scene, Observer]:
    scene = Scene(plan)
    await scene.start()
    return scene, new_observer(scene)


async def watched_for(scene: Scene, observer: Observer, duration_s: float, every_s: float = 30.0) -> Evidence:
    """Looks again and again, as a controller does."""
    evidence = await looked(scene, observer)
    for _ in range(round(duration_s / every_s)):
        scene.clock.advance(every_s)
        evidence = await looked(scene, observer)
    return evidence


@given(st.lists(st.tuples(st.floats(1, 230), st.booleans(), st.sampled_from([0.0, 0.02, 0.3])), max_size=12))
@settings(max_examples=60)
async def test_interrupted_or_not_the_evidence_is_the_same(looks: list[tuple[float, bool, float]]) -> None:
    """Each look by the same observer, or by a new one that has only the checkpoint."""
    scene, changing = await started()
    steady = Observer(scene.signals, MemoryStore().rows, scene.ledger, Judged(ROLLOUT), scene.clock)
    for passes_s, is_new, error_rate in looks:
        scene.signals.error_rate = error_rate
        scene.clock.advance(passes_s)
        changing = new_observer(scene) if is_new else changing

        assert await looked(scene, changing) == await looked(scene, steady)


async def test_a_step_begins_anew_and_totals_and_detectors_remember() -> None:
    scene, observer = await started()
    scene.signals.error_rate = 0.03
    before = await watched_for(scene, observer, 5 * SLOT_S)
    now_s = scene.clock.now_s()
    await changed(scene, Verb.ADVANCE, lambda state: rollout.advanced(state, PLAN, now_s))
    after = await looked(scene, observer)

    assert before.step.of(Arm.CANDIDATE, GHOUL).units == 5 * 200
    assert after.step.of(Arm.CANDIDATE, GHOUL).units == 0
    assert after.total.of(Arm.CANDIDATE, GHOUL).units == 5 * 200
    assert after.watches == before.watches
    assert (before.held_s, after.held_s) == (300.0, 0.0)


@pytest.mark.parametrize("by_another", [False, True])
async def test_after_going_back_nothing_remembers(*, by_another: bool) -> None:
    scene, observer = await started()
    scene.signals.error_rate = 0.3
    began_s = scene.signals.counting.since_s
    before = await watched_for(scene, observer, 2 * SLOT_S)
    assert before.watches[GateMetric.ERROR_RATE, ""].evidence > 0
    for verb, change in (
        (Verb.STEP_BACK, lambda state: rollout.stepped_back(state, PLAN, scene.clock.now_s())),
        (Verb.RESUME, lambda state: rollout.resumed(state, PLAN, scene.clock.now_s())),
    ):
        await changed(scene, verb, change)
    after = await looked(scene, new_observer(scene) if by_another else observer)

    assert (after.watches, after.total.is_silent, after.held_s) == ({}, True, 0.0)
    assert scene.signals.counting.since_s > began_s, "who counted before may count again"
    assert scene.signals.counting.rollout_since_s == (await scene.ledger.latest()).state.started_at_s


async def test_after_characters_were_taken_back_what_they_did_accuses_nobody() -> None:
    scene, observer = await started()
    scene.signals.error_rate = 0.3
    before = await watched_for(scene, observer, 2 * SLOT_S)
    await changed(
        scene, Verb.HOLD_BACK, lambda state: rollout.held_back(state, "ghoul", scene.clock.now_s()), "ghoul"
    )
    after = await looked(scene, observer)

    assert {scope for _, scope in before.watches} == {"", "ghoul"}
    assert after.watches == {}
    assert (after.total, after.held_s) == (before.total, before.held_s)


async def test_a_character_let_on_again_changes_nothing_that_is_known() -> None:
    scene, observer = await started()
    scene.signals.error_rate = 0.3
    await changed(
        scene, Verb.HOLD_BACK, lambda state: rollout.held_back(state, "raider", scene.clock.now_s()), "raider"
    )
    before = await watched_for(scene, observer, 2 * SLOT_S)
    await changed(scene, Verb.RELEASE, lambda state: rollout.released(state, "raider", scene.clock.now_s()))
    after = await looked(scene, observer)

    assert after.watches == before.watches != {}
    assert (after.step, after.held_s) == (before.step, before.held_s)


async def test_evidence_of_another_candidate_is_none_of_this_one() -> None:
    scene = Scene()
    await scene.start()
    before = await watched_for(scene, new_observer(scene, "espeak-1"), 5 * SLOT_S)
    same = await watched_for(scene, new_observer(scene, "espeak-1"), SLOT_S)
    upgraded = new_observer(scene, "espeak-2")
    after = await looked(scene, upgraded)
    later = await watched_for(scene, upgraded, 2 * SLOT_S)

    assert same.total.of(Arm.CANDIDATE, GHOUL).units == 1200
    assert (before.held_s, same.held_s, after.held_s) == (300.0, 360.0, 0.0)
    assert after.total.is_silent
    assert later.total.of(Arm.CANDIDATE, GHOUL).units == 400


async def test_the_rules_of_counting_are_those_of_the_plan_and_the_rollout() -> None:
    scene, observer = await started()
    await looked(scene, observer)

    began_s = scene.clock.now_s()
    assert scene.signals.counting == Counting(900.0, began_s, began_s, 20.0)


async def test_the_hold_is_time_in_which_the_arm_was_heard() -> None:
    scene, observer = await started()
    await watched_for(scene, observer, 5 * SLOT_S)
    scene.signals.units = 0
    silent = await watched_for(scene, observer, 5 * SLOT_S)
    scene.signals.units = 200
    heard = await watched_for(scene, observer, SLOT_S)

    assert (silent.held_s, heard.held_s) == (300.0, 660.0), "a night is held over once it is over"


async def test_a_pause_adds_nothing() -> None:
    scene, observer = await started()
    await watched_for(scene, observer, 5 * SLOT_S)
    await changed(scene, Verb.PAUSE, lambda state: rollout.paused(state, scene.clock.now_s()))
    paused = await watched_for(scene, observer, 3600.0)
    await changed(scene, Verb.RESUME, lambda state: rollout.resumed(state, PLAN, scene.clock.now_s()))
    resumed = await watched_for(scene, observer, 2 * SLOT_S)

    assert (paused.held_s, resumed.held_s) == (300.0, 420.0)
    assert paused.step.of(Arm.CANDIDATE, GHOUL).units == 65 * 200


async def test_a_successor_within_the_lease_goes_on_without_a_gap() -> None:
    scene, observer = await started()
    await watched_for(scene, observer, 5 * SLOT_S)
    scene.clock.advance(15.0)
    after = await watched_for(scene, new_observer(scene), 5 * SLOT_S, every_s=15.0)

    assert after.held_s == 600.0


async def test_a_successor_after_a_quiet_night_goes_on_without_a_gap() -> None:
    scene, observer = await started()
    await watched_for(scene, observer, 5 * SLOT_S)
    scene.signals.units = 0
    await watched_for(scene, observer, 8 * 3600.0, every_s=55.0)
    scene.signals.units = 200
    after = await watched_for(scene, new_observer(scene), 2 * SLOT_S)

    assert after.held_s >= 8 * 3600.0 + 5 * SLOT_S


@pytest.mark.parametrize("killed", [False, True], ids=["frozen", "killed"])
async def test_time_in_which_the_judge_did_not_run_is_evidence_and_adds_nothing_to_the_hold(
    *, killed: bool
) -> None:
    """Killed and started again, or stopped and continued, after longer than the hold."""
    scene, observer = await started()
    before = await watched_for(scene, observer, 5 * SLOT_S)
    scene.clock.advance(2 * HOLD_S)
    observer = new_observer(scene) if killed else observer
    after = await looked(scene, observer)
    later = await watched_for(scene, observer, 3 * SLOT_S)

    assert (before.held_s, after.held_s, later.held_s) == (300.0, 300.0, 480.0)
    assert after.step.of(Arm.CANDIDATE, GHOUL).units == 25 * 200


async def test_a_silence_in_which_the_judge_did_not_run_adds_nothing_either() -> None:
    scene, observer = await started()
    await watched_for(scene, observer, 5 * SLOT_S)
    scene.signals.units = 0
    scene.clock.advance(6 * 3600.0)
    await looked(scene, new_observer(scene))
    scene.signals.units = 200
    after = await watched_for(scene, new_observer(scene), SLOT_S)

    assert after.held_s == 360.0


async def test_metrics_that_could_not_be_read_add_nothing() -> None:
    """Of a day, 23 hours and a half."""
    scene, observer = await started()
    await watched_for(scene, observer, 900.0)
    scene.signals.trouble = "Prometheus does not respond"
    lost = await watched_for(scene, observer, 23.5 * 3600.0, every_s=300.0)
    scene.signals.trouble = ""
    after = await watched_for(scene, observer, 900.0)

    assert lost.trouble
    assert (lost.held_s, after.held_s, after.trouble) == (900.0, 1800.0, "")


@pytest.mark.parametrize(("late_s", "told"), [(240.0, ""), (600.0, "the last 10 minutes")])
async def test_metrics_that_arrive_late_are_evidence_and_hold_the_rollout_if_they_are_far_behind(
    late_s: float, told: str
) -> None:
    scene, observer = await started()
    scene.signals.late_s = late_s
    evidence = await watched_for(scene, observer, 20 * SLOT_S)

    assert told in evidence.trouble
    assert bool(evidence.trouble) == bool(told)
    assert evidence.total.of(Arm.CANDIDATE, GHOUL).units == 200 * (20 - late_s / SLOT_S)
    assert evidence.held_s == 20 * SLOT_S - late_s


@pytest.mark.parametrize("set_by_s", [86_400.0, 240.0, 30.0])
async def test_a_clock_set_forward_adds_nothing(set_by_s: float) -> None:
    scene, observer = await started()
    await watched_for(scene, observer, 5 * SLOT_S)
    scene.clock.set_by(set_by_s)
    at_once = await looked(scene, observer)
    after = await watched_for(scene, observer, 5 * SLOT_S)

    assert at_once.held_s == 300.0
    assert 300.0 + 4 * SLOT_S <= after.held_s <= 600.0


@pytest.mark.parametrize("set_by_s", [-86_400.0, -240.0, -30.0])
@pytest.mark.parametrize("by_another", [False, True])
async def test_a_clock_set_back_stops_nothing_and_takes_nothing_away(set_by_s: float, *, by_another: bool) -> None:
    scene, observer = await started()
    before = await watched_for(scene, observer, 5 * SLOT_S)
    scene.clock.set_by(set_by_s)
    observer = new_observer(scene) if by_another else observer
    after = await watched_for(scene, observer, 10 * SLOT_S)

    assert before.held_s == 300.0
    assert 600.0 < after.held_s <= 900.0
    assert after.fresh_at_s is not None
    assert abs(after.fresh_at_s - scene.clock.now_s()) <= SLOT_S
    assert after.total.of(Arm.CANDIDATE, GHOUL).units > before.total.of(Arm.CANDIDATE, GHOUL).units


@pytest.mark.parametrize("set_by_s", [86_400.0, -86_400.0, -3600.0])
@pytest.mark.parametrize("by_another", [False, True])
async def test_a_clock_that_was_set_changes_nothing_in_how_long_an_alarm_has_lasted(
    set_by_s: float, *, by_another: bool
) -> None:
    scene, observer = await started()
    scene.signals.error_rate = 0.3
    await watched_for(scene, observer, 10 * SLOT_S)
    scene.clock.set_by(set_by_s)
    observer = new_observer(scene) if by_another else observer
    scene.signals.units = 0.0  # workers write nothing for the time that the clock has left out
    await looked(scene, observer)
    scene.signals.units = 200.0
    after = await watched_for(scene, observer, 10 * SLOT_S)

    assert all(18 * SLOT_S <= alarm.lasted_s <= 20 * SLOT_S for alarm in alarms(PLAN, after))
    assert alarms(PLAN, after)


async def test_while_nobody_hears_the_candidate_the_baseline_must_be_heard() -> None:
    scene, observer = await started(replace(PLAN, stages=(Stage("off", (Step(0, HOLD_S),)), *PLAN.stages)))
    scene.signals.candidate_units = 0
    held = await watched_for(scene, observer, 5 * SLOT_S)
    await changed(scene, Verb.ADVANCE, lambda state: rollout.advanced(state, scene.plan, scene.clock.now_s()))
    unheard = await watched_for(scene, observer, 5 * SLOT_S)

    assert (held.held_s, unheard.held_s) == (300.0, 0.0)


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
        Proposal("ann", Verb.HOLD_BACK, ""), lambda state: rollout.held_back(state, "ghoul", scene.clock.now_s())
    )
    scene.signals.error_rate = 0.5
    scene.clock.advance(HOLD_S)

    assert (await looked(scene, new_observer(scene))).watches == {}
