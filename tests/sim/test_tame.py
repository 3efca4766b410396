"""Where looking seldom is allowed, an alarm is all but impossible."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.simulation.tame import tame
from segue.rollout.simulation.world import Behaviour, Delays, Tail, behaviour
from support.simulation import chirp3

if TYPE_CHECKING:
    from segue.rollout.core.plan import Plan

SCOPES = 15


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
