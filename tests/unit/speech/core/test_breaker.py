"""When an engine is left alone, and when it is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.ports.recorder import BreakerPhase
from segue.speech.core.breaker import Breaker, BreakerRules

RULES = BreakerRules(failures_to_open=3, cool_down_s=5.0, longest_cool_down_s=60.0)


def opened(at_s: float = 100.0) -> Breaker:
    breaker = Breaker(RULES)
    for _ in range(3):
        breaker = breaker.failed(at_s)
    return breaker


def test_a_new_breaker_lets_pass() -> None:
    assert Breaker(RULES).lets_pass


def test_it_opens_at_the_last_of_so_many_failures_in_a_row() -> None:
    breaker = Breaker(RULES).failed(1.0).failed(2.0)

    assert breaker.lets_pass
    assert not breaker.failed(3.0).lets_pass


def test_a_success_between_failures_starts_the_count_anew() -> None:
    breaker = Breaker(RULES).failed(1.0).failed(2.0).succeeded().failed(3.0).failed(4.0)

    assert breaker.lets_pass


def test_it_asks_for_a_probe_when_it_has_cooled_down_and_not_before() -> None:
    breaker = opened(at_s=100.0)

    assert not breaker.probe_due(104.9)
    assert breaker.probe_due(105.0)


def test_one_probe_is_enough() -> None:
    probing = opened().probing()

    assert not probing.probe_due(1e9)
    assert not probing.lets_pass


def test_a_probe_that_succeeds_closes_it() -> None:
    assert opened().probing().succeeded() == Breaker(RULES)


def test_every_probe_that_fails_doubles_the_cool_down_up_to_the_longest() -> None:
    breaker = opened()
    cool_downs = []
    for _ in range(6):
        breaker = breaker.probing().failed(200.0)
        cool_downs.append(breaker.cool_down_s)

    assert cool_downs == [10.0, 20.0, 40.0, 60.0, 60.0, 60.0]


def test_a_cool_down_above_the_longest_is_never_shortened() -> None:
    patient = BreakerRules(failures_to_open=1, cool_down_s=300.0, longest_cool_down_s=60.0)

    assert Breaker(patient).failed(0.0).probing().failed(300.0).cool_down_s == 300.0


def test_calls_that_were_under_way_when_it_opened_do_not_put_off_the_probe() -> None:
    late = opened(at_s=100.0).failed(104.0)

    assert late.probe_due(105.0)


def test_zero_failures_to_open_is_no_breaker() -> None:
    breaker = Breaker(BreakerRules(failures_to_open=0))
    for _ in range(1000):
        breaker = breaker.failed(1.0)

    assert breaker.lets_pass


@pytest.mark.parametrize("phase", BreakerPhase)
def test_a_success_closes_it_from_any_phase(phase: BreakerPhase) -> None:
    assert Breaker(RULES, phase, failures=9).succeeded().lets_pass


@given(st.lists(st.sampled_from(["fail", "succeed", "look"]), max_size=60), st.floats(0.1, 10))
def test_it_always_closes_or_comes_to_a_probe(events: list[str], step_s: float) -> None:
    breaker, now_s = Breaker(RULES), 0.0
    for event in events:
        now_s += step_s
        if breaker.probe_due(now_s):
            breaker = breaker.probing()
        if event == "fail":
            breaker = breaker.failed(now_s)
        elif event == "succeed":
            breaker = breaker.succeeded()

    waiting = breaker.phase is BreakerPhase.OPEN
    assert not waiting or breaker.probe_due(now_s + RULES.longest_cool_down_s)
