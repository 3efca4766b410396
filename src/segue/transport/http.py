"""HTTP/1.1 on one connection: uvicorn's protocol with limits on size, time and number.

It also serves two kinds of clients that the parser alone does not: those that offer an upgrade to another
protocol, which a server may ignore (RFC 9110, 7.8), and HTTP/1.0 clients, which do not support chunked responses.
"""

from __future__ import annotations

import json
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from segue.kernel.connections import ConnectionRefusal

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from uvicorn.config import Config
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
    from uvicorn.server import ServerState

    from segue.transport.open_connections import OpenConnections

_BESIDE_HEADER_BYTES = len(b": \r\n")
_LINGER_S = 1.0
_MOST_PIPELINED = 64
"""Limit on pipelined requests per connection; each is held in memory until the responses before it are sent."""

_MOST_PARTS = 32_768
"""Limit on the parts of a body. Each costs a call: a body of single-byte parts costs as much as a hundred."""

_RESET = struct.pack("ii", 1, 0)
"""``SO_LINGER`` with a timeout of zero: closing sends a reset."""

_TOLD = {
    ConnectionRefusal.IN_ALL: "too many open connections; try again in a moment",
    ConnectionRefusal.BY_ADDRESS: "too many open connections from this address; close some, or reuse them",
}
_HOP_HEADERS = frozenset((b"upgrade", b"http2-settings"))


class _Refused(Exception):  # noqa: N818 - a condition, not a fault
    """Aborts the parsing of a refused request; ``HttpProtocol._refusal`` has the reason."""


class HttpProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        shared: OpenConnections,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._shared = shared
        self._limits = shared.limits
        self.timeout_keep_alive = shared.limits.keep_alive_s  # type: ignore[assignment]  # uvicorn's is in whole seconds
        self._address = ""
        self._entered = False
        self._refusal: tuple[int, str, str] | None = None
        self._deaf = False
        self._head_bytes = 0
        self._unheard_bytes = 0
        self._in_body = False
        self._completed = False
        self._upgrade_offered = False
        self._parts = 0
        self._pieces: list[bytes] = []
        self._ends_with_body = False
        self._under_way: RequestResponseCycle | None = None
        self._timer: asyncio.TimerHandle | None = None

    # connection events

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        refusal = self._shared.enter(self._address)
        if refusal is not None:
            self._refuse(503, refusal.value, _TOLD[refusal])
            return
        self._entered = True
        self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._tell_under_way()
        self._unset_keepalive_if_required()
        self._stop_timer()
        self._leave()

    def _tell_under_way(self) -> None:
        """Reports a disconnection to the running request; uvicorn notifies only the last pipelined one."""
        cycle, self._under_way = self._under_way, None
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()

    def part(self) -> None:
        """Closes an idle connection; its place is free immediately."""
        self._leave()
        self.transport.close()

    def _leave(self) -> None:
        self._shared.busy(self)
        if self._entered:
            self._entered = False
            self._shared.leave(self._address)

    # incoming data

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._unset_keepalive_if_required()
        self._feed(data)
        if not self._deaf:
            self._bound_head()
            if self._in_body:
                self.cycle.transport = _OpenUntilRead(self.transport, self._end)  # type: ignore[assignment]

    def _feed(self, data: bytes) -> None:
        self._unheard_bytes += len(data)
        self._completed = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._pass_over_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(*(self._refusal or (400, "malformed", "invalid HTTP/1.1 request")))
        if self._pieces:
            self._pass_on_body()

    def _bound_head(self) -> None:
        """Checks limits after all received data has been parsed."""
        if self._head_bytes + self._unheard_bytes > self._limits.header_bytes and not self._completed:
            self._refuse(*_head_too_large(self._limits.header_bytes))
        elif self._is_owed():
            self._start_timer()
        else:
            self._stop_timer()

    def _is_owed(self) -> bool:
        """Whether the client must still complete its headers, or a body whose response is already complete."""
        return self.cycle.response_complete if self._in_body else not self._completed

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self._limits.header_s, self._too_slow)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._in_body:
            self.transport.close()
        elif self._is_answering():
            self._start_timer()  # the previous response is still being sent
        else:
            limit_s = self._limits.header_s
            self._refuse(408, "header_time", f"the request's headers did not end within {limit_s:g} s")

    def _refuse(self, status: int, reason: str, told: str) -> None:
        """Closes the connection; first sends the error, unless another response is being sent."""
        if self._deaf:
            return
        self._deaf = True
        self._shared.busy(self)
        self._stop_timer()
        self._shared.note(reason, self._address)
        if self.transport.is_closing():
            return
        if self._in_body and (self.cycle.response_started or self.cycle is not self._under_way):
            self.transport.close()
            return
        if self._in_body:
            self._tell_under_way()  # the request is cancelled, and its response is discarded
        elif self._is_answering():
            self.cycle.keep_alive = False  # the previous request is still answered, then the connection closes
            return
        self.transport.write(_answer(status, told, self.server_state.default_headers))
        if self._shared.may_linger():
            # If the connection were closed with unread bytes, it would be reset and the response could be lost.
            self.transport.write_eof()
            self.loop.call_later(_LINGER_S, self._lingered)
        else:
            self.transport.close()

    def _lingered(self) -> None:
        self._shared.lingered()
        self.transport.close()

    def _end(self) -> None:
        """Closes the connection after its last response, but not before the request's body has arrived.

        If the connection were closed with unread bytes, it would be reset and the response could be lost. The
        JDK's client loses the response even if the connection is half closed before its request is complete.
        """
        if self._in_body:
            self._ends_with_body = True
        else:
            self.transport.close()

    # callbacks of the parser

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._completed = False
        self._head_bytes = self._parts = 0

    def on_url(self, url: bytes) -> None:
        self._head_bytes += len(url)
        self._unheard_bytes = 0
        if self._head_bytes > self._limits.header_bytes:
            self._stop_parsing(*_head_too_large(self._limits.header_bytes))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """As uvicorn's, with counting; not delegated, because it is called a dozen times per request."""
        self._head_bytes += len(name) + len(value) + _BESIDE_HEADER_BYTES
        self._unheard_bytes = 0
        if self._head_bytes > self._limits.header_bytes:
            self._stop_parsing(*_head_too_large(self._limits.header_bytes))
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._unheard_bytes = 0
        if self.parser.get_method() == b"CONNECT":
            self._stop_parsing(405, "malformed", "CONNECT is not supported; this server is not a proxy")
        if len(self.pipeline) >= _MOST_PIPELINED:
            told = f"more than {_MOST_PIPELINED} pipelined requests are waiting; send the others again"
            self._stop_parsing(400, "pipelined", told)
        if self.parser.should_upgrade():
            self._upgrade_offered = True
            self.scope["http_version"] = self.parser.get_http_version()
            self.scope["method"] = self.parser.get_method().decode("ascii")
            return
        self._in_body = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unheard_bytes = 0
        self._pieces.append(body)
        self._parts += 1
        if self._parts > _MOST_PARTS:
            if self.cycle.response_complete:  # the rest is discarded unparsed, until the time limit
                self._deaf = True
                return
            self._stop_parsing(413, "body_parts", f"the body has more than {_MOST_PARTS} parts; send larger parts")

    def _pass_on_body(self) -> None:
        """Adds what arrived together to the request's body at once: one by one, each part would copy it."""
        pieces, self._pieces = self._pieces, []
        super().on_body(pieces[0] if len(pieces) == 1 else b"".join(pieces))

    def on_message_complete(self) -> None:
        if self._upgrade_offered:
            return
        if self._pieces:
            self._pass_on_body()
        self._in_body = False
        self._completed = True
        self._head_bytes = self._unheard_bytes = 0
        if self._ends_with_body:
            self._deaf = True
            self._stop_timer()
            self.transport.close()
            raise _Refused
        super().on_message_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._rest()

    def _stop_parsing(self, status: int, reason: str, told: str) -> None:
        self._refusal = (status, reason, told)
        raise _Refused

    def _pass_over_upgrade(self, rest: bytes) -> None:
        """Parses the request again without the upgrade offer, because the parser reads no body after an offer."""
        self._upgrade_offered = False
        head = [
            self.scope["method"].encode(),
            b" ",
            self.url,
            b" HTTP/",
            self.scope["http_version"].encode(),
            b"\r\n",
        ]
        for name, value in self.headers:
            kept = _without_upgrade(value) if name == b"connection" else value
            if name not in _HOP_HEADERS and kept:
                head += [name, b": ", kept, b"\r\n"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._unheard_bytes = 0
        self._feed(b"".join([*head, b"\r\n", rest]))

    # the response

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._shared.busy(self)
        self._under_way = cycle
        if self._shared.ending:
            cycle.keep_alive = False
        if cycle.scope["http_version"] == "1.0":
            app = _ended_by_close(app, cycle)
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing() or self.pipeline or not self.cycle.response_complete:
            return
        if self._in_body:  # answered before the end of the body: the rest is discarded, with a time limit
            self._unset_keepalive_if_required()
            self._start_timer()
        else:
            self._shared.idle(self)

    def _rest(self) -> None:
        """Marks the connection as idle."""
        self._shared.idle(self)
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )


