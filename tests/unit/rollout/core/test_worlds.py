"""The judge in small worlds, their seeds fixed: whose trouble it takes for the candidate's, and how soon."""

from __future__ import annotations

from functools import partial

import pytest

from segue.rollout.core.decide import Trigger
from segue.rollout.core.rollout import Verb
from support.worlds import CHARACTERS, DAY_S, WELL, Both, Fare, World, play, played, zipf

pytestmark = pytest.mark.simulation

HOUR_S, MINUTE_S = 3600.0, 60.0
ONE_A_SECOND, FEW, VERY_FEW = 1.0, 5_000 / DAY_S, 500 / DAY_S
DEAD = Fare(errors=1.0)
ALIKE = Both()
SLIGHTLY_WORSE = Both(Fare(0.006, 1.3), Fare(0.001, 0.9))


def at_all_times(fares: Both, *_: float) -> Both:
    return fares


def from_the_second_hour(trouble: Both, usual: Both, for_s: float, at_s: float, _: int) -> Both:
    return trouble if HOUR_S <= at_s < HOUR_S + for_s else usual


def of_characters(numbers: tuple[int, ...], _: float, number: int) -> Both:
    return Both(candidate=DEAD) if number in numbers else ALIKE


# Shared trouble is nobody's


@pytest.mark.parametrize("usual", [ALIKE, SLIGHTLY_WORSE], ids=["alike", "slightly-worse"])
@pytest.mark.parametrize(
    ("units_per_s", "share", "fallback"),
    [
        (ONE_A_SECOND, 0.5, True),
        (ONE_A_SECOND, 0.5, False),
        (ONE_A_SECOND, 1.0, True),
        (ONE_A_SECOND, 1.0, False),
        (FEW, 0.5, True),
        (FEW, 0.5, False),
        (FEW, 1.0, True),
    ],
)
def test_an_outage_that_strikes_both_arms_takes_nobody_back(
    units_per_s: float, share: float, fallback: bool, usual: Both
) -> None:
    """Ten minutes, from the second hour on."""
    fares = partial(from_the_second_hour, Both(DEAD, DEAD), usual, 600.0)

    found = play(World(units_per_s, fares, share, fallback=fallback), 0, 1.5 * HOUR_S)

    assert found.decision.verb is None


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("units_per_s", [ONE_A_SECOND, FEW])
def test_an_hour_in_which_everything_is_four_times_as_slow_takes_no_slightly_slower_candidate_back(
    units_per_s: float, seed: int
) -> None:
    slow = Both(Fare(0.002, 4 * 1.3), Fare(0.002, 4 * 0.9))
    fares = partial(from_the_second_hour, slow, Both(Fare(0.002, 1.3), WELL), HOUR_S)

    assert play(World(units_per_s, fares), seed, 2.5 * HOUR_S).decision.verb is None


@pytest.mark.parametrize("fallback", [True, False])
@pytest.mark.parametrize("seed", [0, 1])
def test_arms_that_fail_alike_for_hours_at_little_traffic_take_nobody_back(seed: int, fallback: bool) -> None:
    """Most slots have one arm only: what is handed on must not be guessed from what happened in them."""
    fares = partial(at_all_times, Both(Fare(0.3), Fare(0.3)))

    assert play(World(FEW, fares, fallback=fallback), seed, 4 * HOUR_S).decision.verb is None


# The candidate's own trouble is found


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    ("units_per_s", "share", "within_s"),
    [(ONE_A_SECOND, 0.5, 2 * MINUTE_S), (FEW, 0.5, 10 * MINUTE_S), (ONE_A_SECOND, 1.0, 3 * MINUTE_S)],
)
def test_a_dead_candidate_is_rolled_back_within_minutes(
    units_per_s: float, share: float, within_s: float, seed: int
) -> None:
    """At 100 % by what the baseline did with what was handed on."""
    found = play(World(units_per_s, partial(at_all_times, Both(DEAD)), share), seed, HOUR_S)

    assert (found.decision.verb, found.decision.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert found.after_s <= within_s


def test_a_candidate_that_dies_after_an_outage_of_both_is_rolled_back_as_soon() -> None:
    def fares(at_s: float, _: int) -> Both:
        return Both(DEAD, DEAD) if at_s < HOUR_S else Both(DEAD, WELL)

    found = play(World(ONE_A_SECOND, fares), 0, 2 * HOUR_S)

    assert found.decision.verb is Verb.ROLL_BACK
    assert HOUR_S < found.after_s <= HOUR_S + 6 * MINUTE_S


def test_one_failure_in_seven_at_500_a_day_is_found_within_a_day() -> None:
    world = World(VERY_FEW, partial(at_all_times, Both(Fare(0.15))))

    found = [play(world, seed, 2 * DAY_S) for seed in range(3)]

    assert {one.decision.trigger for one in found} == {Trigger.P0}
    assert sorted(one.after_s for one in found)[1] <= DAY_S


def test_a_mean_of_2_7_s_at_5000_a_day_is_found_within_three_hours() -> None:
    world = World(FEW, partial(at_all_times, Both(Fare(0.002, 2.7))))

    found = [play(world, seed, 5 * HOUR_S) for seed in range(3)]

    assert {one.decision.verb for one in found} == {Verb.STEP_BACK}
    assert max(one.after_s for one in found) <= 3 * HOUR_S


# One or a few characters


@pytest.mark.parametrize("seed", [0, 1])
def test_a_rare_character_that_is_dead_is_held_back_alone(seed: int) -> None:
    """The rarest of 14, one request in 46."""
    world = World(FEW, partial(of_characters, (13,)), popularity=zipf())

    found = play(world, seed, 8 * HOUR_S)

    assert (found.decision.verb, found.decision.character) == (Verb.HOLD_BACK, CHARACTERS[13])


def test_the_most_popular_character_that_is_dead_is_held_back_alone() -> None:
    world = World(ONE_A_SECOND, partial(of_characters, (0,)), popularity=zipf())

    found = play(world, 0, HOUR_S)

    assert (found.decision.verb, found.decision.character) == (Verb.HOLD_BACK, CHARACTERS[0])


@pytest.mark.parametrize("units_per_s", [ONE_A_SECOND, FEW])
def test_two_of_fourteen_characters_that_are_dead_are_held_back_both_and_nobody_else(units_per_s: float) -> None:
    world = World(units_per_s, partial(of_characters, (3, 7)))

    found = played(world, 0, 6 * HOUR_S, 3)

    assert [one.decision.verb for one in found] == [Verb.HOLD_BACK, Verb.HOLD_BACK, None]
    assert {one.decision.character for one in found[:2]} == {CHARACTERS[3], CHARACTERS[7]}


def test_of_more_than_half_of_the_characters_it_is_everybodys() -> None:
    world = World(ONE_A_SECOND, partial(of_characters, tuple(range(8))))

    assert play(world, 0, HOUR_S).decision.verb is Verb.ROLL_BACK


# Quiet


@pytest.mark.parametrize("usual", [ALIKE, SLIGHTLY_WORSE], ids=["alike", "slightly-worse"])
def test_a_day_of_a_candidate_that_meets_its_targets_is_quiet(usual: Both) -> None:
    assert play(World(FEW, partial(at_all_times, usual)), 0, 0.3 * DAY_S).decision.verb is None
