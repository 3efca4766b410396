"""Is the candidate worse than the baseline in the same time? Every outcome of small blocks, added up."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from itertools import product
from random import Random
from typing import TYPE_CHECKING

import pytest
from scipy import optimize, stats

from segue.rollout.core.compare import (
    WORSE_ODDS,
    Block,
    Comparison,
    Rates,
    Terms,
    compared,
    log_gain,
    no_worse,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MUCH_WORSE = Rates(1.36, 0.64, 0.2, 19.8)
WORSE = Rates(0.3, 1.7, 1.0, 19.0)
LEARNT = Rates(25.0, 75.0, 10.0, 90.0)
GUESSES = (MUCH_WORSE, WORSE, LEARNT)
SIZES = ((1, 1), (5, 1), (1, 5), (4, 4), (3, 8))
CHANCES = tuple(number / 20 for number in range(1, 20))


@cache
def outcomes(trials: int, chance: float) -> tuple[tuple[int, float], ...]:
    """How many may be bad, and how likely that is."""
    return tuple(
        (bad, math.comb(trials, bad) * chance**bad * (1.0 - chance) ** (trials - bad)) for bad in range(trials + 1)
    )


def blocks(sizes: tuple[int, int], ours: float, theirs: float, *, fallback: bool) -> Iterator[tuple[Block, float]]:
    """Every outcome of trials of the candidate and the baseline; with a fallback, of those handed on as well."""
    trials, others = sizes
    for (bad, one), (other_bad, other) in product(outcomes(trials, ours), outcomes(others, theirs)):
        for lost, another in outcomes(bad, theirs) if fallback else ((0, 1.0),):
            handed = float(bad) if fallback else 0.0
            yield Block(bad, trials, other_bad, others, handed, lost), one * other * another


gain_of = cache(log_gain)


def expected(rates: Rates, sizes: tuple[int, int], chances: tuple[float, float], terms: Terms) -> float:
    """The mean of the e-variable where the arms fail with these chances."""
    found = blocks(sizes, *chances, fallback=terms.handed_on > 0.0)
    return sum(chance * math.exp(gain_of(block, rates, terms)) for block, chance in found)


# No more than one on average, while the candidate is no worse


@pytest.mark.parametrize("handed_on", [0.0, 1.0])
@pytest.mark.parametrize("tolerance", [0.0, 0.01, 0.1])
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("rates", GUESSES)
def test_it_is_one_at_most_for_arms_alike_a_better_candidate_and_one_worse_by_what_is_tolerated(
    rates: Rates, sizes: tuple[int, int], tolerance: float, handed_on: float
) -> None:
    terms = Terms(tolerance, handed_on)
    for theirs in CHANCES:
        for ours in (theirs, theirs / 2, theirs + tolerance):
            if ours < 1.0:
                assert expected(rates, sizes, (ours, theirs), terms) <= 1.0 + 1e-6


@pytest.mark.parametrize("tolerance", [0.0, 0.01])
@pytest.mark.parametrize("rates", GUESSES)
@pytest.mark.parametrize("trials", [1, 5, 12])
def test_where_no_one_hears_the_baseline_it_is_one_at_most_by_what_was_handed_on(
    trials: int, rates: Rates, tolerance: float
) -> None:
    for theirs in CHANCES:
        for ours in (theirs, theirs / 2, min(1.0, theirs + tolerance)):
            assert expected(rates, (trials, 0), (ours, theirs), Terms(tolerance, 1.0)) <= 1.0 + 1e-6


@pytest.mark.parametrize("tolerance", [0.0, 0.01])
@pytest.mark.parametrize("rates", GUESSES)
def test_just_at_the_likeliest_rates_of_no_worse_it_is_one(rates: Rates, tolerance: float) -> None:
    """Nothing is given away there."""
    for sizes, handed_on in product(SIZES, (0.0, 1.0)):
        ours = rates.candidate
        weights = float(sizes[0]), sizes[1] + handed_on * sizes[0] * ours
        alike = no_worse(ours, rates.baseline, weights, tolerance)
        found = expected(rates, sizes, (alike + tolerance, alike), Terms(tolerance, handed_on))
        assert found == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("rates", GUESSES)
def test_where_the_candidate_fails_as_was_guessed_it_grows(rates: Rates) -> None:
    chances = rates.candidate, rates.baseline
    for sizes, handed_on in product(SIZES, (0.0, 1.0)):
        terms = Terms(0.0, handed_on)
        found = blocks(sizes, *chances, fallback=handed_on > 0.0)
        assert sum(chance * log_gain(block, rates, terms) for block, chance in found) > 0.0


def mean_after(known: Comparison, slots: str, seen: Callable[[str], list[tuple[Block, Terms, float]]]) -> float:
    """The mean evidence after slots of which each is the candidate's (c), the baseline's (b) or both arms' (2)."""
    if not slots:
        return math.exp(known.log_e)
    return sum(
        likely * mean_after(compared(known, block, terms), slots[1:], seen)
        for block, terms, likely in seen(slots[0])
    )


