"""A bucket of tokens, by hand."""

from __future__ import annotations

import pytest

from segue.speech.core.quota import TokenBucket


def bucket(per_minute: float = 60.0) -> TokenBucket:
    return TokenBucket(per_minute, filled_at_s=0.0)


def spent(tokens: TokenBucket, now_s: float = 0.0) -> int:
    """Takes one at a time for as long as there is one."""
    count = 0
    while tokens.wait_s(1.0, now_s) == 0.0:
        tokens.take(1.0, now_s)
        count += 1
    return count


def test_a_fifth_of_the_minute_may_be_spent_at_once() -> None:
    assert spent(bucket(200.0)) == 40


def test_what_is_spent_comes_back_evenly() -> None:
    tokens = bucket(60.0)
    spent(tokens)

    assert tokens.wait_s(1.0, 0.0) == pytest.approx(1.25)
    assert tokens.wait_s(1.0, 1.25) == pytest.approx(0.0)


def test_the_wait_it_names_is_exactly_long_enough() -> None:
    tokens = bucket(100.0)
    spent(tokens)
    wait_s = tokens.wait_s(7.0, 0.0)

    assert tokens.wait_s(7.0, wait_s - 0.01) > 0.0
    assert tokens.wait_s(7.0, wait_s + 1e-9) == 0.0


def test_it_holds_no_more_than_its_capacity_however_long_nobody_asks() -> None:
    tokens = bucket(200.0)

    assert spent(tokens, now_s=86_400.0) == 40


def test_a_clock_that_goes_backwards_refills_nothing() -> None:
    tokens = bucket(60.0)
    assert spent(tokens, now_s=100.0) == 12
    assert spent(tokens, now_s=50.0) == 0
    assert spent(tokens, now_s=100.0) == 0


def test_a_long_text_overdraws_a_rested_bucket_and_the_next_one_waits_for_it() -> None:
    chars = bucket(6000.0)
    assert chars.wait_s(5000.0, 0.0) == 0.0
    chars.take(5000.0, 0.0)

    assert chars.wait_s(1.0, 0.0) == pytest.approx(3801 / 80)


def test_a_long_text_is_saved_up_for() -> None:
    chars = bucket(6000.0)
    chars.take(1200.0, 0.0)
    wait_s = chars.wait_s(5000.0, 0.0)

    assert wait_s == pytest.approx(1200 / 80 + 3800 / 80)
    assert chars.wait_s(5000.0, wait_s / 2) == pytest.approx(wait_s / 2)
    assert chars.wait_s(5000.0, wait_s) == pytest.approx(0.0, abs=1e-9)


def test_a_text_above_the_whole_allowance_is_let_through_alone() -> None:
    chars = bucket(1000.0)
    assert chars.wait_s(5000.0, 0.0) == 0.0
    chars.take(5000.0, 0.0)

    assert 300 < chars.wait_s(1.0, 0.0) < 400
    assert 600 < chars.wait_s(5000.0, 0.0) < 800


def test_when_the_vendor_says_wait_nothing_is_given_out_before() -> None:
    tokens = bucket(600.0)
    tokens.drain(30.0, now_s=0.0)

    assert tokens.wait_s(1.0, 0.0) == pytest.approx(30.0)
    assert tokens.wait_s(1.0, 29.9) > 0.0
    assert tokens.wait_s(1.0, 30.0) == pytest.approx(0.0, abs=1e-9)


def test_a_shorter_wait_does_not_undo_a_longer_one() -> None:
    tokens = bucket(600.0)
    tokens.drain(30.0, now_s=0.0)
    tokens.drain(1.0, now_s=0.0)

    assert tokens.wait_s(1.0, 0.0) == pytest.approx(30.0)


def test_less_than_one_a_minute_is_possible() -> None:
    tokens = bucket(0.5)

    assert spent(tokens) == 1
    assert tokens.wait_s(1.0, 0.0) > 60.0
