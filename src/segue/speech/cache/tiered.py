"""Several caches combined into one, fastest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.speech.cache.memory import MemoryCache
    from segue.speech.ports.cache import AudioCache, CacheEntry


class TieredCache:
    """Implements ``segue.speech.ports.cache.AudioCache``: memory first, then the other caches in order.

    An entry that another cache has is copied to memory. A new entry is written to all caches. Memory belongs to
    this process only, so ``stands`` asks the other caches.
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

    async def drop(self, key: str) -> bool:
        self._memory.let_go(key)
        return all([await cache.drop(key) for cache in self._behind])

    async def dropped_at_s(self, key: str) -> float:
        dropped_at_s = max([await cache.dropped_at_s(key) for cache in self._behind], default=0.0)
        at_hand = self._memory.peek(key)
        if at_hand is not None and at_hand[0].stored_at_s <= dropped_at_s:
            self._memory.let_go(key)  # another process dropped it
        return dropped_at_s

    async def close(self) -> None:
        for cache in (self._memory, *self._behind):
            await cache.close()