class _OpenUntilRead:
    """The transport of a response whose request's body is still arriving."""

    def __init__(self, transport: asyncio.Transport, end: Callable[[], None]) -> None:
        self.write = transport.write
        self.close = end
        self.abort = transport.abort
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info


def _ended_by_close(app: Any, cycle: RequestResponseCycle) -> Any:
    """For HTTP/1.0 clients: a response without a length ends with the connection instead of a last chunk."""

    async def unchunked(scope: Any, receive: Any, send: Any) -> None:
        has_length = True

        async def plain(message: Any) -> None:
            nonlocal has_length
            if message["type"] == "http.response.start":
                has_length = any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
                if not has_length:
                    cycle.chunked_encoding = False
            elif not has_length:
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, plain)
        if not (has_length or cycle.response_complete):
            _reset(cycle.transport)  # a normal close would look like the end of a complete stream

    return unchunked


def _reset(transport: asyncio.Transport) -> None:
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()


def _head_too_large(limit_bytes: int) -> tuple[int, str, str]:
    return 431, "header_bytes", f"the request's URL and headers together are larger than {limit_bytes} bytes"


def _without_upgrade(value: bytes) -> bytes:
    tokens = [token.strip() for token in value.split(b",")]
    return b", ".join(token for token in tokens if token.lower() not in _HOP_HEADERS)


def _answer(status: int, told: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    full = status == HTTPStatus.SERVICE_UNAVAILABLE
    body = json.dumps({"detail": told, "code": "unavailable" if full else "invalid_request"})
    more = b"retry-after: 1\r\n" if full else b""
    said = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    length = b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body)
    return STATUS_LINE[status] + said + length + more + b"connection: close\r\n\r\n" + body.encode()
