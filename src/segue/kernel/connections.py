"""Limits on the open connections of one process: a total, and one per client address.

Addresses of configured proxies have no limit of their own, because many clients connect through them. IPv6
addresses are counted by their /64 network, because one client usually has a whole one.
"""

from __future__ import annotations

from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Network, IPv6Network

_OF_ONE_CALLER_BITS = 64


class ConnectionRefusal(Enum):
    """Why a connection is refused: too many are open in total, or from its address."""

    IN_ALL = "in_all"
    BY_ADDRESS = "by_address"


class ConnectionLimits(NamedTuple):
    """The maximum number of open connections. ``by_address`` 0 means no limit per address."""

    in_all: int
    by_address: int = 0


class Proxies:
    """Addresses and networks of proxies whose ``X-Forwarded-For`` header is trusted."""

    def __init__(self, named: Iterable[str] = ()) -> None:
        """Raises ValueError, which names the entry, if one is neither an address nor a network."""
        self._networks: tuple[IPv4Network | IPv6Network, ...] = tuple(ip_network(name) for name in named)
        self._known: dict[str, bool] = {}

    def __contains__(self, address: str) -> bool:
        found = self._known.get(address)
        if found is None:
            parsed = _parsed(address)
            found = parsed is not None and any(parsed in network for network in self._networks)
            if found:  # only proxies are cached: there are few of them, but many clients
                self._known[address] = True
        return found

    def client(self, peer: str, forwarded_for: str) -> str:
        """The client's address: the last one in ``X-Forwarded-For`` that is not a proxy's, if the peer is a proxy;
        otherwise the peer.

        The search stops at an entry that is not an address, because anyone can have written the entries before it.
        """
        client = peer
        for part in reversed(forwarded_for.split(",")):
            if client not in self:
                break
            parsed = _parsed(part.strip().strip("[]"))
            if parsed is None:
                break
            client = str(parsed)
        return client


class Connections:
    """Counts the open connections of one process."""

    def __init__(self, limits: ConnectionLimits, proxies: Proxies | None = None) -> None:
        self._limits = limits
        self._proxies = proxies or Proxies()
        self._by_address: dict[str, int] = {}
        self.open = 0

    def enter(self, address: str) -> ConnectionRefusal | None:
        """Returns None if the connection is accepted; the caller must then call ``leave`` when it closes."""
        caller = network_of(address)
        count = self._by_address.get(caller, 0)
        most = self._limits.by_address
        if most and count >= most and address not in self._proxies:
            return ConnectionRefusal.BY_ADDRESS
        if self.open >= self._limits.in_all:
            return ConnectionRefusal.IN_ALL
        self._by_address[caller] = count + 1
        self.open += 1
        return None

    def leave(self, address: str) -> None:
        caller = network_of(address)
        count = self._by_address[caller] - 1
        if count:
            self._by_address[caller] = count
        else:
            del self._by_address[caller]
        self.open -= 1


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def network_of(address: str) -> str:
    """The address that counts as one client: an IPv6 address is counted by its /64 network."""
    if ":" not in address:
        return address
    parsed = _parsed(address)
    if not isinstance(parsed, IPv6Address):
        return str(parsed or address)
    return str(ip_network((int(parsed), _OF_ONE_CALLER_BITS), strict=False))
