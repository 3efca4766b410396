"""The statistics against exact sums, quadrature and textbook values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import integrate, stats

from segue.rollout.core.stats import (
    Interval,
    alternatives,
    binomial_bounds,
    cusum_step,
    log_below,
    log_beta_tail,
    log_beyond,
    log_mean_exp,
    log_mixture,
    log_split_evidence,
    rate_increment,
    rate_interval,
    units_needed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CHANCES = [0.001, 0.05, 0.3, 0.5, 0.97]


# Bounds of a binomial


@pytest.mark.parametrize("chance", CHANCES)
@pytest.mark.parametrize("trials", [1, 20, 300])
@pytest.mark.parametrize("alpha", [0.3, 1e-3])
def test_bounds_are_the_quantiles_of_the_binomial(trials: int, chance: float, alpha: float) -> None:
    low, high = binomial_bounds(trials, chance, alpha)
    below, above = stats.binom(trials, chance).cdf, stats.binom(trials, chance).sf

    assert below(low - 1) <= alpha / 2 < below(low)
    assert above(high) <= alpha / 2 < above(high - 1)


def test_a_chance_of_none_or_all_has_no_spread() -> None:
    assert binomial_bounds(10, 0.0, 0.1) == binomial_bounds(10, -0.1, 0.1) == (0, 0)
    assert binomial_bounds(10, 1.0, 0.1) == binomial_bounds(10, 1.1, 0.1) == (10, 10)


def test_what_lies_below_and_above_may_be_all_that_is_allowed() -> None:
    """Of two tosses a quarter of cases each have none and two."""
    assert binomial_bounds(2, 0.5, 0.5) == (1, 1)


# The mixture


@pytest.mark.parametrize("chance", CHANCES)
@pytest.mark.parametrize("prior", [(0.5, 0.5), (2.0, 7.0)])
def test_the_evidence_is_the_beta_binomial_over_the_binomial(chance: float, prior: tuple[float, float]) -> None:
    trials = 40
    for hits in range(trials + 1):
        mixed = stats.betabinom(trials, *prior).logpmf(hits)
        expected = mixed - stats.binom(trials, chance).logpmf(hits)
        assert log_mixture(hits, trials - hits, chance, prior) == pytest.approx(expected, abs=1e-8)


def test_the_evidence_is_a_likelihood_ratio_mixed_over_the_prior() -> None:
    """By quadrature, for a fractional count."""
    hits, misses, chance = 2.5, 17.5, 0.2

    def mixed(rate: float) -> float:
        ratio = (rate / chance) ** hits * ((1 - rate) / (1 - chance)) ** misses
        return float(stats.beta(0.5, 0.5).pdf(rate) * ratio)

    expected, _ = integrate.quad(mixed, 0.0, 1.0)
    assert log_mixture(hits, misses, chance) == pytest.approx(math.log(expected), abs=1e-6)


@pytest.mark.parametrize("chance", CHANCES)
def test_evidence_against_the_truth_is_one_on_average(chance: float) -> None:
    trials = np.arange(61)
    chances = stats.binom(60, chance).pmf(trials)
    evidence = [math.exp(log_mixture(float(hits), 60.0 - hits, chance)) for hits in trials]

    assert float(chances @ np.array(evidence)) == pytest.approx(1.0)


@pytest.mark.parametrize("chance", [0.01, 0.05, 0.5])
def test_evidence_against_the_truth_reaches_its_limit_at_most_that_often_however_often_one_looks(
    chance: float,
) -> None:
    """Exactly, over every path of 600 units looked at one by one."""
    limit = 20.0

    assert 0.001 < _ever_reached(chance, limit, 600, (0.5, 0.5)) <= 1 / limit


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_sound_split_is_called_broken_at_most_once_in_a_thousand_rollouts(share: float) -> None:
    """Exactly, over every path of 600 units looked at one by one."""
    limit = 1000.0

    assert _ever_reached(share, limit, 600, (100.0 * share, 100.0 * (1 - share))) <= 1 / limit


def _ever_reached(chance: float, limit: float, units: int, prior: tuple[float, float]) -> float:
    alive, reached = np.array([1.0]), 0.0
    for trials in range(1, units + 1):
        alive = np.append(alive * (1 - chance), 0.0) + np.append(0.0, alive * chance)
        evidence = [log_mixture(float(hits), float(trials - hits), chance, prior) for hits in range(trials + 1)]
        over = np.array(evidence) >= math.log(limit)
        reached += float(alive[over].sum())
        alive[over] = 0.0
    return reached


def test_the_split_is_weighed_by_a_prior_around_its_share() -> None:
    assert log_split_evidence(30, 70, 0.1) == log_mixture(30, 70, 0.1, (10.0, 90.0))
    assert log_split_evidence(30, 70, 0.1, 10.0) == log_mixture(30, 70, 0.1, (1.0, 9.0))


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_one_case_against_a_certainty_is_very_strong_evidence_and_no_division_by_nothing(chance: float) -> None:
    right, wrong = (0.0, 100.0), (1.0, 99.0)
    if chance == 1.0:
        right, wrong = right[::-1], wrong[::-1]

    assert log_mixture(*right, chance) < 0.0
    assert log_mixture(*wrong, chance) == pytest.approx(19.4615, abs=1e-3)


# One side of a boundary

TAILS = [(0.5, 0.5), (1.0, 1.0), (0.5, 1000.5), (12.5, 988.5), (300.5, 5.5), (1200.0, 1200.0), (3.0, 0.7)]


@pytest.mark.parametrize(("a", "b"), TAILS)
@pytest.mark.parametrize("point", [1e-6, 0.01, 0.05, 0.3, 0.5, 0.9, 0.999])
def test_the_tail_of_a_beta_is_that_of_the_books(a: float, b: float, point: float) -> None:
    """Where the books give up (at a chance that is no number any more) it is smaller than that."""
    expected, found = float(stats.beta(a, b).logsf(point)), log_beta_tail(a, b, point)

    if math.isfinite(expected):
        assert found == pytest.approx(expected, rel=1e-7, abs=1e-10)
    else:
        assert -math.inf < found < -700.0


@pytest.mark.parametrize(("a", "b"), TAILS)
@pytest.mark.parametrize("point", [0.01, 0.3, 0.5, 0.77])
def test_what_lies_above_and_what_lies_below_are_everything(a: float, b: float, point: float) -> None:
    below = math.exp(log_beta_tail(b, a, 1.0 - point))

    assert math.exp(log_beta_tail(a, b, point)) + below == pytest.approx(1.0, abs=1e-11)


def test_the_tail_at_the_ends() -> None:
    assert log_beta_tail(2.0, 3.0, 0.0) == log_beta_tail(2.0, 3.0, -1.0) == 0.0
    assert log_beta_tail(2.0, 3.0, 1.0) == log_beta_tail(2.0, 3.0, 2.0) == -math.inf
    assert log_beta_tail(1.0, 1.0, 0.25) == pytest.approx(math.log(0.75))
    assert log_beta_tail(1e5, 1e5, 0.4) == 0.0


@pytest.mark.parametrize("far", [(50_000.5, 950_000.5, 0.0505), (9_000_000.5, 91_000_000.5, 0.0901)])
def test_the_tail_of_a_great_many_is_reckoned_without_breaking_off(far: tuple[float, float, float]) -> None:
    assert log_beta_tail(*far) == pytest.approx(float(stats.beta(*far[:2]).logsf(far[2])), rel=1e-5)


@pytest.mark.parametrize("boundary", [0.01, 0.05, 0.5])
@pytest.mark.parametrize(("hits", "misses"), [(0.0, 40.0), (2.0, 60.0), (7.5, 12.5), (40.0, 0.0), (0.0, 0.0)])
def test_one_sided_evidence_is_a_likelihood_ratio_mixed_over_its_side(
    hits: float, misses: float, boundary: float
) -> None:
    """By quadrature, in the angle whose squared sine is the rate, in which the prior is flat."""
    edge = math.asin(math.sqrt(boundary))

    def ratio(angle: float) -> float:
        rate = math.sin(angle) ** 2
        return float((rate / boundary) ** hits * ((1.0 - rate) / (1.0 - boundary)) ** misses)

    above, _ = integrate.quad(ratio, edge, math.pi / 2, limit=200)
    below, _ = integrate.quad(ratio, 0.0, edge, limit=200)
    assert log_beyond(hits, misses, boundary) == pytest.approx(math.log(above / (math.pi / 2 - edge)), abs=1e-6)
    assert log_below(hits, misses, boundary) == pytest.approx(math.log(below / edge), abs=1e-6)


@pytest.mark.parametrize("boundary", [0.01, 0.05, 0.5])
def test_one_sided_evidence_is_one_on_average_at_the_boundary_and_less_within(boundary: float) -> None:
    hits = np.arange(61)
    beyond = np.exp([log_beyond(float(count), 60.0 - count, boundary) for count in hits])
    below = np.exp([log_below(float(count), 60.0 - count, boundary) for count in hits])

    assert stats.binom(60, boundary).pmf(hits) @ beyond == pytest.approx(1.0)
    assert stats.binom(60, boundary).pmf(hits) @ below == pytest.approx(1.0)
    assert stats.binom(60, boundary / 2).pmf(hits) @ beyond < 1.0
    assert stats.binom(60, (1.0 + boundary) / 2).pmf(hits) @ below < 1.0


@pytest.mark.parametrize("boundary", [0.05, 0.3])
@pytest.mark.parametrize("evidence", [log_below, log_beyond], ids=["below", "beyond"])
def test_at_the_boundary_a_verdict_on_either_side_comes_no_more_often_than_alpha(
    boundary: float, evidence: Callable[[float, float, float], float]
) -> None:
    """Exactly, over every path of 400 units looked at one by one; one run in 20 may."""
    alive, reached = np.array([1.0]), 0.0
    for trials in range(1, 401):
        alive = np.append(alive * (1 - boundary), 0.0) + np.append(0.0, alive * boundary)
        found = [evidence(float(hits), float(trials - hits), boundary) for hits in range(trials + 1)]
        over = np.array(found) >= math.log(20.0)
        reached += float(alive[over].sum())
        alive[over] = 0.0

    assert 0.005 < reached <= 0.05


# Intervals


def test_without_data_a_rate_is_anywhere() -> None:
    assert rate_interval(0.0, 0.0, 0.05) == Interval(0.0, 1.0)


@pytest.mark.parametrize(("hits", "misses"), [(3.0, 197.0), (50.0, 50.0), (0.4, 9.6), (990.0, 10.0)])
def test_the_interval_ends_where_the_evidence_reaches_its_limit(hits: float, misses: float) -> None:
    low, high = rate_interval(hits, misses, 0.01)

    for end in (low, high):
        assert log_mixture(hits, misses, end) == pytest.approx(math.log(100.0), abs=1e-6)
    assert low < hits / (hits + misses) < high


def test_no_hits_leave_zero_possible_and_no_misses_one() -> None:
    none, all_ = rate_interval(0.0, 100.0, 0.05), rate_interval(100.0, 0.0, 0.05)

    assert none.low == 0.0
    assert all_.high == 1.0
    assert none.high == pytest.approx(1.0 - all_.low)
    assert log_mixture(0.0, 100.0, none.high) == pytest.approx(math.log(20.0))


def test_parts_of_a_case_leave_certainty_possible() -> None:
    assert rate_interval(0.01, 10.0, 0.05).low == 0.0
    assert rate_interval(0.1, 0.2, 0.001).high == 1.0


def test_a_single_case_says_something_already() -> None:
    assert rate_interval(0.0, 1.0, 0.5).high == pytest.approx(0.75)


# Detectors


def test_alternatives_are_odds_beyond_the_boundary() -> None:
    ratios = [(way / (1 - way)) / (0.1 / 0.9) for way in alternatives(0.1)]

    assert ratios == pytest.approx([1.25, 1.8, 3.5, 9.0, 40.0])


@pytest.mark.parametrize("boundary", [0.01, 0.05, 0.5])
def test_what_a_detector_gains_is_a_likelihood_ratio(boundary: float) -> None:
    """Its mean at the boundary is one, exactly; below the boundary it is less."""
    hits = np.arange(31)
    for alternative in alternatives(boundary):
        gains = [rate_increment(float(count), 30.0 - count, boundary, alternative) for count in hits]
        ratio = stats.binom(30, alternative).logpmf(hits) - stats.binom(30, boundary).logpmf(hits)

        assert gains == pytest.approx(list(ratio), abs=1e-9)
        assert stats.binom(30, boundary).pmf(hits) @ np.exp(gains) == pytest.approx(1.0)
        assert stats.binom(30, boundary / 2).pmf(hits) @ np.exp(gains) < 1.0


def test_a_cusum_forgets_what_spoke_for_the_candidate_and_is_held_below_its_ceiling() -> None:
    assert cusum_step(2.0, 1.0, 10.0) == 3.0
    assert cusum_step(-5.0, 1.0, 10.0) == 1.0
    assert cusum_step(-5.0, -1.0, 10.0) == -1.0
    assert cusum_step(9.0, 5.0, 10.0) == 10.0


def test_the_mean_of_exponentials_is_taken_without_overflow() -> None:
    assert log_mean_exp((math.log(1.0), math.log(3.0))) == pytest.approx(math.log(2.0))
    assert log_mean_exp([5000.0, 5000.0 + math.log(3.0)]) == pytest.approx(5000.0 + math.log(2.0))
    assert log_mean_exp((0.0,)) == 0.0


# Forecasts


@pytest.mark.parametrize("boundary", [0.01, 0.05, 0.1, 0.5])
@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_the_forecast_is_where_the_evidence_of_that_rate_is_enough(
    boundary: float, rate: float, alpha: float
) -> None:
    """``rate`` in parts of the boundary."""
    needed = units_needed(boundary, rate * boundary, alpha)

    def evidence(units: float) -> float:
        return log_below(rate * boundary * units, (1.0 - rate * boundary) * units, boundary)

    assert evidence(needed) == pytest.approx(-math.log(alpha), abs=1e-6)
    assert evidence(needed * 0.999) < -math.log(alpha)


@pytest.mark.parametrize(
    ("boundary", "rate", "units"), [(0.01, 0.0, 377), (0.05, 0.0, 74), (0.01, 0.002, 798), (0.01, 0.005, 2881)]
)
def test_the_forecast_in_numbers(boundary: float, rate: float, units: float) -> None:
    assert units_needed(boundary, rate, 0.05) == pytest.approx(units, rel=0.02)


def test_no_number_of_units_shows_what_is_not_so() -> None:
    assert units_needed(0.05, 0.05, 0.05) == math.inf
    assert units_needed(0.05, 0.5, 0.05) == math.inf
    assert units_needed(0.05, 0.05 - 1e-9, 0.05) == math.inf
    assert units_needed(0.05, 0.049, 0.05) > 100_000
