"""The cache in memory. When it is full, the least recently used entries are removed."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.kernel.ports.clock import Clock
    from segue.speech.ports.cache import CacheEntry

_OVERHEAD_BYTES = 600
"""The memory that an entry takes besides its audio, measured on CPython 3.11: key, objects, part of the table."""

_SOURCE = "memory"


class MemoryCache:
    """Implements ``segue.speech.ports.cache.AudioCache``, limited in bytes and age.

    It can be the only cache of a service with one process, because all entries are then visible to the whole
    service.
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
            self.let_go(key)
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
        """Stores the entry unless it is larger than the whole cache."""
        self.let_go(key)
        size = _size(entry)
        if size > self._max_bytes:
            return
        self._entries[key] = entry
        self._bytes += size
        while self._bytes > self._max_bytes:
            self.let_go(next(iter(self._entries)))

    async def drop(self, key: str) -> bool:
        self.let_go(key)
        return True

    async def dropped_at_s(self, key: str) -> float:  # noqa: ARG002 - dropped entries are deleted
        return 0.0

    async def close(self) -> None:
        self._entries.clear()
        self._bytes = 0

    def let_go(self, key: str) -> None:
        """Removes the entry from memory. Other caches may still have it."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= _size(entry)


def _size(entry: CacheEntry) -> int:
    return len(entry.audio.data) + _OVERHEAD_BYTES
