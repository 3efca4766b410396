"""The nearest cache: least recently used entries leave when the bytes run out."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.ports.cache import CacheEntry
    from segue.ports.clock import Clock

_OVERHEAD_BYTES = 600
"""What an entry costs beside its audio: key, objects, the table's share (measured on CPython 3.11)."""

_SOURCE = "memory"


class MemoryCache:
    """Implements ``segue.ports.cache.AudioCache``, bounded in bytes and in age.

    By itself it is the cache of a service of one process: what is here, all of that service finds.
    """

    def __init__(self, *, max_bytes: int, max_age_s: float, clock: Clock) -> None:
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._clock = clock
        self._entries: OrderedDict[str, CacheEntry] = OrderedDict()
        self._bytes = 0

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def peek(self, key: str) -> tuple[CacheEntry, str] | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if self._clock.now_s() - entry.stored_at_s > self._max_age_s:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry, _SOURCE

    async def get(self, key: str) -> tuple[CacheEntry, str] | None:
        return self.peek(key)

    async def put(self, key: str, entry: CacheEntry) -> bool:
        self.hold(key, entry)
        return key in self._entries

    async def stands(self, key: str) -> bool:
        return self.peek(key) is not None

    def hold(self, key: str, entry: CacheEntry) -> None:
        """Keeps the entry unless it is larger than the whole cache."""
        self._drop(key)
        size = _size(entry)
        if size > self._max_bytes:
            return
        self._entries[key] = entry
        self._bytes += size
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    async def close(self) -> None:
        self._entries.clear()
        self._bytes = 0

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= _size(entry)


def _size(entry: CacheEntry) -> int:
    return len(entry.audio.data) + _OVERHEAD_BYTES
