"""Several caches as one, nearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.cache.memory import MemoryCache
    from segue.ports.cache import AudioCache, CacheEntry


class TieredCache:
    """Implements ``segue.ports.cache.AudioCache``: memory in front, the others behind it in order.

    What is found behind is brought to the front; what is put goes everywhere. What is in front is this process's
    alone: an entry stands where it stands behind.
    """

    def __init__(self, memory: MemoryCache, behind: Sequence[AudioCache]) -> None:
        self._memory = memory
        self._behind = tuple(behind)
        self.peek = memory.peek
        self.hold = memory.hold

    async def get(self, key: str) -> tuple[CacheEntry, str] | None:
        at_hand = self._memory.peek(key)
        if at_hand is not None:
            return at_hand
        for cache in self._behind:
            found = await cache.get(key)
            if found is not None:
                self._memory.hold(key, found[0])
                return found
        return None

    async def put(self, key: str, entry: CacheEntry) -> bool:
        self._memory.hold(key, entry)
        return any([await cache.put(key, entry) for cache in self._behind])

    async def stands(self, key: str) -> bool:
        for cache in self._behind:
            if await cache.stands(key):
                return True
        return False

    async def close(self) -> None:
        for cache in (self._memory, *self._behind):
            await cache.close()
