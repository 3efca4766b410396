"""What one HTTP connection may cost, and clients that bring more or less than HTTP/1.1."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from segue.kernel.connections import ConnectionLimits
from segue.transport.open_connections import HttpLimits
from support.transport import echo, served, stream
from support.waiting import soon

if TYPE_CHECKING:
    from collections.abc import Callable

_CLOSE = b"connection: close\r\n\r\n"
_BRIEF = HttpLimits(header_bytes=8192, header_s=0.3, keep_alive_s=30)


def _endless_header() -> bytes:
    return b"GET / HTTP/1.1\r\nx: " + b"a" * 200_000


def _many_headers() -> bytes:
    return b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * 20_000


def _endless_address() -> bytes:
    return b"GET /" + b"a" * 200_000


def _endless_trailers() -> bytes:
    return b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + b"a:b\r\n" * 20_000


def _endless_trailer() -> bytes:
    return b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: " + b"a" * 200_000


def _endless_chunk_extension() -> bytes:
    return b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5;" + b"a" * 200_000


@pytest.mark.parametrize(
    "head",
    [
        _endless_header,
        _many_headers,
        _endless_address,
        _endless_trailers,
        _endless_trailer,
        _endless_chunk_extension,
    ],
)
async def test_what_stands_before_or_after_a_body_is_bounded_in_bytes(head: Callable[[], bytes]) -> None:
    async with served(echo, _BRIEF._replace(header_s=30)) as here, here.client() as client:
        await client.send(head())
        await client.rest()

        assert here.refused == ["header_bytes"]
        assert here.connections.open <= 1


async def test_a_refusal_of_headers_says_why() -> None:
    async with served(echo, _BRIEF) as here:
        answer = await here.ask(_endless_header())

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"the request's URL and headers together are larger than 8192 bytes" in answer
    assert b"connection: close" in answer


async def test_headers_below_the_limit_are_served_and_each_request_counts_for_itself() -> None:
    request = b"GET / HTTP/1.1\r\nx: " + b"a" * 8000 + b"\r\n\r\n"
    async with served(echo, _BRIEF) as here, here.client() as client:
        for _ in range(5):
            await client.send(request)
            head, _body = await client.answer()
            assert head.startswith(b"HTTP/1.1 200 ")
        assert here.refused == []


async def test_a_large_body_is_no_header() -> None:
    body = b"b" * 300_000
    async with served(echo, _BRIEF) as here, here.client() as client:
        await client.send(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        assert (await client.answer())[1] == b"POST / " + body
        chunks = b"".join(b"5\r\nhello\r\n" for _ in range(20_000))
        await client.send(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        assert (await client.answer())[1] == b"POST / " + b"hello" * 20_000


@pytest.mark.parametrize("begun", [b"GET / HT", b"GET / HTTP/1.1\r\nx: y\r\n", b"\r\n"])
async def test_headers_that_do_not_end_are_waited_for_no_longer_than_their_time(begun: bytes) -> None:
    async with served(echo, _BRIEF) as here, here.client() as client:
        await client.send(begun)
        answer = await client.rest()

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert here.refused == ["header_time"]


async def test_a_byte_now_and_then_buys_no_time() -> None:
    async with served(echo, _BRIEF) as here, here.client() as client:
        await client.send(b"GET / HTTP/1.1\r\n")
        for _ in range(100):
            try:
                await client.send(b"x")
            except ConnectionError:
                break
            if here.refused:
                break
            await asyncio.sleep(0.05)

        assert here.refused == ["header_time"]


async def test_the_time_runs_for_a_second_request_too() -> None:
    async with served(echo, _BRIEF) as here, here.client() as client:
        await client.send(b"GET / HTTP/1.1\r\n\r\nGET / HT")
        await client.answer()
        assert (await client.rest()).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_without_a_request_is_closed_after_its_time() -> None:
    limits = HttpLimits(keep_alive_s=0.2)
    async with served(echo, limits) as here, here.client() as silent, here.client() as used:
        await used.send(b"GET / HTTP/1.1\r\n\r\n")
        await used.answer()
        assert await silent.is_closed(within_s=10)
        assert await used.is_closed(within_s=10)
        await soon(lambda: here.connections.open == 0)


async def test_a_body_that_nobody_reads_does_not_keep_a_connection() -> None:
    async def deaf(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with served(deaf, _BRIEF) as here, here.client() as client:
        await client.send(b"POST / HTTP/1.1\r\ncontent-length: 1000000\r\n\r\n")
        await client.answer()
        for _ in range(100):
            if here.connections.open == 0:
                break
            try:
                await client.send(b"x")
            except ConnectionError:
                break
            await asyncio.sleep(0.05)
        await soon(lambda: here.connections.open == 0)


async def _closing(_scope: Any, receive: Any, send: Any) -> None:
    """Reads a part of the body at most, and answers that the connection closes."""
    await receive()
    head = [(b"content-length", b"5"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": head})
    await send({"type": "http.response.body", "body": b"large"})


_FOUR_MB = b"b" * 4_000_000
_SIZED = b"POST / HTTP/1.1\r\ncontent-length: 4000000\r\n"
_CHUNKED = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n" % len(_FOUR_MB)


@pytest.mark.parametrize(
    "request_bytes",
    [
        _SIZED + b"\r\n" + _FOUR_MB,
        _SIZED + b"expect: 100-continue\r\n\r\n" + _FOUR_MB,
        _SIZED + b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\n\r\n" + _FOUR_MB,
        _CHUNKED + _FOUR_MB + b"\r\n0\r\n\r\n",
        _SIZED + b"\r\n" + _FOUR_MB + b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["sized", "expecting", "upgrading", "chunked", "another behind"],
)
async def test_a_client_that_sends_its_whole_body_first_still_gets_the_answer_that_closes(
    request_bytes: bytes,
) -> None:
    async with served(_closing) as here:
        for _ in range(10):
            async with here.client() as client:
                await client.send(request_bytes)
                answer = await client.rest()
                assert answer.count(b"HTTP/1.1 413 ") == 1
                assert answer.endswith(b"large")
        await soon(lambda: here.connections.open == 0)


async def test_a_connection_that_closes_does_not_wait_for_a_body_that_never_ends() -> None:
    async with served(_closing, _BRIEF) as here, here.client() as client:
        await client.send(_SIZED + b"\r\nb")
        await client.answer()
        assert await client.is_closed(within_s=10)
        await soon(lambda: here.connections.open == 0)


async def test_a_body_in_too_many_parts_is_refused_and_no_more_of_it_parsed() -> None:
    heard: list[str] = []

    async def waits(_scope: Any, receive: Any, _send: Any) -> None:
        while "http.disconnect" not in heard:
            heard.append((await receive())["type"])

    async with served(waits, _BRIEF) as here, here.client() as client:
        await client.send(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 40_000)
        answer = await client.rest()

        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"more than 32768 parts" in answer
        assert here.refused == ["body_parts"]
        await soon(lambda: heard[-1:] == ["http.disconnect"])


async def test_a_body_in_too_many_parts_that_was_answered_is_dropped_unparsed() -> None:
    async def deaf(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with served(deaf, _BRIEF) as here, here.client() as client:
        await client.send(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n")
        await client.answer()
        await client.send(b"1\r\na\r\n" * 40_000)
        await client.send(b"no chunk\r\n")
        assert await client.is_closed(within_s=10)
        assert here.refused == []


async def test_nonsense_in_a_body_is_told() -> None:
    async with served(echo) as here:
        answer = await here.ask(b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nno chunk\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert here.refused == ["malformed"]


async def test_requests_behind_one_that_is_not_answered_are_bounded_in_number() -> None:
    go_on = asyncio.Event()
    begun = 0

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        nonlocal begun
        begun += 1
        await go_on.wait()
        await echo(scope, receive, send)

    async with served(slow) as here, here.client() as client:
        await client.send(b"GET /wanted HTTP/1.1\r\n\r\n" * 5000)
        await soon(lambda: here.refused == ["pipelined"])
        go_on.set()
        answers = await client.rest()

    assert 2 <= begun <= 100
    assert answers.count(b"HTTP/1.1 200 ") == begun  # what was taken is answered, then the connection is closed
    assert answers.count(b"GET /wanted ") == begun


async def test_offers_to_upgrade_one_behind_the_other_are_bounded_too() -> None:
    request = b"GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"
    async with served(echo) as here, here.client() as client:
        await client.send(request * 3000)
        answers = await client.rest()

    assert here.refused == ["pipelined"]
    assert 2 <= answers.count(b"HTTP/1.1 200 ") <= 100


async def test_a_caller_who_leaves_is_noticed_by_the_request_under_way_though_others_wait_behind_it() -> None:
    heard: list[str] = []

    async def listens(scope: Any, receive: Any, send: Any) -> None:
        while not heard:
            heard.extend(kind for kind in ((await receive())["type"],) if kind == "http.disconnect")

    async with served(listens) as here:
        async with here.client() as client:
            await client.send(b"GET / HTTP/1.1\r\n\r\n" * 3)
            await soon(lambda: here.connections.open == 1)
        await soon(lambda: heard == ["http.disconnect"])


async def test_connections_beyond_the_limit_are_told_so() -> None:
    async with served(echo, None, ConnectionLimits(in_all=100, by_address=3)) as here, AsyncExitStack() as held:
        for _ in range(3):
            await held.enter_async_context(here.client())
        await soon(lambda: here.connections.open == 3)
        answer = await here.ask(b"GET / HTTP/1.1\r\n\r\n")

        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in answer
        assert b"from this address" in answer
        assert here.refused == ["by_address"]


async def test_an_idle_connection_makes_room_and_a_busy_one_does_not() -> None:
    freed = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            await freed.wait()
        await echo(scope, receive, send)

    async with (
        served(slow, None, ConnectionLimits(in_all=2)) as here,
        here.client() as busy,
        here.client() as idle,
    ):
        await busy.send(b"GET /slow HTTP/1.1\r\n\r\n")
        await asyncio.sleep(1.2)  # so long a connection is left to whoever opened it
        async with here.client() as new:
            await new.send(b"GET /new HTTP/1.1\r\n\r\n")
            assert (await new.answer())[1] == b"GET /new "
            assert await idle.is_closed(within_s=10)
            assert (await here.ask(b"GET / HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 503 ")
        freed.set()
        assert (await busy.answer())[1] == b"GET /slow "


async def test_every_place_is_given_back() -> None:
    async with served(echo, _BRIEF, ConnectionLimits(in_all=8)) as here:
        for number in range(40):
            data = [b"GET / HTTP/1.1\r\n" + _CLOSE, b"nonsense\r\n\r\n", _endless_header(), b""][number % 4]
            async with here.client() as client:
                await client.send(data)
                if data:
                    await client.rest()
        await soon(lambda: here.connections.open == 0)


async def test_nonsense_after_a_request_does_not_take_its_answer() -> None:
    async with served(stream) as here:
        answer = await here.ask(b"GET / HTTP/1.1\r\n\r\n\x00nonsense\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"5\r\nthree\r\n0\r\n\r\n")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("connection", [b"Upgrade, HTTP2-Settings", b"upgrade", b"keep-alive, Upgrade"])
async def test_an_offer_of_http2_is_passed_over_and_the_body_read(connection: bytes) -> None:
    offer = b"connection: " + connection + b"\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
    first = b"POST /speech HTTP/1.1\r\nhost: x\r\n" + offer + b"content-length: 5\r\n\r\nhello"
    async with served(echo) as here, here.client() as client:
        await client.send(first + b"POST /next HTTP/1.1\r\n" + offer + b"transfer-encoding: chunked\r\n\r\n3\r\n")
        assert (await client.answer())[1] == b"POST /speech hello"
        await client.send(b"two\r\n0\r\n\r\n")
        assert (await client.answer())[1] == b"POST /next two"


async def test_an_offer_in_parts_is_the_same() -> None:
    request = (
        b"POST /speech HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n"
        b"http2-settings: \r\ncontent-length: 5\r\n\r\nhello"
    )
    async with served(echo) as here, here.client() as client:
        for at in range(0, len(request), 7):
            await client.send(request[at : at + 7])
            await asyncio.sleep(0)
        assert (await client.answer())[1] == b"POST /speech hello"


async def test_an_upgrade_to_a_web_socket_is_passed_over_too() -> None:
    async with served(echo) as here, here.client() as client:
        await client.send(b"GET /ws HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
        assert (await client.answer())[1] == b"GET /ws "


@pytest.mark.parametrize(
    "data", [b"CONNECT x:1 HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02"]
)
async def test_what_is_no_request_of_ours_is_refused(data: bytes) -> None:
    async with served(echo) as here:
        answer = await here.ask(data)
        assert answer[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 405")
        assert here.refused == ["malformed"]


async def test_a_caller_of_http_1_0_gets_a_stream_without_chunks() -> None:
    async with served(stream) as here:
        answer = await here.ask(b"GET / HTTP/1.0\r\n\r\n")

    head, _, body = answer.partition(b"\r\n\r\n")
    assert body == b"one two three"
    assert b"transfer-encoding" not in head.lower()
    assert b"connection: close" in head


async def test_a_caller_of_http_1_0_gets_a_whole_answer_as_ever() -> None:
    async with served(echo) as here:
        answer = await here.ask(b"POST /x HTTP/1.0\r\ncontent-length: 2\r\n\r\nhi")

    assert answer.endswith(b"\r\n\r\nPOST /x hi")
    assert b"content-length: 10" in answer


async def test_a_stream_of_http_1_0_that_breaks_off_is_reset() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one ", "more_body": True})

    async with served(broken) as here:
        with pytest.raises(ConnectionResetError):
            await here.ask(b"GET / HTTP/1.0\r\n\r\n")
