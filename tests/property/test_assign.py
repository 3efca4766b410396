"""What holds of every split: even, sticky, growing only, and independent of other rollouts."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.arms import Arm
from segue.kernel.assign import Routing, assign, bucket
from segue.kernel.units import PPM
from segue.rollout.core.stats import binomial_bounds

LISTENERS = [f"listener-{number}" for number in range(50_000)]
ONE_IN_A_MILLION = 1e-6

units = st.text(max_size=40)
salts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40)
shares = st.integers(0, PPM)


@given(salts, units)
def test_a_bucket_is_always_one_of_a_million(salt: str, unit: str) -> None:
    assert 0 <= bucket(salt, unit) < PPM


@given(salts, units, st.lists(shares, min_size=2, max_size=6))
def test_raising_the_share_never_moves_anyone_back(salt: str, unit: str, steps: list[int]) -> None:
    arms = [
        assign(Routing(enabled=True, share_ppm=share, salt=salt), unit, "ghoul").arm for share in sorted(steps)
    ]

    assert all(not (before is Arm.CANDIDATE and after is Arm.BASELINE) for before, after in pairwise(arms))


@given(salts, units, shares)
def test_the_same_unit_always_gets_the_same_arm(salt: str, unit: str, share: int) -> None:
    routing = Routing(enabled=True, share_ppm=share, salt=salt)

    assert assign(routing, unit, "ghoul") == assign(routing, unit, "ghoul") == assign(routing, unit, "pip_boy")


@given(salts, units)
def test_no_share_is_nobody_and_the_whole_share_is_everybody(salt: str, unit: str) -> None:
    assert assign(Routing(enabled=True, share_ppm=0, salt=salt), unit, "ghoul").arm is Arm.BASELINE
    assert assign(Routing(enabled=True, share_ppm=PPM, salt=salt), unit, "ghoul").arm is Arm.CANDIDATE


@pytest.mark.parametrize("salt", ["chirp3", "試行", "2026-03"])
@pytest.mark.parametrize("percent", [1, 5, 10, 25, 50, 90, 99])
def test_a_share_serves_what_it_says(salt: str, percent: int) -> None:
    served = _in_share(salt, percent * PPM // 100)

    low, high = binomial_bounds(len(LISTENERS), percent / 100, ONE_IN_A_MILLION)
    assert low <= len(served) <= high


def test_buckets_are_uniform() -> None:
    cells = 100
    counts = [0] * cells
    for listener in LISTENERS:
        counts[_places("chirp3")[listener] * cells // PPM] += 1

    expected = len(LISTENERS) / cells
    chi_squared = sum((count - expected) ** 2 / expected for count in counts)
    assert chi_squared < 170.0, "99 degrees of freedom: one in a hundred thousand is above 171"


def test_listeners_of_one_rollout_are_dealt_anew_in_the_next() -> None:
    first, second = _in_share("rollout-1", PPM // 10), _in_share("rollout-2", PPM // 10)

    low, high = binomial_bounds(len(LISTENERS), 0.01, ONE_IN_A_MILLION)
    assert low <= len(first & second) <= high


def _in_share(salt: str, share_ppm: int) -> set[str]:
    return {listener for listener, place in _places(salt).items() if place < share_ppm}


@cache
def _places(salt: str) -> dict[str, int]:
    return {listener: bucket(salt, listener) for listener in LISTENERS}
