"""What holds of intervals and verdicts for all counts, and of detectors over time, by seeded simulation."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.rollout.core.gates import Counted, Verdict, judged
from segue.rollout.core.stats import (
    alternatives,
    cusum_step,
    log_below,
    log_beta_tail,
    log_beyond,
    log_mean_exp,
    log_mixture,
    rate_increment,
    rate_interval,
)

alphas = st.floats(1e-6, 0.5)
trials = st.floats(1.0, 1e6)
parts = st.floats(0.0, 1.0)


@given(trials, parts, alphas)
def test_an_interval_holds_its_estimate_and_lies_within_0_and_1(count: float, part: float, alpha: float) -> None:
    low, high = rate_interval(count * part, count * (1.0 - part), alpha)

    assert 0.0 <= low <= part + 1e-9
    assert part - 1e-9 <= high <= 1.0


@given(st.floats(10.0, 1e5), parts, alphas, st.floats(2.0, 100.0))
def test_an_interval_narrows_with_more_of_the_same(count: float, part: float, alpha: float, times: float) -> None:
    few = rate_interval(count * part, count * (1.0 - part), alpha)
    many = rate_interval(count * part * times, count * (1.0 - part) * times, alpha)

    assert many.high - many.low < few.high - few.low


@given(trials, parts, alphas)
def test_an_interval_widens_with_certainty(count: float, part: float, alpha: float) -> None:
    sure, surer = (rate_interval(count * part, count * (1.0 - part), level) for level in (alpha, alpha / 10))

    assert surer.low <= sure.low
    assert sure.high <= surer.high


@given(trials, parts, alphas, st.floats(0.001, 0.999))
def test_a_verdict_is_given_where_the_evidence_of_its_side_is_enough_and_never_against_the_estimate(
    count: float, part: float, alpha: float, boundary: float
) -> None:
    bad = count * part

    verdict = judged(Counted(bad, count, boundary), alpha, 1.0)

    if verdict is Verdict.PASS:
        assert part <= boundary
        assert log_below(bad, count - bad, boundary) >= -math.log(alpha)
    elif verdict is Verdict.FAIL:
        assert part >= boundary - 1e-9
        assert log_beyond(bad, count - bad, boundary) >= -math.log(alpha)


@given(trials, parts, st.floats(0.001, 0.999))
def test_the_evidence_for_both_sides_together_is_that_against_the_boundary(
    count: float, part: float, boundary: float
) -> None:
    """Each with its side's part of the prior."""
    bad, good = count * part, count * (1.0 - part)
    above = log_beta_tail(0.5, 0.5, boundary)

    sides = math.log1p(-math.exp(above)) + log_below(bad, good, boundary), above + log_beyond(bad, good, boundary)

    both = log_mixture(bad, good, boundary)
    assert log_mean_exp(sides) + math.log(2.0) == pytest.approx(both, rel=1e-5, abs=1e-5)


@given(st.floats(0.5, 1e6), st.floats(0.5, 1e6), st.floats(1e-4, 1.0 - 1e-4), st.floats(0.0, 0.5))
def test_a_tail_is_a_chance_and_shrinks_as_its_point_grows(
    a: float, b: float, point: float, further: float
) -> None:
    near, far = log_beta_tail(a, b, point), log_beta_tail(a, b, point + further * (1.0 - point))

    assert far <= near + 1e-9
    assert near <= 0.0


def test_a_bounded_mean_as_a_fraction_of_cases_is_covered_at_every_look_at_once() -> None:
    """Durations as parts of the longest, far from coins; looked at after each of 300; one run in 20 may miss."""
    random, runs, missed = Random(7), 300, 0
    limit, mean = math.log(20.0), 0.1
    for _ in range(runs):
        total, worst = 0.0, -math.inf
        for count in range(1, 301):
            total += random.betavariate(0.4, 3.6)
            worst = max(worst, log_mixture(total, count - total, mean))
        missed += worst >= limit

    assert missed / runs <= 0.05


def test_a_rate_is_covered_at_every_look_at_once_where_a_single_look_would_not_be() -> None:
    """The share of 400 runs whose interval ever lost the rate, beside that of the textbook's 95 % interval."""
    random, runs, rate = Random(11), 400, 0.1
    lost = lost_by_textbook = 0
    for _ in range(runs):
        hits, ever, ever_by_textbook = 0, False, False
        for count in range(1, 401):
            hits += random.random() < rate
            ever = ever or log_mixture(float(hits), float(count - hits), rate) >= math.log(20.0)
            estimate = hits / count
            spread = 1.96 * math.sqrt(estimate * (1.0 - estimate) / count)
            ever_by_textbook = ever_by_textbook or (count >= 30 and abs(estimate - rate) > spread)
        lost += ever
        lost_by_textbook += ever_by_textbook

    assert lost / runs <= 0.05
    assert lost_by_textbook / runs > 0.2


@pytest.mark.parametrize("boundary", [0.05, 0.3])
def test_at_the_boundary_itself_a_detector_cries_wolf_no_more_often_than_it_says(boundary: float) -> None:
    """Slots of 20 units; the mean time to a false alarm is 50 slots or more."""
    random = Random(3)
    lengths = [_slots_until_alarm(random, boundary, alarm_after=50.0) for _ in range(100)]

    assert sum(lengths) / len(lengths) >= 50.0


def _slots_until_alarm(random: Random, rate: float, alarm_after: float) -> int:
    ways = alternatives(rate)
    log_e = [0.0] * len(ways)
    for slot in range(1, 2000):
        bad = sum(random.random() < rate for _ in range(20))
        gains = [rate_increment(float(bad), 20.0 - bad, rate, way) for way in ways]
        log_e = [max(0.0, cusum_step(one, gain, 99.0)) for one, gain in zip(log_e, gains, strict=True)]
        if log_mean_exp(log_e) >= math.log(alarm_after):
            return slot
    return 2000
