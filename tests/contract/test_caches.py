"""Every cache keeps the promises of ``segue.speech.ports.cache``, whatever it keeps its entries in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.speech.cache.blobs import BlobCache, BlobLimits, open_folder
from segue.speech.cache.memory import MemoryCache
from segue.speech.cache.tiered import TieredCache
from segue.testing.cache import CacheContract
from segue.testing.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from segue.speech.ports.cache import AudioCache

MAX_BYTES = 100_000
DAY_S = 86_400.0


class TestMemoryCache(CacheContract):
    @pytest.fixture
    def cache(self) -> AudioCache:
        return MemoryCache(max_bytes=MAX_BYTES, max_age_s=DAY_S, clock=FakeClock())


class TestBlobCache(CacheContract):
    @pytest.fixture
    async def cache(self, tmp_path: Path) -> AsyncIterator[AudioCache]:
        clock = FakeClock()
        cache = BlobCache(open_folder(tmp_path, clock.now_s()), BlobLimits(MAX_BYTES, DAY_S), clock)
        yield cache
        await cache.close()


class TestTieredCache(CacheContract):
    @pytest.fixture
    async def cache(self, tmp_path: Path) -> AsyncIterator[AudioCache]:
        clock = FakeClock()
        memory = MemoryCache(max_bytes=MAX_BYTES, max_age_s=DAY_S, clock=clock)
        files = BlobCache(open_folder(tmp_path, clock.now_s()), BlobLimits(MAX_BYTES, DAY_S), clock)
        cache = TieredCache(memory, [files])
        yield cache
        await cache.close()


class TestTieredCacheWithoutAnythingBehind(CacheContract):
    @pytest.fixture
    def cache(self) -> AudioCache:
        return TieredCache(MemoryCache(max_bytes=MAX_BYTES, max_age_s=DAY_S, clock=FakeClock()), [])
