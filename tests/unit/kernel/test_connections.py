"""How many connections are taken, in all and from one address."""

from __future__ import annotations

import pytest

from segue.kernel.connections import ConnectionLimits, ConnectionRefusal, Connections, Proxies


def test_connections_are_taken_up_to_the_limit_and_again_when_one_has_left() -> None:
    connections = Connections(ConnectionLimits(in_all=2))
    assert connections.enter("192.0.2.1") is None
    assert connections.enter("192.0.2.1") is None
    assert connections.enter("192.0.2.2") is ConnectionRefusal.IN_ALL

    connections.leave("192.0.2.1")
    assert connections.enter("192.0.2.2") is None
    assert connections.open == 2


def test_one_address_does_not_get_all_of_them() -> None:
    connections = Connections(ConnectionLimits(in_all=10, by_address=2))
    assert [connections.enter("192.0.2.1") for _ in range(3)] == [None, None, ConnectionRefusal.BY_ADDRESS]
    assert connections.enter("192.0.2.2") is None

    connections.leave("192.0.2.1")
    assert connections.enter("192.0.2.1") is None


def test_a_proxy_brings_many_callers_and_has_no_limit_of_its_own() -> None:
    connections = Connections(ConnectionLimits(in_all=5, by_address=1), Proxies(["10.0.0.0/8", "::1"]))
    found = [connections.enter("10.1.2.3") for _ in range(6)]
    assert found == [None] * 5 + [ConnectionRefusal.IN_ALL]


def test_a_network_of_ipv6_is_one_caller() -> None:
    connections = Connections(ConnectionLimits(in_all=5, by_address=1))
    assert connections.enter("2001:db8:0:1::1") is None
    assert connections.enter("2001:db8:0:1:ffff::2") is ConnectionRefusal.BY_ADDRESS
    assert connections.enter("2001:db8:0:2::1") is None
    connections.leave("2001:db8:0:1:ffff::2")
    assert connections.enter("2001:db8:0:1::1") is None


def test_nothing_is_remembered_of_callers_who_have_left() -> None:
    connections = Connections(ConnectionLimits(in_all=1000, by_address=1))
    for number in range(500):
        address = f"192.0.{number // 250}.{number % 250}"
        assert connections.enter(address) is None
        connections.leave(address)
    assert connections.open == 0
    assert connections._by_address == {}


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7, 10.0.0.4", "198.51.100.7"),
        ("127.0.0.1", "10.0.0.5, 10.0.0.4", "10.0.0.5"),
        ("127.0.0.1", "198.51.100.7, nonsense", "127.0.0.1"),
        ("127.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("", "198.51.100.7", ""),
    ],
)
def test_the_client_is_whom_the_nearest_proxy_names(peer: str, forwarded_for: str, client: str) -> None:
    assert Proxies(["127.0.0.1", "10.0.0.0/24"]).client(peer, forwarded_for) == client


def test_what_is_no_address_is_no_proxy() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        Proxies(["nowhere"])
