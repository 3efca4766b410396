"""Runs of a plan: repeatable, honest about time, and heedful of what goes wrong."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.kernel.arms import Arm
from segue.kernel.shadow_budget import ShadowBudget
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import (
    Missed,
    Plan,
    Policy,
    Stage,
    Statistics,
    Step,
)
from segue.rollout.core.rollout import Verb
from segue.rollout.simulation.outcome import RunEnding, RunOutcome
from segue.rollout.simulation.run import BATCH_RUNS, RunSettings, Simulation
from segue.rollout.simulation.summary import simulated
from segue.rollout.simulation.world import World, behaviour, parse_fault
from support.simulation import CHARACTERS, short_plan

if TYPE_CHECKING:
    from segue.rollout.simulation.drawn import Floats, Mask
    from segue.rollout.simulation.fold import Played

pytestmark = pytest.mark.timeout(180)  # days of virtual time in seconds, on a machine that may be busy


def world(*faults: str, requests_per_s: float = 0.5, **changes: object) -> World:
    parsed = tuple(parse_fault(fault) for fault in faults)
    return World(CHARACTERS, requests_per_s, faults=parsed, **changes)  # type: ignore[arg-type]  # a shorthand


def played(
    of: World, runs: int = 40, *, plan: Plan | None = None, seed: int = 3, **how: object
) -> list[RunOutcome]:
    setting = RunSettings(**how)  # type: ignore[arg-type]  # a shorthand
    return Simulation(plan or short_plan(), of, runs, seed, setting=setting).outcomes()


DAY_S = 86_400.0


class Seen:
    """A watcher that keeps of every slot what the candidate did, live and in the shadow, by run and character."""

    def __init__(self) -> None:
        self.slots: list[Played] = []

    def see(self, played: Played, alive: Mask) -> None:
        assert alive.any()
        self.slots.append(played)

    def errors_of_day(self, day: int) -> Floats:
        """By run."""
        of_day = [slot.arms[Arm.CANDIDATE].errors for slot in self.slots if slot.start_s[0] // DAY_S == day]
        errors: Floats = np.stack(of_day).sum(axis=(0, 2))
        return errors


def one_stage(
    share: float,
    hold_s: float = DAY_S,
    *,
    shadow: float = 0.0,
    budget: ShadowBudget = ShadowBudget(),  # noqa: B008 - a value
    yardstick_ppm: int = 0,
) -> Plan:
    stage = Stage("one", (Step(round(share * 1e6), hold_s),), shadow_ppm=round(shadow * 1e6))
    return dataclasses.replace(short_plan(), stages=(stage,), shadow=budget, yardstick_ppm=yardstick_ppm)


def test_a_healthy_candidate_takes_exactly_the_holds() -> None:
    outcomes = played(world(requests_per_s=5.0))

    assert {outcome.ending for outcome in outcomes} == {RunEnding.FINISHED}
    assert {outcome.took_s for outcome in outcomes} == {2 * 86_400.0}


def test_the_same_seed_gives_the_same_runs_and_another_does_not() -> None:
    broken = world("error:0.15@stage1")

    assert played(broken, seed=5) == played(broken, seed=5)
    assert played(broken, seed=5) != played(broken, seed=6)


def test_a_fault_is_noticed_after_it_began_and_ends_the_run() -> None:
    outcomes = played(world("error:0.3@stage1"))

    assert sum(outcome.ending is RunEnding.ROLLED_BACK for outcome in outcomes) >= 0.95 * len(outcomes), (
        "not one character alone"
    )
    for outcome in outcomes:
        assert outcome.back is not None
        assert outcome.back.stage == 1
        assert outcome.took_s == outcome.back.at_s == 86_400.0 + outcome.back.after_s
        assert 0 < outcome.back.bad_answers < outcome.back.after_requests


@pytest.mark.parametrize(
    ("fault", "ending"), [("late:3@stage1", RunEnding.ROLLED_BACK), ("late:0.9@stage1", RunEnding.STEPPED_BACK)]
)
def test_a_candidate_whose_streams_begin_late_is_taken_back(fault: str, ending: RunEnding) -> None:
    outcomes = played(world(fault))

    assert sum(outcome.ending is ending for outcome in outcomes) >= 0.9 * len(outcomes)
    assert all("first_audio" in outcome.why for outcome in outcomes)


def test_without_streams_a_gate_on_their_first_audio_is_never_met() -> None:
    outcomes = played(world(streams_ratio=0.0), 3)

    assert {outcome.ending for outcome in outcomes} == {RunEnding.STUCK}


def test_trouble_of_one_character_takes_that_one_back() -> None:
    outcomes = played(world("error:0.5@stage1/raider"))
    held_back = [outcome for outcome in outcomes if outcome.ending is RunEnding.HELD_BACK]

    assert len(held_back) >= 0.9 * len(outcomes)
    assert all("raider" in outcome.why for outcome in held_back)


def test_a_fault_that_is_over_before_its_stage_is_never_noticed() -> None:
    outcomes = played(world("outage:1@1h+5m", requests_per_s=5.0))

    assert {outcome.back for outcome in outcomes} == {None}


@pytest.mark.parametrize(
    ("missed", "ending"), [(Missed.HOLD, RunEnding.STUCK), (Missed.STEP_BACK, RunEnding.ROLLED_BACK)]
)
def test_a_candidate_that_is_always_a_little_too_bad_never_finishes(missed: Missed, ending: RunEnding) -> None:
    """Of its first stage, a step back is a roll back."""
    plan = dataclasses.replace(short_plan(), statistics=Statistics(slot_s=600.0), policy=Policy(missed=missed))

    outcomes = played(world(candidate=behaviour(0.02, 0.9)), 5, plan=plan)

    assert {outcome.ending for outcome in outcomes} == {ending}
    took_days = 6.0 if missed is Missed.HOLD else 2.0
    assert all(outcome.took_s >= took_days * DAY_S for outcome in outcomes)


def test_a_run_without_faults_goes_on_after_it_stepped_back() -> None:
    stages = (Stage("nobody", (Step(0, 3600.0),)), *short_plan().stages)
    policy = Policy(cool_down_s=600.0, most_step_backs=1)
    plan = dataclasses.replace(short_plan(), stages=stages, policy=policy)
    wobbly = world(candidate=behaviour(0.07, 0.9))

    outcomes = played(wobbly, 10, plan=plan, seed=1)

    stepped = [outcome.back for outcome in outcomes if outcome.back and outcome.back.verb is Verb.STEP_BACK]
    assert stepped
    assert all(back.before_fault for back in stepped), "there was none"
    assert {outcome.ending for outcome in outcomes} <= {RunEnding.ROLLED_BACK, RunEnding.STUCK}


def alarms_only(slots_between_false_alarms: float) -> Plan:
    gates = (
        Gate(GateMetric.ERROR_RATE, step_back=0.05, roll_back=0.10),
        Gate(GateMetric.P95_SYNTHESIS, target=2.5),
    )
    statistics = Statistics(slots_between_false_alarms=slots_between_false_alarms)
    return dataclasses.replace(short_plan(), gates=gates, statistics=statistics)


@pytest.mark.parametrize("odds", [1000.0, 100_000.0])
def test_quiet_hours_drawn_as_one_make_no_difference(odds: float) -> None:
    quiet = world(candidate=behaviour(0.002, 0.9), requests_per_s=2.0)

    ways = [played(quiet, 40, plan=alarms_only(odds), seed=12, coarse=coarse) for coarse in (True, False)]

    for outcomes in ways:
        assert {(outcome.ending, outcome.back) for outcome in outcomes} == {(RunEnding.FINISHED, None)}


def test_near_a_level_every_slot_is_drawn_for_itself() -> None:
    near = world(candidate=behaviour(0.045, 0.9), requests_per_s=2.0)

    ways = [played(near, 10, plan=alarms_only(300.0), seed=11, coarse=coarse) for coarse in (True, False)]

    assert ways[0] == ways[1]
    assert any(outcome.back for outcome in ways[0]), "this near, and with odds this low, there are false alarms"


def test_a_run_that_began_finished_stays_so_until_its_time_is_over() -> None:
    outcomes = played(world(), 5, finished=True, until_s=3600.0)

    assert {(outcome.ending, outcome.stage, outcome.took_s) for outcome in outcomes} == {
        (RunEnding.FINISHED, 1, 3600.0)
    }


def test_after_the_end_a_dead_candidate_is_still_taken_back() -> None:
    plan = one_stage(1.0, yardstick_ppm=10_000)

    outcomes = played(world("error:1@1h", requests_per_s=2.0), plan=plan, finished=True, until_s=7200.0)

    assert {outcome.ending for outcome in outcomes} == {RunEnding.ROLLED_BACK}


def test_a_run_goes_on_until_the_time_that_is_given() -> None:
    outcomes = played(world(), 5, plan=one_stage(0.5, 2 * DAY_S), until_s=DAY_S / 2)

    assert {(outcome.ending, outcome.took_s) for outcome in outcomes} == {(RunEnding.GOING_ON, DAY_S / 2)}


def test_slots_are_as_long_as_the_setting_says() -> None:
    seen = Seen()

    played(world(), 1, plan=one_stage(0.5), coarse=False, slot_s=300.0, until_s=7200.0, watcher=seen)

    assert {float(slot.length_s[0]) for slot in seen.slots} == {300.0}


@pytest.mark.parametrize(
    ("fault", "added_s"),
    [("lost:1@6h+1d", DAY_S), ("lost:1@6h+4h", 0.0), ("down:1@6h+1d", DAY_S), ("down:1@6h+4h", 4 * 3600.0)],
)
def test_time_of_which_nothing_is_known_is_added_to_the_hold(fault: str, added_s: float) -> None:
    """A silence no longer than a night counts, a time in which nobody looked never does."""
    outcomes = played(world(fault, requests_per_s=5.0), 5, plan=one_stage(0.5))

    assert {outcome.ending for outcome in outcomes} == {RunEnding.FINISHED}
    for outcome in outcomes:
        assert outcome.took_s == pytest.approx(DAY_S + added_s, abs=120.0)


def test_what_happens_while_the_judge_is_down_is_decided_on_once_it_is_back() -> None:
    outcomes = played(world("error:1@6h", "down:1@6h+5h", requests_per_s=1.0), 5, plan=one_stage(0.5))

    assert {outcome.ending for outcome in outcomes} == {RunEnding.ROLLED_BACK}
    assert {outcome.took_s for outcome in outcomes} == {11 * 3600.0}


def test_the_shadow_keeps_within_its_budget_a_day_and_spends_it() -> None:
    seen, budget = Seen(), ShadowBudget(characters_a_day=50_000.0)

    played(
        world(requests_per_s=0.5, text_chars=50.0),
        4,
        plan=one_stage(0.0, 3 * DAY_S, shadow=1.0, budget=budget),
        until_s=2 * DAY_S,
        watcher=seen,
    )

    for day in range(2):
        units = np.sum([slot.shadow.units for slot in seen.slots if slot.start_s[0] // DAY_S == day], axis=(0, 2))
        assert (units <= 1000.0).all()
        assert (units >= 900.0).all()


def test_requests_in_the_shadow_are_paid_for_one_by_one() -> None:
    """Of sessions of twenty requests, a fiftieth of the listeners can be afforded."""
    seen, budget = Seen(), ShadowBudget(characters_a_day=100_000.0)
    sessions = world(requests_per_s=1.0, text_chars=100.0, burst=20, session_s=600.0)

    played(sessions, 4, plan=one_stage(0.0, shadow=1.0, budget=budget), until_s=DAY_S, watcher=seen)

    units = np.sum([slot.shadow.units for slot in seen.slots], axis=(0, 2))
    assert (units <= 50.0).all()
    assert (units > 0.0).all()


@pytest.mark.parametrize("changes", [{"heavy": 0.3}, {"poisoned": True}])
def test_a_listener_for_whom_nothing_works_fails_once_a_day(changes: dict[str, object]) -> None:
    seen = Seen()
    perfect = world(candidate=behaviour(0.0, 0.9), requests_per_s=0.2, **changes)

    outcomes = played(perfect, 5, plan=one_stage(0.5, 7 * DAY_S), until_s=3 * DAY_S, slot_s=600.0, watcher=seen)

    assert {outcome.ending for outcome in outcomes} == {RunEnding.GOING_ON}
    for day in range(3):
        assert seen.errors_of_day(day).tolist() == [1.0] * 5


def test_a_rollout_goes_on_without_a_character_that_was_held_back() -> None:
    """Without a fault in the world a run does not end with its first going back."""
    seen = Seen()
    of_errors = dataclasses.replace(
        one_stage(0.5, 20 * DAY_S), gates=(Gate(GateMetric.ERROR_RATE, target=0.2, step_back=0.05),)
    )
    hardly_spoken = world(
        requests_per_s=0.005, candidate=behaviour(0.0, 0.9), poisoned=True, popularity=(0.01, 0.5, 0.5)
    )

    outcomes = played(hardly_spoken, 20, plan=of_errors, slot_s=1800.0, watcher=seen)

    held_back = [
        (number, one.back.at_s)
        for number, one in enumerate(outcomes)
        if one.back is not None and one.back.verb is Verb.HOLD_BACK and one.ending is RunEnding.FINISHED
    ]
    assert len(held_back) > 10
    for run, at_s in held_back:
        after = [slot.arms[Arm.CANDIDATE].units[run] for slot in seen.slots if slot.start_s[run] >= at_s]
        assert (np.sum(after, axis=0) == 0.0).any()
        assert (np.sum(after, axis=0) > 0.0).any()


def test_a_yardstick_stays_on_the_baseline_at_every_share() -> None:
    seen = Seen()

    played(world(requests_per_s=20.0), 5, plan=one_stage(1.0, yardstick_ppm=10_000), until_s=3600.0, watcher=seen)

    ours, theirs = (
        sum(float(slot.arms[arm].units.sum()) for slot in seen.slots) for arm in (Arm.CANDIDATE, Arm.BASELINE)
    )
    assert theirs / (ours + theirs) == pytest.approx(0.01, abs=0.002)


def test_of_listeners_who_come_again_each_promotes_once_a_day() -> None:
    seen = Seen()

    played(world(sessions_a_day=4.0), 1, plan=one_stage(0.5), until_s=3600.0, watcher=seen)

    assert {slot.promoting for slot in seen.slots} == {0.25}


def test_progress_is_told_and_ends_with_everything() -> None:
    told: list[float] = []

    summary = simulated(short_plan(), world(), BATCH_RUNS + 10, 1, told.append)

    assert len(summary.outcomes) == BATCH_RUNS + 10
    assert told == sorted(told)
    assert told[-1] == 1.0
