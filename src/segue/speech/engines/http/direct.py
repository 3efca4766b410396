"""HTTP/1.1 without TLS: a transport for httpx's requests that parses responses in C (httptools).

For a request and its response of 34 kB, httpx's own transport takes 1.4 ms of CPU time, this one 0.15 ms
(``bench/passthrough.py``). httpx's own remains in use for TLS and proxies.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools
import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_MOST_HEAD_BYTES = 64 * 1024
_MOST_HELD_BYTES = 256 * 1024
"""Limit of a body that is read more slowly than it arrives; beyond it, reading from the socket is paused."""

_LINE_BREAK = re.compile(rb"[\r\n\x00]")
_INFORMATIONAL = range(100, 200)


class HttpxClient(httpx.AsyncBaseTransport):
    """Sends requests with an httpx client, with its own transport."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._client.send(request, stream=True)

    async def aclose(self) -> None:
        await self._client.aclose()


class DirectTransport(httpx.AsyncBaseTransport):
    """At most ``max_connections`` are open at once; idle ones are kept for ``keepalive_s``.

    Requests are sent as httpx built them. The errors are httpx's: PoolTimeout, ConnectTimeout, ConnectError,
    ReadTimeout, ReadError, WriteError, RemoteProtocolError, LocalProtocolError.
    """

    def __init__(self, max_connections: int, keepalive_s: float) -> None:
        self._places = asyncio.Semaphore(max_connections)
        self._keepalive_s = keepalive_s
        self._open: set[_Connection] = set()
        self._idle: dict[tuple[str, int], list[_Connection]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits_s = request.extensions.get("timeout", {})
        body = await request.aread()
        await self._place(limits_s.get("pool"))
        connection: _Connection | None = None
        try:
            origin = request.url.host, request.url.port or 80
            connection = self._rested(origin) or await self._connected(origin, limits_s.get("connect"))
            await connection.ask(_head(request) + body, limits_s.get("read"))
        except BaseException:
            self._done(connection)
            raise
        stream = _Body(self, connection, limits_s.get("read"))
        return httpx.Response(connection.status, headers=connection.headers, stream=stream)

    async def aclose(self) -> None:
        """Calls in progress end with an error."""
        for connection in tuple(self._open):
            connection.abort()
        self._idle.clear()

    def release(self, connection: _Connection) -> None:
        """The response of a connection was read, or is no longer wanted."""
        self._done(connection if not connection.is_reusable else None)
        if connection.is_reusable:
            connection.idle_since_s = time.monotonic()
            self._idle.setdefault(connection.origin, []).append(connection)

    def lost(self, connection: _Connection) -> None:
        """A connection was closed, by either side."""
        self._open.discard(connection)
        idle = self._idle.get(connection.origin, [])
        if connection in idle:
            idle.remove(connection)

    def _done(self, connection: _Connection | None) -> None:
        self._places.release()
        if connection is not None:
            connection.abort()

    async def _place(self, within_s: float | None) -> None:
        try:
            async with asyncio.timeout(within_s):
                await self._places.acquire()
        except TimeoutError as error:
            raise httpx.PoolTimeout("all connections are in use") from error

    def _rested(self, origin: tuple[str, int]) -> _Connection | None:
        """An idle connection, the most recently used first."""
        idle = self._idle.get(origin, [])
        while idle:
            connection = idle.pop()
            if not connection.is_closed and time.monotonic() - connection.idle_since_s < self._keepalive_s:
                return connection
            connection.abort()
        return None

    async def _connected(self, origin: tuple[str, int], within_s: float | None) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(within_s):
                _, connection = await loop.create_connection(lambda: _Connection(self, origin), *origin)
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        self._open.add(connection)
        return connection


def _head(request: httpx.Request) -> bytes:
    """The request line and the headers. Raises LocalProtocolError if one contains a line break."""
    lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%b: %b" % field for field in request.headers.raw]
    if any(_LINE_BREAK.search(line) for line in lines):
        raise httpx.LocalProtocolError("a header or the address of the request contains a line break or a NUL")
    return b"\r\n".join([*lines, b"", b""])


class _Connection(asyncio.Protocol):
    """One request at a time; httptools calls the ``on_`` methods while it parses."""

    def __init__(self, pool: DirectTransport, origin: tuple[str, int]) -> None:
        self.origin = origin
        self.idle_since_s = 0.0
        self.is_closed = False
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._news = asyncio.Event()
        self._is_paused = False
        self._begin()

    def _begin(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: deque[bytes] = deque()
        self._held_bytes = 0
        self._head_bytes = 0
        self._has_head = False
        self._is_whole = False
        self._keeps_alive = False
        self._error: httpx.TransportError | None = None

    async def ask(self, request: bytes, within_s: float | None) -> None:
        """Sends a request and waits for the headers of its response."""
        self._resume()
        self._begin()
        if self._transport is None or self.is_closed:
            raise httpx.WriteError("the connection is closed")
        self._transport.write(request)
        while not self._has_head:
            self._raise_error()
            await self._next_news(within_s)

    async def piece(self, within_s: float | None) -> bytes:
        """The part of the body that has arrived and was not read yet; empty at the end of the body."""
        while not self._pieces and not self._is_whole:
            self._raise_error()
            await self._next_news(within_s)
        piece = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._held_bytes = 0
        self._resume()
        return piece

    @property
    def is_reusable(self) -> bool:
        return self._is_whole and self._keeps_alive and not self.is_closed

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _pause(self) -> None:
        transport = self._transport
        if transport is not None and not transport.is_closing():
            self._is_paused = True
            transport.pause_reading()

    def _resume(self) -> None:
        transport = self._transport
        if self._is_paused and transport is not None and not transport.is_closing():
            transport.resume_reading()
        self._is_paused = False

    async def _next_news(self, within_s: float | None) -> None:
        self._news.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._news.wait()
        except TimeoutError as error:
            raise httpx.ReadTimeout("nothing came in time") from error

    def _fail(self, error: httpx.TransportError) -> None:
        self._keeps_alive = False
        self._error = error
        self.abort()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._head_bytes += 0 if self._has_head else len(data)
        was_whole = self._is_whole
        try:
            if not was_whole:
                self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(httpx.RemoteProtocolError(str(error)))
        else:
            if was_whole:
                self._fail(httpx.RemoteProtocolError("the server sent data after its answer"))
            elif not self._has_head and self._head_bytes > _MOST_HEAD_BYTES:
                self._fail(httpx.RemoteProtocolError("the head is longer than 64 kB"))
        self._news.set()
        if self._held_bytes > _MOST_HELD_BYTES and not self._is_paused:
            self._pause()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_closed = True
        if self._has_head and error is None and self._is_ended_by_closing:
            self._is_whole = True
        elif self._error is None:
            self._error = httpx.ReadError(str(error)) if error else httpx.RemoteProtocolError("closed too early")
        self._news.set()
        self._pool.lost(self)

    @property
    def _is_ended_by_closing(self) -> bool:
        """Whether the body ends with the connection, because no header gives its length."""
        return not {name.lower() for name, _ in self.headers} & {b"content-length", b"transfer-encoding"}

    # --- httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status in _INFORMATIONAL:
            self.headers.clear()
            return
        self._has_head = True
        self._keeps_alive = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)
        self._held_bytes += len(body)

    def on_message_complete(self) -> None:
        self._is_whole = self._has_head


class _Body(httpx.AsyncByteStream):
    """The body of one response. When it is closed, its connection is reused if the whole body was read."""

    def __init__(self, pool: DirectTransport, connection: _Connection, read_s: float | None) -> None:
        self._pool = pool
        self._connection: _Connection | None = connection
        self._read_s = read_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._connection is not None and (piece := await self._connection.piece(self._read_s)):
            yield piece

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._pool.release(connection)
