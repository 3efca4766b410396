"""What is told of where a rollout stands, beyond the state itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segue.config.plan_file import read_plan
from segue.controller.ledger import Snapshot
from segue.controller.overview import Overview
from segue.core.plan import Place
from segue.core.rollout import Phase, RolloutState, resumed, rolled_back, started

CHIRP3 = read_plan(Path(__file__).parents[3] / "plans" / "chirp3.yaml")


def overview(state: RolloutState) -> Overview:
    return Overview(0.0, Snapshot(state, 1), CHIRP3 if state.plan else None, None, [])


@pytest.mark.parametrize(
    ("place", "stage"), [(Place(4, 0), 3), (Place(6, 0), 1), (Place(6, 2), 4), (Place(0, 0), 0)]
)
def test_the_stage_told_is_the_one_that_a_resume_begins(place: Place, stage: int) -> None:
    off = rolled_back(replace(started(RolloutState(), CHIRP3, "digest", 0.0), place=place), 1.0)

    assert overview(off).resume_stage == stage
    assert resumed(off, CHIRP3, 2.0).place == Place(stage, 0)


def test_a_plan_under_way_and_a_roll_back_without_one_have_none() -> None:
    assert overview(started(RolloutState(), CHIRP3, "digest", 0.0)).resume_stage is None
    assert overview(RolloutState(phase=Phase.ROLLED_BACK)).resume_stage is None
