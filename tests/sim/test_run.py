"""Runs of a plan: repeatable, honest about time, and heedful of what goes wrong."""

from __future__ import annotations

import dataclasses

import pytest

from segue.core.gates import Gate, Metric
from segue.core.plan import Plan, Policy, Stage, Statistics, Step
from segue.core.rollout import Verb
from segue.simulation.outcome import Ending, Outcome
from segue.simulation.run import Simulation
from segue.simulation.summary import BATCH_RUNS, simulated
from segue.simulation.world import World, behaviour, parse_fault
from support.simulation import CHARACTERS, short_plan

pytestmark = pytest.mark.timeout(180)  # days of virtual time in seconds, on a machine that may be busy


def world(*faults: str, requests_per_s: float = 0.5, **changes: object) -> World:
    parsed = tuple(parse_fault(fault) for fault in faults)
    return World(CHARACTERS, requests_per_s, faults=parsed, **changes)  # type: ignore[arg-type]  # a shorthand


def played(of: World, runs: int = 40, *, seed: int = 3, coarse: bool = True) -> list[Outcome]:
    return Simulation(short_plan(), of, runs, seed, coarse=coarse).outcomes()


def test_a_healthy_candidate_takes_exactly_the_holds() -> None:
    outcomes = played(world(requests_per_s=5.0))

    assert {outcome.ending for outcome in outcomes} == {Ending.FINISHED}
    assert {outcome.took_s for outcome in outcomes} == {2 * 86_400.0}


def test_the_same_seed_gives_the_same_runs_and_another_does_not() -> None:
    broken = world("error:0.15@stage1")

    assert played(broken, seed=5) == played(broken, seed=5)
    assert played(broken, seed=5) != played(broken, seed=6)


def test_a_fault_is_noticed_after_it_began_and_ends_the_run() -> None:
    outcomes = played(world("error:0.3@stage1"))

    assert sum(outcome.ending is Ending.ROLLED_BACK for outcome in outcomes) >= 0.95 * len(outcomes), (
        "not one character alone"
    )
    for outcome in outcomes:
        assert outcome.back is not None
        assert outcome.back.stage == 1
        assert outcome.took_s == outcome.back.at_s == 86_400.0 + outcome.back.after_s
        assert 0 < outcome.back.bad_answers < outcome.back.after_requests


@pytest.mark.parametrize(
    ("fault", "ending"), [("late:3@stage1", Ending.ROLLED_BACK), ("late:0.9@stage1", Ending.STEPPED_BACK)]
)
def test_a_candidate_whose_streams_begin_late_is_taken_back(fault: str, ending: Ending) -> None:
    outcomes = played(world(fault))

    assert sum(outcome.ending is ending for outcome in outcomes) >= 0.9 * len(outcomes)
    assert all("first_audio" in outcome.why for outcome in outcomes)


def test_without_streams_a_gate_on_their_first_audio_is_never_met() -> None:
    outcomes = played(world(streams_ratio=0.0), 3)

    assert {outcome.ending for outcome in outcomes} == {Ending.STUCK}


def test_trouble_of_one_character_takes_that_one_back() -> None:
    outcomes = played(world("error:0.5@stage1/raider"))
    held_back = [outcome for outcome in outcomes if outcome.ending is Ending.HELD_BACK]

    assert len(held_back) >= 0.9 * len(outcomes)
    assert all("raider" in outcome.why for outcome in held_back)


def test_a_fault_that_is_over_before_its_stage_is_never_noticed() -> None:
    outcomes = played(world("outage:1@1h+5m", requests_per_s=5.0))

    assert {outcome.back for outcome in outcomes} == {None}


def test_a_candidate_that_is_always_a_little_too_bad_never_finishes() -> None:
    plan = dataclasses.replace(short_plan(), statistics=Statistics(slot_s=600.0))

    outcomes = Simulation(plan, world(candidate=behaviour(0.02, 0.9)), 5, 3).outcomes()

    assert {outcome.ending for outcome in outcomes} == {Ending.STUCK}
    assert all(outcome.took_s >= 3 * 2 * 86_400.0 for outcome in outcomes)


def test_a_run_without_faults_goes_on_after_it_stepped_back() -> None:
    stages = (Stage("nobody", (Step(0, 3600.0),)), *short_plan().stages)
    policy = Policy(cool_down_s=600.0, most_step_backs=1)
    plan = dataclasses.replace(short_plan(), stages=stages, policy=policy)
    wobbly = world(candidate=behaviour(0.07, 0.9))

    outcomes = Simulation(plan, wobbly, 10, 1).outcomes()

    stepped = [outcome.back for outcome in outcomes if outcome.back and outcome.back.verb is Verb.STEP_BACK]
    assert stepped
    assert all(back.before_fault for back in stepped), "there was none"
    assert {outcome.ending for outcome in outcomes} <= {Ending.ROLLED_BACK, Ending.STUCK}


def alarms_only(slots_between_false_alarms: float) -> Plan:
    gates = (Gate(Metric.ERROR_RATE, step_back=0.05, roll_back=0.10), Gate(Metric.P95_SYNTHESIS, target=2.5))
    statistics = Statistics(slots_between_false_alarms=slots_between_false_alarms)
    return dataclasses.replace(short_plan(), gates=gates, statistics=statistics)


@pytest.mark.parametrize("odds", [1000.0, 100_000.0])
def test_quiet_hours_drawn_as_one_make_no_difference(odds: float) -> None:
    quiet = world(candidate=behaviour(0.002, 0.9), requests_per_s=2.0)

    ways = [Simulation(alarms_only(odds), quiet, 50, 11, coarse=coarse).outcomes() for coarse in (True, False)]

    for outcomes in ways:
        assert {(outcome.ending, outcome.back) for outcome in outcomes} == {(Ending.FINISHED, None)}


def test_near_a_level_every_slot_is_drawn_for_itself() -> None:
    near = world(candidate=behaviour(0.045, 0.9), requests_per_s=2.0)

    ways = [Simulation(alarms_only(300.0), near, 10, 11, coarse=coarse).outcomes() for coarse in (True, False)]

    assert ways[0] == ways[1]
    assert any(outcome.back for outcome in ways[0]), "this near, and with odds this low, there are false alarms"


def test_progress_is_told_and_ends_with_everything() -> None:
    told: list[float] = []

    summary = simulated(short_plan(), world(), BATCH_RUNS + 10, 1, told.append)

    assert len(summary.outcomes) == BATCH_RUNS + 10
    assert told == sorted(told)
    assert told[-1] == 1.0
