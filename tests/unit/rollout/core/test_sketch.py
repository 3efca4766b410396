"""Quantiles read from a sketch are within 1 % of the truth, however it was put together."""

from __future__ import annotations

import random

import pytest
from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from segue.rollout.core.sketch import ACCURACY, EMPTY, Sketch, sketched

DURATIONS = st.lists(st.floats(1e-5, 100.0), min_size=1, max_size=200)
PARTS = (0.0, 0.5, 0.95, 0.99, 1.0)


def exact(durations_s: list[float], part: float) -> float:
    enough = (
        one for one in sorted(durations_s) if sum(other <= one for other in durations_s) >= part * len(durations_s)
    )
    return next(enough)


@given(DURATIONS, st.sampled_from(PARTS))
def test_a_quantile_is_within_a_hundredth(durations_s: list[float], part: float) -> None:
    assert sketched(durations_s).quantile_s(part) == pytest.approx(exact(durations_s, part), rel=ACCURACY * 1.001)


def test_of_two_durations_the_longer_is_what_most_do_not_exceed() -> None:
    sketch = sketched([0.64, 1.08])

    assert sketch.quantile_s(0.5) == pytest.approx(0.64, rel=ACCURACY * 1.001)
    assert sketch.quantile_s(0.95) == pytest.approx(1.08, rel=ACCURACY * 1.001)


@given(DURATIONS, DURATIONS, DURATIONS)
def test_parts_added_are_the_whole_in_any_order(a: list[float], b: list[float], c: list[float]) -> None:
    whole = sketched([*a, *b, *c])

    assert sketched(a).plus(sketched(b)).plus(sketched(c)) == whole
    assert sketched(c).plus(sketched(a).plus(sketched(b))) == whole
    assert whole.plus(EMPTY) == EMPTY.plus(whole) == whole


def test_it_agrees_with_the_authors_own() -> None:
    dice, theirs = random.Random(3), DDSketch(ACCURACY)
    durations_s = [dice.lognormvariate(-0.5, 0.8) for _ in range(5000)]
    for one in durations_s:
        theirs.add(one)
    ours = sketched(durations_s)

    for part in PARTS:
        assert ours.quantile_s(part) == pytest.approx(theirs.get_quantile_value(part), rel=2 * ACCURACY)


def test_of_nothing_there_is_no_quantile() -> None:
    assert EMPTY.quantile_s(0.5) is None
    assert sketched([]) == EMPTY


def test_it_stays_small() -> None:
    dice = random.Random(4)
    assert len(sketched(dice.uniform(0.01, 20.0) for _ in range(100_000)).buckets) < 400


def test_scaled_counts_leave_quantiles_alone() -> None:
    sketch = sketched([0.1] * 90 + [2.0] * 10)

    assert sketch.times(0.5).count == 50
    assert sketch.times(10).quantile_s(0.95) == sketch.quantile_s(0.95)


def test_what_takes_no_time_is_counted_as_next_to_none() -> None:
    assert Sketch().plus(sketched([0.0, 0.0])).quantile_s(1.0) == pytest.approx(1e-6, rel=ACCURACY * 1.001)
