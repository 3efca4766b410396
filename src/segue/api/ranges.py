"""Range requests (RFC 9110, 14.2): one byte range is supported; others are ignored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_RANGE = re.compile(rb"bytes=(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})")


class ByteRange(NamedTuple):
    """The positions of the first and the last byte, both included."""

    first: int
    last: int


NOWHERE = ByteRange(0, -1)
"""A range outside the file."""


def part_wanted(headers: Mapping[bytes, bytes], etag: bytes, size_bytes: int) -> ByteRange | None:
    """The requested range; None for the whole file; ``NOWHERE`` if it lies outside the file."""
    wanted = _RANGE.fullmatch(headers.get(b"range", b""))
    if wanted is None or headers.get(b"if-range", etag) != etag:
        return None
    if not wanted["first"]:
        tail = int(wanted["last"]) if wanted["last"] else 0
        return ByteRange(max(0, size_bytes - tail), size_bytes - 1) if tail and size_bytes else NOWHERE
    first = int(wanted["first"])
    last = min(int(wanted["last"]), size_bytes - 1) if wanted["last"] else size_bytes - 1
    return ByteRange(first, last) if first <= last and first < size_bytes else NOWHERE
