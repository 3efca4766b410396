"""Reads events with limits: a header may announce any size, but no more than the limit is read.

An event is a line of JSON, ``{"type", "data", "data_length", "payload_length"}``, followed by ``data_length``
bytes of JSON for its data, and ``payload_length`` bytes of payload. The package's own reader has no limit.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from segue.api.wire import decoded
from segue.kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from asyncio import StreamReader

_Length = Annotated[int, Meta(ge=0)]
_SIP_BYTES = 16 * 1024
LINE_S = 10.0
_REST_TIMEOUT_S = 30.0
"""Time limit for the rest of an event after its header."""


class _Header(msgspec.Struct, frozen=True):
    type: Annotated[str, Meta(min_length=1, max_length=128)]
    data: dict[str, Any] | None = None
    data_length: _Length | None = None
    payload_length: _Length | None = None


_HEADER = msgspec.json.Decoder(_Header)
_DATA: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])


class Incoming(NamedTuple):
    """An event without its payload, because no event that Segue supports has one."""

    type: str
    data: dict[str, Any]


class Malformed(InvalidRequest):
    """The bytes are not an event, so the start of the next one cannot be found."""


class HungUp(Exception):  # noqa: N818 - a condition, not a fault
    """The client has closed the connection or its sending side; ``midway``: in the middle of an event."""

    def __init__(self, *, midway: bool) -> None:
        super().__init__()
        self.midway = midway


async def next_header(reader: StreamReader, line_s: float = LINE_S) -> bytes:
    """The next event's first line. Can be cancelled until the first byte has arrived.

    Raises:
        Malformed: the line is longer than the reader's limit, or has not ended ``line_s`` after its start.
        HungUp: the connection was closed.
    """
    try:
        first = await reader.readexactly(1)
    except (asyncio.IncompleteReadError, ConnectionError):
        raise HungUp(midway=False) from None
    return first if first == b"\n" else first + await _line(reader, first, line_s)


async def _line(reader: StreamReader, first: bytes, line_s: float) -> bytes:
    """The rest of a line after its first byte."""
    try:
        async with asyncio.timeout(line_s):
            return await reader.readuntil(b"\n")
    except TimeoutError:
        raise Malformed(f"the event's first line has not ended within {line_s:g} s") from None
    except asyncio.IncompleteReadError as error:
        raise HungUp(midway=bool((first + error.partial).strip())) from None
    except asyncio.LimitOverrunError:
        raise Malformed("the event's first line is too long, or has no end") from None
    except ConnectionError:
        raise HungUp(midway=False) from None


async def event_of(header: bytes, reader: StreamReader, max_bytes: int) -> Incoming:
    """Reads the rest of the event that begins with this line.

    Raises:
        Malformed: it is not an event, or its parts are larger than ``max_bytes``.
        HungUp: the connection was closed before the end of the event.
    """
    try:
        head = decoded(_HEADER, header, is_lenient=False)
        _check("data", head.data_length, max_bytes)
        _check("payload", head.payload_length, max_bytes)
        async with asyncio.timeout(_REST_TIMEOUT_S):
            data = await reader.readexactly(head.data_length) if head.data_length else b"{}"
            await _skip(reader, head.payload_length or 0)
        return Incoming(head.type, (head.data or {}) | decoded(_DATA, data))
    except Malformed:
        raise
    except InvalidRequest as error:
        raise Malformed(f"not an event of the Wyoming protocol: {error}") from None
    except (asyncio.IncompleteReadError, ConnectionError):
        raise HungUp(midway=True) from None
    except TimeoutError:
        raise Malformed(f"the rest of the event did not arrive within {_REST_TIMEOUT_S:g} s") from None


def _check(part: str, length_bytes: int | None, max_bytes: int) -> None:
    if (length_bytes or 0) > max_bytes:
        raise Malformed(f"the event's {part} has {length_bytes} bytes; the limit is {max_bytes}")


async def _skip(reader: StreamReader, length_bytes: int) -> None:
    while length_bytes:
        sip = await reader.readexactly(min(length_bytes, _SIP_BYTES))
        length_bytes -= len(sip)
