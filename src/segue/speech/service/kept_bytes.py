"""Keeps the bytes of a stream in memory until the whole stream can be cached."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_KEPT_BYTES = 64 * 1024 * 1024
"""A longer stream is not cached, because a long text may have a gigabyte of audio."""


class KeptBytes:
    """The bytes that were sent, in order; empty once they are too many or must not be kept."""

    def __init__(self, *, wanted: bool, most_bytes: int = MOST_KEPT_BYTES) -> None:
        self._parts: list[bytes] | None = [] if wanted else None
        self._room_bytes = most_bytes

    def add(self, data: bytes) -> None:
        self._room_bytes -= len(data)
        if self._room_bytes < 0:
            self.drop()
        if self._parts is not None:
            self._parts.append(data)

    def drop(self) -> None:
        """Discards all bytes, now and later."""
        self._parts = None

    @property
    def parts(self) -> Sequence[bytes] | None:
        """None if the stream must not be cached."""
        return self._parts
