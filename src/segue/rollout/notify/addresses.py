"""Keeps webhooks from addresses where only a mistake, or somebody else's DNS server, can lead them.

The owner of a receiver's name can change its addresses at any time, so the URL alone does not say where a notice
goes. The addresses are checked after each lookup, and the connection uses one that was checked, because a second
lookup could give another one.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, TypeAlias

import httpx

from segue.rollout.ports.notice import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
    """The addresses of a host, in the order in which they should be tried. Raises OSError if there is none."""

Address: TypeAlias = IPv4Address | IPv6Address

_CONNECT_S = 3.0
"""Per address: a POST has ten seconds in all, and the first address may not respond."""

_ONE_REQUEST_EACH = httpx.Limits(max_keepalive_connections=0)
"""A kept connection would be used for every name with that address, though TLS has checked only one of them."""

_NAT64 = ip_network("64:ff9b::/96")
_METADATA = frozenset((ip_address("fd00:ec2::254"), ip_address("100.100.100.200")))
"""Where clouds give out credentials, besides the link-local address of most of them."""


class CheckedTransport(httpx.AsyncBaseTransport):
    """Connects to addresses that a webhook may use, and to no other.

    Link-local addresses and others of clouds' metadata, and those that are no host's, are never used. ``private``
    says whether addresses that are not public may be, such as those of the same machine or cluster.

    Raises:
        Refused: the host has an address that may not be used. The message names the address, not the URL.
    """

    def __init__(
        self,
        *,
        private: bool,
        lookup: Lookup | None = None,
        inner: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._inner = inner or httpx.AsyncHTTPTransport(limits=_ONE_REQUEST_EACH)
        self._private = private
        self._lookup = lookup or system_lookup

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode("ascii")
        found = await self._addresses(request, host)
        request.extensions |= {"sni_hostname": host, "timeout": {"connect": _CONNECT_S}}
        for address in found[:-1]:
            try:
                return await self._asked(request, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent
        return await self._asked(request, found[-1])

    async def _asked(self, request: httpx.Request, address: str) -> httpx.Response:
        """The Host header and TLS keep the name, which the certificate must be for."""
        request.url = request.url.copy_with(host=address)
        return await self._inner.handle_async_request(request)

    async def _addresses(self, request: httpx.Request, host: str) -> Sequence[str]:
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            found = await self._lookup(host, port)
        except OSError as error:
            raise httpx.ConnectError(f"no address: {error}", request=request) from error
        for address in found:
            if not may_be_notified(ip_address(address), private=self._private):
                raise Refused(
                    f"its host has the address {address}, which webhooks may not use; correct the URL, or see "
                    "SEGUE_WEBHOOK_PRIVATE"
                )
        return found

    async def aclose(self) -> None:
        await self._inner.aclose()


def may_be_notified(address: Address, *, private: bool) -> bool:
    """Whether a webhook may lead to this address."""
    address = _meant(address)
    if address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA:
        return False
    return private or address.is_global


def _meant(address: Address) -> Address:
    """The IPv4 address within an IPv6 one, if packets to the latter go there."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """Asks the resolver of the machine, in a thread."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(where[0]) for *_, where in found]
