"""Several caches as one: found behind is brought to the front, put goes everywhere."""

from __future__ import annotations

import pytest

from segue.speech.cache.memory import MemoryCache
from segue.speech.cache.tiered import TieredCache
from segue.testing.cache import an_entry
from segue.testing.clock import FakeClock


def a_memory(max_bytes: int = 100_000) -> MemoryCache:
    return MemoryCache(max_bytes=max_bytes, max_age_s=3600.0, clock=FakeClock())


@pytest.fixture
def front() -> MemoryCache:
    return a_memory()


@pytest.fixture
def near() -> MemoryCache:
    return a_memory()


@pytest.fixture
def far() -> MemoryCache:
    return a_memory()


@pytest.fixture
def cache(front: MemoryCache, near: MemoryCache, far: MemoryCache) -> TieredCache:
    return TieredCache(front, [near, far])


async def test_what_is_put_goes_everywhere(
    cache: TieredCache, front: MemoryCache, near: MemoryCache, far: MemoryCache
) -> None:
    await cache.put("a", an_entry())

    assert all(tier.peek("a") for tier in (front, near, far))


async def test_what_is_found_behind_is_at_hand_the_next_time(
    cache: TieredCache, front: MemoryCache, far: MemoryCache
) -> None:
    await far.put("a", an_entry())
    assert cache.peek("a") is None

    assert await cache.get("a") == (an_entry(), "memory")
    assert front.peek("a") is not None
    assert cache.peek("a") is not None


async def test_the_nearest_answers(cache: TieredCache, near: MemoryCache, far: MemoryCache) -> None:
    await near.put("a", an_entry(10))
    await far.put("a", an_entry(20))
    found = await cache.get("a")

    assert found is not None
    assert len(found[0].audio.data) == 10


async def test_what_is_too_large_for_the_front_is_served_from_behind() -> None:
    behind = a_memory()
    cache = TieredCache(a_memory(max_bytes=1000), [behind])
    await cache.put("a", an_entry(5000))

    assert cache.peek("a") is None
    assert await cache.get("a") is not None


async def test_an_entry_stands_where_it_stands_behind(
    cache: TieredCache, front: MemoryCache, far: MemoryCache
) -> None:
    front.hold("a", an_entry())
    assert not await cache.stands("a")

    far.hold("a", an_entry())
    assert await cache.stands("a")


async def test_one_cache_behind_that_keeps_it_is_enough(front: MemoryCache, far: MemoryCache) -> None:
    small = a_memory(max_bytes=0)

    assert await TieredCache(front, [small, far]).put("a", an_entry())
    assert not await TieredCache(front, [small]).put("a", an_entry())


async def test_with_nothing_behind_it_is_one_processs_alone(front: MemoryCache) -> None:
    cache = TieredCache(front, [])

    assert not await cache.put("a", an_entry())
    assert cache.peek("a") is not None


async def test_closing_closes_all(
    cache: TieredCache, front: MemoryCache, near: MemoryCache, far: MemoryCache
) -> None:
    await cache.put("a", an_entry())
    await cache.close()

    assert [tier.size_bytes for tier in (front, near, far)] == [0, 0, 0]