@pytest.mark.parametrize("chance", [0.05, 0.3, 0.6])
@pytest.mark.parametrize("rates", GUESSES)
@pytest.mark.parametrize("slots", ["cb", "bc", "ccb", "cbcb", "2b2", "bc2"])
def test_over_slots_that_are_one_arms_or_the_others_it_stays_one_at_most(
    slots: str, rates: Rates, chance: float
) -> None:
    """The rates that are learnt on the way are those of blocks that are closed; two trials of each arm."""

    def seen(kind: str) -> list[tuple[Block, Terms, float]]:
        sizes = {"c": (2, 0), "b": (0, 2), "2": (2, 2)}[kind]
        return [(block, Terms(), likely) for block, likely in blocks(sizes, chance, chance, fallback=False)]

    floors = sum(slots.count(kind) for kind in "b2") / WORSE_ODDS
    assert mean_after(Comparison(rates), slots, seen) <= 1.0 + floors + 1e-6


@pytest.mark.parametrize("chance", [0.05, 0.3, 0.6])
@pytest.mark.parametrize("rates", GUESSES)
@pytest.mark.parametrize("slots", ["cc", "cb", "b2c"])
def test_over_slots_with_a_fallback_it_stays_one_at_most(slots: str, rates: Rates, chance: float) -> None:
    def seen(kind: str) -> list[tuple[Block, Terms, float]]:
        sizes = {"c": (3, 0), "b": (0, 2), "2": (2, 2)}[kind]
        terms = Terms(0.0, 1.0 if sizes[0] else 0.0)
        return [(block, terms, likely) for block, likely in blocks(sizes, chance, chance, fallback=sizes[0] > 0)]

    assert mean_after(Comparison(rates), slots, seen) <= 1.0 + len(slots) / WORSE_ODDS + 1e-6


# The likeliest rates


@pytest.mark.parametrize("tolerance", [0.0, 0.01, 0.2])
@pytest.mark.parametrize("weights", [(1.0, 1.0), (30.0, 1.0), (1.0, 30.0), (7.0, 2.5)])
@pytest.mark.parametrize(("ours", "theirs"), [(0.68, 0.01), (0.3, 0.05), (0.999, 0.5), (0.9, 0.65)])
def test_the_likeliest_pair_is_nearest_in_divergence(
    ours: float, theirs: float, weights: tuple[float, float], tolerance: float
) -> None:
    def divergence(rate: float) -> float:
        far = (stats.entropy([p, 1 - p], [q, 1 - q]) for p, q in ((ours, rate + tolerance), (theirs, rate)))
        return sum(weight * float(one) for weight, one in zip(weights, far, strict=True))

    nearest = optimize.minimize_scalar(
        divergence, bounds=(1e-9, 1.0 - tolerance - 1e-9), method="bounded", options={"xatol": 1e-10}
    ).x

    assert no_worse(ours, theirs, weights, tolerance) == pytest.approx(nearest, abs=1e-5)


def test_a_tolerance_that_leaves_no_room_above_stays_below_certainty() -> None:
    rate = no_worse(1.0 - 1e-5, 0.99, (5.0, 5.0), 0.001)

    assert 0.99 < rate < 1.0 - 0.001


def test_guesses_are_never_certain() -> None:
    assert Rates(0.0, 5.0, 9.0, 0.0).candidate == 1e-5
    assert Rates(0.0, 5.0, 9.0, 0.0).baseline == 1.0 - 1e-5
    assert math.isfinite(log_gain(Block(5.0, 5.0, 0.0, 5.0), Rates(9.0, 0.0, 0.0, 9.0), Terms(0.01)))
    assert Rates(1.0, 3.0, 1.0, 9.0).candidate == 0.25
    assert Rates(1.0, 3.0, 1.0, 9.0).baseline == 0.1


# What is learnt, and when


