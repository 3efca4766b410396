"""Reads and writes events, with limits.

An event is a line of JSON, ``{"type", "data", "data_length", "payload_length"}``, then ``data_length`` bytes of
JSON that are added to its data, then ``payload_length`` bytes of payload. Source: the protocol's description and
its package (1.10).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

if TYPE_CHECKING:
    from asyncio import StreamReader

MOST_LINE_BYTES = 1024 * 1024
"""Servers before 1.0 of the protocol put a whole description into its first line."""
_MOST_PART_BYTES = 16 * 1024 * 1024

_Length = Annotated[int, Meta(ge=0, le=_MOST_PART_BYTES)]


class MalformedEvent(Exception):  # noqa: N818 - a condition of the other side
    """These bytes are not an event, so it is unknown where the next one would begin."""


class _Header(msgspec.Struct, frozen=True):
    type: str
    data: dict[str, Any] | None = None
    data_length: _Length | None = None
    payload_length: _Length | None = None


_HEADER = msgspec.json.Decoder(_Header)
_DATA: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])


class WyomingEvent(NamedTuple):
    """A message in either direction."""

    type: str
    data: dict[str, Any]
    payload: bytes = b""


def packed(event: WyomingEvent) -> bytes:
    """An event without payload, as the protocol's own package writes it."""
    data = msgspec.json.encode(event.data)
    return msgspec.json.encode({"type": event.type, "data_length": len(data)}) + b"\n" + data


async def read_event(reader: StreamReader) -> WyomingEvent | None:
    """The next event; None if the server has closed the connection before it.

    Raises:
        Malformed: it is not an event, or its parts are larger than 16 MiB.
        asyncio.IncompleteReadError: the connection ended within it.
    """
    line = await _line(reader)
    if not line:
        return None
    try:
        head = _HEADER.decode(line)
        data = await reader.readexactly(head.data_length) if head.data_length else b"{}"
        payload = await reader.readexactly(head.payload_length) if head.payload_length else b""
        return WyomingEvent(head.type, (head.data or {}) | _DATA.decode(data), payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MalformedEvent("bytes that are no event of the Wyoming protocol") from None


async def _line(reader: StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise MalformedEvent(f"a line of more than {MOST_LINE_BYTES} bytes") from None
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return b""
