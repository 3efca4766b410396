"""What is told of where a rollout stands, beyond the state itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.config.plan_file import read_plan
from segue.kernel.arms import Arm
from segue.rollout.controller.ledger import Snapshot
from segue.rollout.controller.loop import Judgement
from segue.rollout.controller.overview import Overview
from segue.rollout.core.decide import Decision
from segue.rollout.core.gates import GateMetric, Reading, Verdict
from segue.rollout.core.plan import Hours, Place
from segue.rollout.core.reasons import Reason, ReasonCode, reason
from segue.rollout.core.rollout import Phase, RolloutState, approval_asked, approved, resumed, rolled_back, started
from segue.rollout.core.waiting import Awaited, Wait, waits
from support.paths import PLANS

CHIRP3 = read_plan(PLANS / "chirp3.yaml")


def overview(state: RolloutState, judgement: Judgement | None = None, now_s: float = 0.0) -> Overview:
    return Overview(now_s, Snapshot(state, 1), CHIRP3 if state.plan else None, judgement, [])


def judged(held_s: float, revision: int = 1) -> Judgement:
    return Judgement(revision, 0.0, "replica", Decision(None, (), 1.0, held_s=held_s))


def test_the_hold_is_what_the_judge_counted() -> None:
    running = started(RolloutState(), CHIRP3, "digest", 0.0)

    assert overview(running, judged(60.0), now_s=900.0).held_s == 60.0
    assert overview(running, None, now_s=900.0).held_s == 0.0


def test_a_hold_that_was_judged_of_another_step_is_not_this_ones() -> None:
    running = started(RolloutState(), CHIRP3, "digest", 890.0)

    assert overview(running, judged(5000.0, revision=0), now_s=900.0).held_s == 10.0
    assert overview(running, judged(3.0, revision=0), now_s=900.0).held_s == 3.0


@pytest.mark.parametrize(
    ("place", "stage"), [(Place(4, 0), 3), (Place(6, 0), 1), (Place(6, 2), 4), (Place(0, 0), 0)]
)
def test_the_stage_told_is_the_one_that_a_resume_begins(place: Place, stage: int) -> None:
    off = rolled_back(replace(started(RolloutState(), CHIRP3, "digest", 0.0), place=place), 1.0)

    assert overview(off).resume_stage == stage
    assert resumed(off, CHIRP3, 2.0).place == Place(stage, 0)


NIGHT = Hours(2 * 60, 3 * 60)
GUARDED = replace(
    CHIRP3, stages=tuple(replace(stage, approval=True, hours=NIGHT, shadow_ppm=0) for stage in CHIRP3.stages)
)
NOON_S, TWO_S = 43_200.0, 93_600.0
UNSURE, MISSED, MET = (
    Reading(name, Arm.CANDIDATE, "", 1.0, 9.0, 0.1, 0.05, verdict, "")
    for name, verdict in (
        (GateMetric.MEAN_SYNTHESIS, Verdict.INCONCLUSIVE),
        (GateMetric.ERROR_RATE, Verdict.FAIL),
        (GateMetric.SUCCESS_RATE, Verdict.PASS),
    )
)


QUIET = (reason(ReasonCode.NO_TRAFFIC, quiet_s=90.0),)


def waited_for(state: RolloutState, *readings: Reading, reasons: tuple[Reason | str, ...] = ()) -> list[Wait]:
    decision = Decision(None, reasons, 1.0, readings)
    seen = Judgement(1, 0.0, "replica", decision)
    return Overview(NOON_S, Snapshot(state, 1), GUARDED, seen, []).waiting


def test_what_a_stage_begun_waits_for_is_told_until_it_is_given() -> None:
    begun = started(RolloutState(), GUARDED, "digest", NOON_S)
    hours = Wait(Awaited.HOURS, TWO_S)

    assert waited_for(begun) == [Wait(Awaited.APPROVAL), hours]
    assert waited_for(approved(begun, GUARDED)) == [hours]
    assert waits(GUARDED, approved(begun, GUARDED), None, TWO_S) == []
    assert waited_for(rolled_back(begun, NOON_S)) == []


def test_after_an_approval_the_gates_the_traffic_and_the_hours_are_told() -> None:
    running = started(RolloutState(), CHIRP3, "digest", NOON_S)
    agreed = approved(approval_asked(running), GUARDED)
    hours = Wait(Awaited.HOURS, TWO_S)

    assert waited_for(agreed, MET) == [hours]
    assert waited_for(agreed, MET, UNSURE, MISSED) == [
        hours,
        Wait(Awaited.GATES, names=("error_rate",)),
        Wait(Awaited.TRAFFIC, names=("mean_synthesis",)),
    ]
    assert waited_for(agreed, reasons=QUIET) == [
        hours,
        Wait(Awaited.JUDGE, reasons=QUIET),
    ]
    assert waited_for(approval_asked(running), MET) == [Wait(Awaited.APPROVAL), hours]


@pytest.mark.parametrize("phase", sorted(set(Phase) - {Phase.AWAITING_APPROVAL, Phase.AWAITING_HOURS}))
def test_in_every_other_phase_nothing_of_it_is_told(phase: Phase) -> None:
    assert waited_for(replace(started(RolloutState(), CHIRP3, "digest", NOON_S), phase=phase)) == []


def test_a_plan_under_way_and_a_roll_back_without_one_have_none() -> None:
    assert overview(started(RolloutState(), CHIRP3, "digest", 0.0)).resume_stage is None
    assert overview(RolloutState(phase=Phase.ROLLED_BACK)).resume_stage is None