def test_a_block_stays_open_until_both_arms_are_in_it() -> None:
    known = Comparison(WORSE)
    ours, theirs = Block(3.0, 4.0), Block(0.0, 0.0, 1.0, 6.0)

    once, other = compared(known, ours, Terms()), compared(known, theirs, Terms())
    assert once == replace(known, open=ours)
    assert other == replace(known, open=theirs, other_trials=6.0)

    both = compared(once, theirs, Terms())
    assert both == compared(other, ours, Terms())
    assert both == Comparison(Rates(3.3, 2.7, 2.0, 24.0), log_gain(Block(3.0, 4.0, 1.0, 6.0), WORSE, Terms()), 6.0)


def test_with_a_fallback_the_candidate_closes_a_block_alone_and_the_baseline_does_not() -> None:
    known, terms = Comparison(WORSE), Terms(0.0, 1.0)
    ours, theirs = Block(3.0, 4.0, 0.0, 0.0, 3.0, 1.0), Block(0.0, 0.0, 1.0, 6.0)

    assert compared(known, theirs, terms).open == theirs
    closed = compared(known, ours, terms)
    assert closed == Comparison(Rates(3.3, 2.7, 2.0, 21.0), log_gain(ours, WORSE, terms), 3.0)


def test_trials_handed_on_against_expectation_are_not_weighed() -> None:
    """Nothing was known of a fallback: how many these are depends on what failed."""
    block = Block(3.0, 4.0, 1.0, 6.0, 3.0, 2.0)

    found = compared(Comparison(WORSE), block, Terms(0.0, 0.0))

    assert found.log_e == log_gain(Block(3.0, 4.0, 1.0, 6.0), WORSE, Terms())
    assert found.rates == Rates(3.3, 2.7, 2.0, 24.0)
    assert found.other_trials == 9.0


def test_nothing_speaks_against_a_candidate_of_whom_no_more_is_expected() -> None:
    alike = Rates(1.0, 9.0, 1.0, 9.0)

    assert log_gain(Block(9.0, 9.0, 0.0, 99.0), alike, Terms()) == 0.0
    assert log_gain(Block(9.0, 9.0, 0.0, 99.0), Rates(1.25, 8.75, 1.25, 8.75), Terms(0.01)) == 0.0
    assert log_gain(Block(9.0, 9.0, 0.0, 99.0), Rates(1.2, 8.8, 1.0, 9.0), Terms(0.01)) > 0.0


def test_what_spoke_for_the_candidate_is_forgotten_below_the_floor() -> None:
    """Or a long shared outage would hide what comes after it."""
    known = Comparison(MUCH_WORSE)
    for _ in range(50):
        known = compared(known, Block(0.0, 30.0, 30.0, 30.0), Terms())
        assert known.log_e >= -math.log(WORSE_ODDS)
    assert compared(Comparison(MUCH_WORSE), Block(0.0, 30.0, 30.0, 30.0), Terms()).log_e == -math.log(WORSE_ODDS)


def test_it_accuses_at_its_odds() -> None:
    assert not Comparison(WORSE, math.log(WORSE_ODDS) - 1e-12).accuses
    assert Comparison(WORSE, math.log(WORSE_ODDS)).accuses


def test_a_shared_outage_in_waves_accuses_an_equal_arm_no_more_often_than_it_says() -> None:
    """1,000 runs of 60 slots, six trials of each arm, now a twentieth and now half of them failing."""
    random, accused = Random(5), 0
    for _ in range(1000):
        known = Comparison(WORSE)
        for slot in range(60):
            chance = 0.5 if slot % 7 == 0 else 0.05
            bad, other_bad = (float(sum(random.random() < chance for _ in range(6))) for _ in range(2))
            known = compared(known, Block(bad, 6.0, other_bad, 6.0), Terms())
            if known.log_e >= math.log(20.0):
                accused += 1
                break

    assert accused <= 50


def test_a_dead_candidate_is_told_from_a_healthy_baseline_within_a_dozen_trials() -> None:
    """Six of each, one by one."""
    known, trials = Comparison(MUCH_WORSE), 0
    while not known.accuses:
        known, trials = compared(known, Block(1.0, 1.0, 0.0, 1.0), Terms()), trials + 2

    assert trials <= 14


def test_after_a_long_shared_outage_a_candidate_that_stays_dead_is_told_within_minutes() -> None:
    known = Comparison(MUCH_WORSE)
    for _ in range(60):
        known = compared(known, Block(30.0, 30.0, 30.0, 30.0), Terms(0.01))
    minutes = 0
    while not known.accuses:
        known, minutes = compared(known, Block(30.0, 30.0, 0.0, 30.0), Terms(0.01)), minutes + 1

    assert minutes <= 6
