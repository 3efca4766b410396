"""A vendor's server on loopback: HTTP/1.1 by hand, so that it can break off, hang and lie as vendors do."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

PIECE_BYTES = 4_801
"""Odd, so that samples are cut in two."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def is_for_speech(self) -> bool:
        return self.method == "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; ``is_speech`` ones come in pieces, as they are made."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(content: Any, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(content).encode(), {"content-type": "application/json", **named})


class Service(Protocol):
    """What a vendor answers: everything it would refuse, it refuses."""

    def answer(self, asked: Asked) -> Answer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What befalls calls for speech, and with ``lists`` all others, too.

    ``answer`` is given instead of the service's. ``headers`` and ``body`` replace parts of the service's own. The
    answer does not come at all with ``hang``; after so many pieces, it is held with ``hang_after``, and the
    connection is cut with ``cut_after``. ``endless`` sends the body again and again. ``raw`` is all that is sent,
    and the connection is closed.
    """

    answer: Answer | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    hang: bool = False
    hang_after: int | None = None
    cut_after: int | None = None
    endless: bool = False
    lists: bool = False
    raw: bytes | None = None


HEALTHY = Trouble()
NO_CONTENT = 204


class VendorServer:
    """Runs in the loop of the test. ``asked`` keeps every request, which sets ``arrived``; ``open_connections``
    counts those that are open.
    """

    def __init__(self, service: Service, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.service = service
        self._host = host
        self._tls = tls
        self.trouble = HEALTHY
        self.asked: list[Asked] = []
        self.open_connections = 0
        self.opened_connections = 0
        self.arrived = asyncio.Event()
        self.under_way = 0
        self.most_under_way = 0
        self.piece_bytes = PIECE_BYTES
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, self._host, 0, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        assert self._server is not None
        scheme = "http" if self._tls is None else "https"
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host}:{self._server.sockets[0].getsockname()[1]}"

    @property
    def spoken(self) -> list[Any]:
        """The contents of all requests for speech."""
        return [asked.content for asked in self.spoken_requests]

    @property
    def spoken_requests(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.is_for_speech]

    async def close_idle(self) -> None:
        """Ends all connections, as servers end those that have been idle for long."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def closed_connections(self, most: int = 0) -> int:
        """How many are open still, once no more than ``most`` are, or after two seconds."""
        for _ in range(200):
            if self.open_connections <= most:
                break
            await asyncio.sleep(0.01)
        return self.open_connections

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open_connections += 1
        self.opened_connections += 1
        try:
            while (asked := await _read(reader)) is not None:
                self.asked.append(asked)
                await self._unless_gone(asked, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, _Cut):
            pass
        finally:
            self.open_connections -= 1
            self._tasks.discard(task)
            writer.close()

    async def _unless_gone(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers for as long as the client is there: what hangs for one who has left would hang for ever."""
        answering = asyncio.ensure_future(self._answered(asked, writer))
        leaving = asyncio.ensure_future(reader.read(1))
        self.under_way += 1
        self.arrived.set()
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.under_way -= 1
            gone = leaving.done()
            for task in (answering, leaving):
                task.cancel()
            results = await asyncio.gather(answering, leaving, return_exceptions=True)
        if gone:
            raise ConnectionResetError
        if isinstance(results[0], BaseException):
            raise results[0]

    async def _answered(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        trouble = self.trouble if asked.is_for_speech or self.trouble.lists else HEALTHY
        if trouble.hang:
            await asyncio.Event().wait()
        if trouble.raw is not None:
            writer.write(trouble.raw)
            await writer.drain()
            raise _Cut
        answer = trouble.answer or self.service.answer(asked)
        if trouble.body is not None:
            answer = replace(answer, body=trouble.body)
        framing = {"transfer-encoding": "" if answer.status == NO_CONTENT else "chunked"}
        headers = {**answer.headers, **trouble.headers, **framing}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
        writer.write(f"HTTP/1.1 {answer.status} Answer\r\n{head}\r\n".encode())
        if answer.status != NO_CONTENT:
            await self._send(answer.body, trouble, writer)
            writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _send(self, body: bytes, trouble: Trouble, writer: asyncio.StreamWriter) -> None:
        pieces = [body[at : at + self.piece_bytes] for at in range(0, len(body), self.piece_bytes)]
        sent = 0
        while True:
            for piece in pieces:
                if sent == trouble.hang_after:
                    await asyncio.Event().wait()
                if sent == trouble.cut_after:
                    raise _Cut
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                await writer.drain()
                sent += 1
            if not trouble.endless:
                return


class _Cut(Exception):  # noqa: N818 - an event, no error
    """The connection ends here."""


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Asked(method, unquote(parts.path), dict(parse_qsl(parts.query)), headers, body)
