"""HTTP/1.1 over connections of our own: what servers send, in whatever pieces, and how connections end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from segue.speech.engines.http.direct import DirectTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\n"
WHOLE = HEAD + b"Content-Length: 5\r\n\r\nsound"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nsou\r\n2;x=y\r\nnd\r\n0\r\nx-trailer: 1\r\n\r\n"


class Scripted:
    """A server that answers each request with the next of ``answers``, in pieces of ``step`` bytes.

    None closes the connection. After the last, it says nothing.
    """

    def __init__(self, *answers: bytes | None, step: int = 1 << 20) -> None:
        self.answers = list(answers)
        self.step = step
        self.requests: list[bytes] = []
        self.connections = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line[15:])
                        for line in head.lower().split(b"\r\n")
                        if line.startswith(b"content-length:")
                    ),
                    0,
                )
                self.requests.append(head + await reader.readexactly(length))
                if not self.answers:
                    continue
                answer = self.answers.pop(0)
                for start in range(0, len(answer or b""), self.step):
                    writer.write((answer or b"")[start : start + self.step])
                    await writer.drain()
                if answer is None or b"connection: close" in answer.lower():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def close_all(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def at(server: Scripted, **limits: float) -> AsyncIterator[tuple[DirectTransport, str]]:
    listening = await asyncio.start_server(server.connected, "127.0.0.1", 0)
    transport = DirectTransport(int(limits.get("connections", 4)), limits.get("keepalive_s", 60.0))
    try:
        yield transport, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1/audio/speech"
    finally:
        await transport.aclose()
        server.close_all()
        listening.close()


async def asked(transport: DirectTransport, url: str, **limits_s: float) -> httpx.Response:
    limits_s = {"connect": 1.0, "read": 1.0, "pool": 1.0, **limits_s}
    request = httpx.Request("POST", url, content=b"text", extensions={"timeout": limits_s})
    return await transport.handle_async_request(request)


async def body_of(transport: DirectTransport, url: str, **limits_s: float) -> bytes:
    response = await asked(transport, url, **limits_s)
    try:
        return b"".join([piece async for piece in response.aiter_raw()])
    finally:
        await response.aclose()


@pytest.mark.parametrize("answer", [WHOLE, CHUNKED], ids=["length", "chunks"])
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
async def test_a_body_is_the_same_in_whatever_pieces_it_comes(answer: bytes, step: int) -> None:
    async with at(Scripted(answer, step=step)) as (transport, url):
        assert await body_of(transport, url) == b"sound"


async def test_the_request_goes_out_as_httpx_made_it() -> None:
    server = Scripted(WHOLE)
    async with at(server) as (transport, url):
        response = await asked(transport, f"{url}?a=b%20c")
        assert (response.status_code, response.headers["content-type"]) == (200, "audio/wav")
        await response.aclose()
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/audio/speech?a=b%20c HTTP/1.1\r\n")
    assert b"Host: 127.0.0.1:" in head
    assert body == b"text"


async def test_a_connection_is_used_again_once_its_answer_is_read() -> None:
    server = Scripted(WHOLE, CHUNKED, WHOLE)
    async with at(server) as (transport, url):
        for _ in range(3):
            assert await body_of(transport, url) == b"sound"
    assert server.connections == 1


async def test_one_whose_answer_was_left_is_not() -> None:
    server = Scripted(HEAD + b"Content-Length: 500\r\n\r\nsome", WHOLE)
    async with at(server) as (transport, url):
        response = await asked(transport, url)
        await response.aclose()
        assert await body_of(transport, url) == b"sound"
    assert server.connections == 2


async def test_nor_one_that_was_closed_or_stood_too_long() -> None:
    server = Scripted(WHOLE.replace(b"Content-Type", b"Connection: close\r\nContent-Type"), WHOLE, WHOLE)
    async with at(server, keepalive_s=0.0) as (transport, url):
        for _ in range(3):
            assert await body_of(transport, url) == b"sound"
    assert server.connections == 3


async def test_nor_one_that_says_more_than_it_was_asked() -> None:
    server = Scripted(WHOLE + b"and more", WHOLE)
    async with at(server) as (transport, url):
        assert await body_of(transport, url) == b"sound"
        await asyncio.sleep(0.01)
        assert await body_of(transport, url) == b"sound"
    assert server.connections == 2


async def test_without_a_length_the_body_ends_with_the_connection() -> None:
    async with at(Scripted(HEAD + b"Connection: close\r\n\r\nsound")) as (transport, url):
        assert await body_of(transport, url) == b"sound"


@pytest.mark.parametrize("answer", [WHOLE[:-2], CHUNKED[:-20]], ids=["length", "chunks"])
async def test_a_body_that_breaks_off_is_no_body(answer: bytes) -> None:
    answer = answer.replace(b"Content-Type", b"Connection: close\r\nContent-Type")
    async with at(Scripted(answer)) as (transport, url):
        with pytest.raises(httpx.RemoteProtocolError):
            await body_of(transport, url)


async def test_a_server_that_closes_before_it_answers_is_told() -> None:
    async with at(Scripted(None)) as (transport, url):
        with pytest.raises(httpx.RemoteProtocolError):
            await asked(transport, url)


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 two hundred\r\n\r\n", HEAD + b"X-Long: " + b"x" * 70_000],
    ids=["no HTTP", "no status", "a head without end"],
)
async def test_what_is_no_answer_is_refused(answer: bytes) -> None:
    async with at(Scripted(answer)) as (transport, url):
        with pytest.raises(httpx.RemoteProtocolError):
            await asked(transport, url)


async def test_interim_answers_are_passed_over() -> None:
    async with at(Scripted(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + WHOLE)) as (transport, url):
        response = await asked(transport, url)
        assert (response.status_code, "link" in response.headers) == (200, False)
        assert b"".join([piece async for piece in response.aiter_raw()]) == b"sound"
        await response.aclose()


async def test_silence_is_waited_for_only_so_long() -> None:
    async with at(Scripted(HEAD + b"Content-Length: 5\r\n\r\nso")) as (transport, url):
        with pytest.raises(httpx.ReadTimeout):
            await body_of(transport, url, read=0.05)
        with pytest.raises(httpx.ReadTimeout):
            await asked(transport, url, read=0.05)


async def test_no_more_connections_than_allowed_are_open() -> None:
    server = Scripted(*[WHOLE] * 9)
    async with at(server, connections=2) as (transport, url):
        held = [await asked(transport, url), await asked(transport, url)]
        with pytest.raises(httpx.PoolTimeout):
            await asked(transport, url, pool=0.05)
        for response in held:
            await response.aread()
            await response.aclose()
        assert [await body_of(transport, url) for _ in range(3)] == [b"sound"] * 3
    assert server.connections == 2


async def test_who_is_cancelled_leaves_no_place_taken() -> None:
    async with at(Scripted(), connections=1) as (transport, url):
        for _ in range(3):
            waiting = asyncio.ensure_future(asked(transport, url))
            await asyncio.sleep(0.02)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting


async def test_a_body_that_is_not_read_waits_at_the_server() -> None:
    size = 32 << 20
    server = Scripted(HEAD + b"Content-Length: %d\r\n\r\n" % size + bytes(size), step=1 << 16)
    async with at(server) as (transport, url):
        response = await asked(transport, url)
        await asyncio.sleep(0.2)
        pieces = [len(piece) async for piece in response.aiter_raw()]
        await response.aclose()
    assert sum(pieces) == size
    assert pieces[0] < size // 8


async def test_a_body_that_came_and_was_not_read_is_in_nobodys_way() -> None:
    size = 300_000
    server = Scripted(HEAD + b"Content-Length: %d\r\n\r\n" % size + bytes(size), WHOLE)
    async with at(server) as (transport, url):
        response = await asked(transport, url)
        await asyncio.sleep(0.1)
        await response.aclose()
        assert await body_of(transport, url) == b"sound"


async def test_nothing_listens() -> None:
    async with at(Scripted()) as (_, url):
        pass
    with pytest.raises(httpx.ConnectError):
        await asked(DirectTransport(1, 60.0), url)


async def test_closing_ends_what_is_under_way() -> None:
    async with at(Scripted()) as (transport, url):
        waiting = asyncio.ensure_future(asked(transport, url))
        await asyncio.sleep(0.02)
        await transport.aclose()
        with pytest.raises(httpx.TransportError):
            await waiting


@pytest.mark.parametrize("value", ["key\r\nx-more: 1", "key\nx", "key\x00"])
async def test_a_header_of_several_lines_is_not_sent_and_costs_no_connection(value: str) -> None:
    server = Scripted(WHOLE)
    async with at(server, connections=1) as (transport, url):
        request = httpx.Request("POST", url, content=b"{}", headers={"authorization": value})
        with pytest.raises(httpx.LocalProtocolError, match="line break"):
            await transport.handle_async_request(request)
        answer = await transport.handle_async_request(httpx.Request("POST", url, content=b"{}"))

        assert await answer.aread() == b"sound"
    assert len(server.requests) == 1
