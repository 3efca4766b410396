"""Where a webhook leads: checked after the lookup, whatever the name says, and never looked up twice."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

import httpx
import pytest

from segue.kernel.errors import Unavailable
from segue.rollout.notify.addresses import CheckedTransport, may_be_notified
from segue.rollout.notify.webhook import WebhookTarget
from segue.rollout.ports.notice import Refused
from segue.testing.clock import FakeClock
from support.notices import NOTICE
from support.receiver import receiving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

NEVER = """169.254.169.254 169.254.0.1 fe80::1 fd00:ec2::254 100.100.100.200 ::ffff:169.254.169.254
    64:ff9b::a9fe:a9fe 2002:a9fe:a9fe:: 0.0.0.0 :: 224.0.0.1 ff02::1""".split()
NOT_PUBLIC = (
    "127.0.0.1 ::1 10.0.0.8 172.16.0.1 192.168.1.1 100.64.0.1 fd00::1 ::ffff:10.0.0.8 64:ff9b::a00:8".split()
)
PUBLIC = "8.8.8.8 2001:4860:4860::8888 ::ffff:8.8.8.8".split()


class Names:
    """Looks names up as it is told to, and counts."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        if not self._answers:
            raise OSError("unknown name")
        return self._answers.pop(0)


@asynccontextmanager
async def a_webhook(url: str, names: Names | None = None, *, private: bool = True) -> AsyncIterator[WebhookTarget]:
    transport = CheckedTransport(private=private, lookup=names)
    async with httpx.AsyncClient(transport=transport) as client:
        yield WebhookTarget(client, url, "", FakeClock(), timeout_s=5.0)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_notified(address: str) -> None:
    assert not may_be_notified(ip_address(address), private=True)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public_is_notified_only_if_it_may_be(address: str) -> None:
    assert may_be_notified(ip_address(address), private=True)
    assert not may_be_notified(ip_address(address), private=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_notified(address: str) -> None:
    assert may_be_notified(ip_address(address), private=False)


async def test_a_name_that_leads_inside_is_refused_after_the_lookup_and_nothing_is_sent() -> None:
    with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "hooks.example") + "?s3cret"
        async with a_webhook(url, Names(["127.0.0.1"]), private=False) as webhook:
            with pytest.raises(Refused, match=r"webhook-\w+\): its host has the address 127\.0\.0\.1") as caught:
                await webhook.send(NOTICE)

    assert receiver.posted == []
    assert "s3cret" not in str(caught.value)
    assert "hooks.example" not in str(caught.value)


async def test_a_name_that_leads_to_a_clouds_metadata_is_refused_in_any_case() -> None:
    async with a_webhook("http://hooks.example/", Names(["8.8.8.8", "169.254.169.254"])) as webhook:
        with pytest.raises(Refused, match=r"169\.254\.169\.254"):
            await webhook.send(NOTICE)


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/", "http://2852039166/", "http://0xa9.254.169.254/", "http://[::ffff:a9fe:a9fe]/"],
)
async def test_an_address_is_refused_however_it_is_written(url: str) -> None:
    async with a_webhook(url) as webhook:
        with pytest.raises(Refused, match="may not use"):
            await webhook.send(NOTICE)


async def test_the_address_that_was_checked_is_the_one_that_is_used() -> None:
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    with receiving() as receiver:
        async with a_webhook(receiver.url.replace("127.0.0.1", "hooks.example"), names) as webhook:
            await webhook.send(NOTICE)
    (posted,) = receiver.posted

    assert names.asked == ["hooks.example"]
    assert posted.headers["Host"].startswith("hooks.example:")


async def test_each_notice_is_checked_anew() -> None:
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    with receiving() as receiver:
        async with a_webhook(receiver.url.replace("127.0.0.1", "hooks.example"), names) as webhook:
            await webhook.send(NOTICE)
            with pytest.raises(Refused):
                await webhook.send(NOTICE)

    assert len(receiver.posted) == 1


async def test_the_next_address_is_tried_if_one_does_not_answer() -> None:
    with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "hooks.example")
        async with a_webhook(url, Names(["127.0.0.2", "127.0.0.1"])) as webhook:
            await webhook.send(NOTICE)

    assert len(receiver.arrived) == 1


async def test_a_name_that_nobody_knows_may_be_known_later() -> None:
    async with a_webhook("http://hooks.example/", Names()) as webhook:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await webhook.send(NOTICE)


async def test_tls_is_for_the_name_and_not_for_the_address() -> None:
    seen: list[str | bytes | None] = []

    class Recorded(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.extend((request.url.host, request.headers["Host"], request.extensions["sni_hostname"]))
            return httpx.Response(204)

    transport = CheckedTransport(private=True, lookup=Names(["8.8.8.8"]), inner=Recorded())
    async with httpx.AsyncClient(transport=transport, verify=ssl.create_default_context()) as client:
        await client.post("https://hooks.example/x")

    assert seen == ["8.8.8.8", "hooks.example", "hooks.example"]


async def test_names_with_one_address_share_no_connection() -> None:
    connections: list[asyncio.Event] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        closed = asyncio.Event()
        connections.append(closed)
        while await reader.readline():
            if not writer.is_closing():
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await reader.read(100_000)
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        names = Names(["127.0.0.1"], ["127.0.0.1"])
        async with httpx.AsyncClient(transport=CheckedTransport(private=True, lookup=names)) as client:
            for host in ("one.example", "two.example"):
                assert (await client.post(f"http://{host}:{port}/", content=b"{}")).status_code == 204
        await asyncio.wait_for(asyncio.gather(*(closed.wait() for closed in connections)), 5)

    assert len(connections) == 2
