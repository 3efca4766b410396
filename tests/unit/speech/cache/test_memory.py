"""The nearest cache: bounded in bytes and in age, and what was used last stays longest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.speech.cache.memory import MemoryCache
from segue.testing.cache import an_entry
from segue.testing.clock import FakeClock

ROOM_FOR_THREE = 3 * (1000 + 600)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cache(clock: FakeClock) -> MemoryCache:
    return MemoryCache(max_bytes=ROOM_FOR_THREE, max_age_s=3600.0, clock=clock)


def held(cache: MemoryCache) -> set[str]:
    return {key for key in "abcdefgh" if cache.peek(key) is not None}


def test_the_least_recently_used_leaves_first(cache: MemoryCache) -> None:
    for key in "abc":
        cache.hold(key, an_entry())
    cache.peek("a")
    cache.hold("d", an_entry())

    assert held(cache) == {"a", "c", "d"}


def test_putting_again_is_a_use(cache: MemoryCache) -> None:
    for key in "abca":
        cache.hold(key, an_entry())
    cache.hold("d", an_entry())

    assert held(cache) == {"a", "c", "d"}


def test_a_large_entry_makes_room_for_itself_as_far_as_needed(cache: MemoryCache) -> None:
    for key in "abc":
        cache.hold(key, an_entry())
    cache.hold("d", an_entry(2000))

    assert held(cache) == {"c", "d"}


def test_an_entry_larger_than_all_drives_nothing_out(cache: MemoryCache) -> None:
    for key in "abc":
        cache.hold(key, an_entry())
    cache.hold("d", an_entry(10_000))

    assert held(cache) == {"a", "b", "c"}


def test_an_entry_that_grew_too_large_is_gone_rather_than_old(cache: MemoryCache) -> None:
    cache.hold("a", an_entry())
    cache.hold("a", an_entry(10_000))

    assert held(cache) == set()
    assert cache.size_bytes == 0


def test_an_entry_is_forgotten_when_it_is_too_old(cache: MemoryCache, clock: FakeClock) -> None:
    cache.hold("a", an_entry(stored_at_s=clock.now_s()))
    clock.advance(3600.0)
    assert held(cache) == {"a"}

    clock.advance(1.0)
    assert held(cache) == set()
    assert cache.size_bytes == 0


async def test_its_source_is_memory(cache: MemoryCache) -> None:
    await cache.put("a", an_entry())

    assert await cache.get("a") == (an_entry(), "memory")
    assert cache.peek("a") == (an_entry(), "memory")


async def test_by_itself_what_it_holds_stands(cache: MemoryCache) -> None:
    assert await cache.put("a", an_entry())
    assert await cache.stands("a")
    assert not await cache.put("b", an_entry(10_000))


async def test_a_closed_cache_is_empty(cache: MemoryCache) -> None:
    await cache.put("a", an_entry())
    await cache.close()

    assert cache.size_bytes == 0
    assert held(cache) == set()


def test_a_cache_of_no_size_holds_nothing() -> None:
    cache = MemoryCache(max_bytes=0, max_age_s=3600.0, clock=FakeClock())
    cache.hold("a", an_entry(0))

    assert held(cache) == set()


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 6000), st.booleans()), max_size=60))
def test_whatever_is_put_and_looked_at_the_bytes_are_counted_right(
    steps: list[tuple[str, int, bool]],
) -> None:
    cache = MemoryCache(max_bytes=ROOM_FOR_THREE, max_age_s=3600.0, clock=FakeClock())
    for key, size_bytes, looks in steps:
        if looks:
            cache.peek(key)
        else:
            cache.hold(key, an_entry(size_bytes))
        found = [cache.peek(name) for name in "abcdefgh"]
        assert cache.size_bytes == sum(len(entry[0].audio.data) + 600 for entry in found if entry is not None)
        assert cache.size_bytes <= ROOM_FOR_THREE
