"""Where looking seldom is allowed, an alarm is all but impossible."""

from __future__ import annotations

import dataclasses

import pytest

from segue.core.plan import Statistics
from segue.simulation.tame import tame
from segue.simulation.world import Behaviour, Delays, behaviour
from support.simulation import chirp3


def test_a_healthy_candidate_is_tame() -> None:
    assert tame(chirp3(), 15, Behaviour(0.002, Delays(0.9, 2.5)))


@pytest.mark.parametrize(
    "wild", [behaviour(0.02, 0.9), behaviour(0.05, 0.9), behaviour(0.002, 1.8), behaviour(0.002, 3.0)]
)
def test_one_near_a_level_or_beyond_it_is_not(wild: Behaviour) -> None:
    assert not tame(chirp3(), 15, wild)


def test_the_lower_the_odds_that_raise_an_alarm_the_fewer_are_tame() -> None:
    nervous = dataclasses.replace(chirp3(), statistics=Statistics(slots_between_false_alarms=100.0))

    assert not tame(nervous, 15, Behaviour(0.002, Delays(0.9, 2.5)))
