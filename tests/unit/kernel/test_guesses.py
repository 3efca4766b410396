"""Wrong tokens cost who gives them time, and nobody else."""

from __future__ import annotations

from segue.kernel.connections import Proxies
from segue.kernel.guesses import Guesses


def test_the_first_cost_nothing_and_the_next_more_and_more() -> None:
    guesses = Guesses(Proxies())
    assert [guesses.wrong("192.0.2.1", 0.0) for _ in range(9)] == [0, 0, 0, 0.25, 0.5, 1, 2, 4, 4]
    assert guesses.wrong("192.0.2.2", 0.0) == 0


def test_after_many_an_address_is_not_listened_to_for_a_minute() -> None:
    guesses = Guesses(Proxies())
    for _ in range(20):
        assert guesses.locked_for_s("192.0.2.1", 10.0) == 0
        guesses.wrong("192.0.2.1", 10.0)
    assert guesses.locked_for_s("192.0.2.1", 30.0) == 40
    assert guesses.locked_for_s("192.0.2.2", 30.0) == 0
    assert guesses.locked_for_s("192.0.2.1", 70.0) == 0
    assert guesses.wrong("192.0.2.1", 70.0) == 0, "it begins anew"


def test_one_ipv6_network_is_one_client() -> None:
    guesses = Guesses(Proxies())
    for number in range(20):
        guesses.wrong(f"2001:db8:0:1::{number:x}", 10.0)
    assert guesses.locked_for_s("2001:db8:0:1::ffff", 11.0) == 59
    assert guesses.locked_for_s("2001:db8:0:2::1", 11.0) == 0


def test_behind_a_proxy_operators_may_be_too() -> None:
    guesses = Guesses(Proxies(["127.0.0.1"]))
    for _ in range(40):
        guesses.wrong("127.0.0.1", 0.0)
    assert guesses.locked_for_s("127.0.0.1", 1.0) == 0
    assert guesses.wrong("127.0.0.1", 1.0) == 4.0


def test_a_crowd_of_addresses_does_not_fill_the_memory() -> None:
    guesses = Guesses(Proxies())
    for number in range(20_000):
        guesses.wrong(str(number), 0.0)
    assert len(guesses._by_caller) == 10_000
