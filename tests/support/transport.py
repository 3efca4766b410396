"""An application behind the service's own server, on a free port of this process; and clients of bare bytes."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import uvicorn

from segue.kernel.connections import ConnectionLimits, Connections, Proxies
from segue.transport.http import HttpProtocol
from segue.transport.leaving import LeaveTimes, Leaving
from segue.transport.open_connections import HttpLimits, OpenConnections
from segue.transport.server import Server
from support.waiting import soon

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

_PATIENCE_S = 20.0


class Served(NamedTuple):
    """``refused`` gets why connections and requests were refused."""

    port: int
    server: Server
    connections: Connections
    refused: list[str]
    leaving: Leaving

    def client(self) -> AbstractAsyncContextManager[Client]:
        return connected(self.port)

    async def ask(self, data: bytes) -> bytes:
        """All that comes back until the server closes the connection."""
        async with self.client() as client:
            await client.send(data)
            return await client.rest()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def rest(self) -> bytes:
        async with asyncio.timeout(_PATIENCE_S):
            return await self._reader.read()

    async def answer(self) -> tuple[bytes, bytes]:
        """The next answer's head and body, where it says its length."""
        async with asyncio.timeout(_PATIENCE_S):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            )
            return head, await self._reader.readexactly(length)

    async def is_closed(self, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                return not await self._reader.read(1)
        except TimeoutError:
            return False
        except ConnectionError:
            return True


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def served(
    app: Any,
    limits: HttpLimits | None = None,
    connections: ConnectionLimits | None = None,
    times: LeaveTimes | None = None,
) -> AsyncIterator[Served]:
    """The server, until the block is left. No proxies are trusted."""
    refused: list[str] = []
    count = Connections(connections or ConnectionLimits(1000), Proxies())
    shared = OpenConnections(
        count, limits or HttpLimits(), lambda reason, _: refused.append(reason), time.monotonic
    )
    config = uvicorn.Config(
        app,
        http=partial(HttpProtocol, shared=shared),  # type: ignore[arg-type]
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    leaving = Leaving()
    server = Server(config, shared, leaving, times or LeaveTimes(drain_s=0.0, grace_s=5.0))
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    serving = asyncio.create_task(server.serve([listening]))
    try:
        await soon(lambda: server.started)
        yield Served(port, server, count, refused, leaving)
    finally:
        server.should_exit = True
        await serving


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what was sent, in one piece."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    told = b"%s %s %s" % (scope["method"].encode(), scope["path"].encode(), body)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(told))]})
    await send({"type": "http.response.body", "body": told})


async def stream(scope: Any, receive: Any, send: Any) -> None:
    """Answers in pieces, without a length."""
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for piece in (b"one ", b"two ", b"three"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
