"""Events as they come in, within bounds: whatever a header announces, no more than its limit is ever read.

An event is a line of JSON, ``{"type", "data", "data_length", "payload_length"}``, then so many bytes of JSON that
are added to its data, then so many bytes of payload. The package's own reader would read any length.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from segue.api.wire import decoded
from segue.core.errors import InvalidRequest

if TYPE_CHECKING:
    from asyncio import StreamReader

_Length = Annotated[int, Meta(ge=0)]
_SIP_BYTES = 16 * 1024
_REST_TIMEOUT_S = 30.0
"""How long the rest of an event may take once its header is there."""


class _Header(msgspec.Struct, frozen=True):
    type: Annotated[str, Meta(min_length=1, max_length=128)]
    data: dict[str, Any] | None = None
    data_length: _Length | None = None
    payload_length: _Length | None = None


_HEADER = msgspec.json.Decoder(_Header)
_DATA: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])


class Incoming(NamedTuple):
    """An event without its payload: none that Segue understands has one."""

    type: str
    data: dict[str, Any]


class Malformed(InvalidRequest):
    """These bytes are no event, so nobody can tell where the next one would begin."""


class HungUp(Exception):  # noqa: N818 - a condition, not a fault
    """The other side has closed the connection, or its half of it; ``midway`` in the middle of an event."""

    def __init__(self, *, midway: bool) -> None:
        super().__init__()
        self.midway = midway


async def next_header(reader: StreamReader) -> bytes:
    """The next event's first line. It may be cancelled: what has come of the line stays in the reader.

    Raises:
        Malformed: the line is longer than the reader's limit.
        HungUp: there is none.
    """
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        raise HungUp(midway=bool(error.partial.strip())) from None
    except asyncio.LimitOverrunError:
        raise Malformed("the event's first line is too long, or no line at all") from None
    except ConnectionError:
        raise HungUp(midway=False) from None


async def event_of(header: bytes, reader: StreamReader, max_bytes: int) -> Incoming:
    """The event that begins with this line.

    Raises:
        Malformed: it is none, or its parts are larger than ``max_bytes``.
        HungUp: it is not all there.
    """
    try:
        head = decoded(_HEADER, header)
        _check("data", head.data_length, max_bytes)
        _check("payload", head.payload_length, max_bytes)
        async with asyncio.timeout(_REST_TIMEOUT_S):
            data = await reader.readexactly(head.data_length) if head.data_length else b"{}"
            await _skip(reader, head.payload_length or 0)
        return Incoming(head.type, (head.data or {}) | decoded(_DATA, data))
    except Malformed:
        raise
    except InvalidRequest as error:
        raise Malformed(f"this is no event of the Wyoming protocol: {error}") from None
    except (asyncio.IncompleteReadError, ConnectionError):
        raise HungUp(midway=True) from None
    except TimeoutError:
        raise Malformed(f"the rest of the event has not come within {_REST_TIMEOUT_S:g} s") from None


def _check(part: str, length_bytes: int | None, max_bytes: int) -> None:
    if (length_bytes or 0) > max_bytes:
        raise Malformed(f"the event's {part} has {length_bytes} bytes; the limit is {max_bytes}")


async def _skip(reader: StreamReader, length_bytes: int) -> None:
    while length_bytes:
        sip = await reader.readexactly(min(length_bytes, _SIP_BYTES))
        length_bytes -= len(sip)
