"""Where looking seldom is allowed, an alarm is all but impossible."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import Stage, Step
from segue.rollout.simulation.fold import Fold
from segue.rollout.simulation.run import RunSettings, Simulation
from segue.rollout.simulation.tame import chance_of_alarm, tame
from segue.rollout.simulation.world import Behaviour, Delays, Tail, World, behaviour
from support.simulation import CHARACTERS, chirp3

if TYPE_CHECKING:
    from segue.rollout.core.plan import Plan
    from segue.rollout.simulation.drawn import Mask
    from segue.rollout.simulation.fold import Played

SCOPES = 15
RUNS = 400
HOUR_S = 3600.0


def with_odds(slots_between_false_alarms: float, *gates: Gate) -> Plan:
    plan = chirp3()
    statistics = replace(plan.statistics, slots_between_false_alarms=slots_between_false_alarms)
    return replace(plan, statistics=statistics, gates=gates or plan.gates)


def test_a_healthy_candidate_is_tame() -> None:
    assert tame(chirp3(), SCOPES, Behaviour(0.002, Delays(0.9, 2.5)))


@pytest.mark.parametrize(
    "wild", [behaviour(0.02, 0.9), behaviour(0.05, 0.9), behaviour(0.002, 1.8), behaviour(0.002, 3.0)]
)
def test_one_near_a_level_or_beyond_it_is_not(wild: Behaviour) -> None:
    assert not tame(chirp3(), SCOPES, wild)


@pytest.mark.parametrize("tail", Tail)
def test_whatever_its_tail_a_mean_is_tame_until_it_comes_near_its_level(tail: Tail) -> None:
    plan = with_odds(10_000.0, Gate(GateMetric.MEAN_SYNTHESIS, step_back=2.0))

    assert tame(plan, SCOPES, Behaviour(delays=Delays(0.9, 3.6, tail)))
    assert not tame(plan, SCOPES, Behaviour(delays=Delays(1.6, 6.4, tail)))


def test_streams_are_looked_at_by_their_first_audio() -> None:
    plan = with_odds(10_000.0, Gate(GateMetric.P95_FIRST_AUDIO, step_back=2.0))

    assert tame(plan, SCOPES, behaviour(0.002, 3.0, 0.3))
    assert not tame(plan, SCOPES, behaviour(0.002, 0.9, 1.5))


def test_the_lower_the_odds_that_raise_an_alarm_the_fewer_are_tame() -> None:
    assert not tame(with_odds(100.0), SCOPES, Behaviour(0.002, Delays(0.9, 2.5)))


def test_an_arm_beyond_a_level_may_raise_an_alarm_at_any_time() -> None:
    assert chance_of_alarm(chirp3(), SCOPES, behaviour(0.08, 0.9), HOUR_S) == 1.0


def test_the_longer_and_the_more_scopes_are_watched_the_likelier_is_an_alarm() -> None:
    usual = behaviour(0.006, 1.3)
    chance = chance_of_alarm(chirp3(), SCOPES, usual, HOUR_S)

    assert 0.0 < chance < 1e-4
    assert chance_of_alarm(chirp3(), SCOPES, usual, 10 * HOUR_S) == pytest.approx(10 * chance)
    assert chance_of_alarm(chirp3(), 2 * SCOPES, usual, HOUR_S) == pytest.approx(2 * chance)


class Alarms:
    """A watcher that notes which runs had an alarm, under a plan of its own."""

    def __init__(self, plan: Plan) -> None:
        self._fold = Fold(plan, CHARACTERS, RUNS)
        self.rung = np.zeros(RUNS, dtype=bool)

    def see(self, played: Played, alive: Mask) -> None:
        assert alive.all()
        self._fold.step(played)
        self.rung |= self._fold.ringing(accusing=False)


@pytest.mark.parametrize("requests_per_s", [0.4, 10.0])
def test_whatever_the_traffic_there_are_no_more_alarms_than_the_bound_allows(requests_per_s: float) -> None:
    plan = with_odds(30.0, Gate(GateMetric.ERROR_RATE, step_back=0.05))
    usual = behaviour(0.03, 0.9)
    bound = chance_of_alarm(plan, len(CHARACTERS) + 1, usual, HOUR_S / 2)
    alarms, deaf = Alarms(plan), one_stage_of(plan, Gate(GateMetric.ERROR_RATE, target=0.9))
    setting = RunSettings(coarse=False, until_s=HOUR_S / 2, watcher=alarms)

    Simulation(deaf, World(CHARACTERS, requests_per_s, candidate=usual), RUNS, 1, setting=setting).outcomes()

    assert alarms.rung.mean() < bound < 1.0
    assert alarms.rung.any() or requests_per_s > 1.0, "with few requests, a few failures are many"


def one_stage_of(plan: Plan, gate: Gate) -> Plan:
    return replace(plan, stages=(Stage("half", (Step(500_000, HOUR_S),)),), gates=(gate,), yardstick_ppm=0)
