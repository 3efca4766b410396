"""A disk that hangs costs its entries, and those who ask a second at most."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

import pytest

from segue.kernel.ports.health import HealthLevel
from segue.speech.cache.blobs import BlobCache, BlobLimits, open_folder
from segue.speech.cache.guarded import GuardedCache, GuardLimits
from segue.speech.cache.memory import MemoryCache
from segue.testing.cache import CacheContract, an_entry
from segue.testing.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from segue.speech.ports.cache import AudioCache, CacheEntry

KEYS = [f"{number:040x}" for number in range(100)]
LIMITS = GuardLimits(read_s=0.05, write_s=0.05, at_once=8, failures_to_open=3, cool_down_s=5.0)


class Hanging(MemoryCache):
    """Answers no read while it hangs, and counts how many it was asked for."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(max_bytes=1_000_000, max_age_s=1e9, clock=clock)
        self.well = asyncio.Event()
        self.asked = 0

    async def get(self, key: str) -> tuple[CacheEntry, str] | None:
        self.asked += 1
        await self.well.wait()
        return await super().get(key)


class Heard(list[bool]):
    """What was told about whether the cache is left alone."""

    def __call__(self, left_alone: bool) -> None:
        self.append(left_alone)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class TestGuardedCache(CacheContract):
    @pytest.fixture
    async def cache(self, tmp_path: Path, clock: FakeClock) -> AsyncIterator[AudioCache]:
        files = BlobCache(open_folder(tmp_path, clock.now_s()), BlobLimits(100_000, 86_400.0), clock)
        cache = GuardedCache(files, GuardLimits(), clock, Heard())
        yield cache
        await cache.close()


async def test_what_is_not_read_in_time_is_a_miss_and_then_it_is_left_alone(clock: FakeClock) -> None:
    slow, heard = Hanging(clock), Heard()
    guarded = GuardedCache(slow, LIMITS, clock, heard)
    found = [await guarded.get(key) for key in KEYS]

    assert found == [None] * 100
    assert slow.asked == 3
    assert heard == [True]
    assert guarded.health().level is HealthLevel.DEGRADED
    await guarded.close()


async def test_it_is_asked_again_and_comes_back(clock: FakeClock) -> None:
    slow, heard = Hanging(clock), Heard()
    guarded = GuardedCache(slow, LIMITS, clock, heard)
    slow.hold(KEYS[50], an_entry())
    for key in KEYS[:10]:
        await guarded.get(key)
    clock.advance(5.0)
    still = await guarded.get(KEYS[50])  # the probe hangs as well
    slow.well.set()
    await asyncio.sleep(0.01)
    clock.advance(60.0)
    back = await guarded.get(KEYS[50])

    assert still is None
    assert back is not None
    assert (slow.asked, heard) == (5, [True, False])
    assert guarded.health().level is HealthLevel.OK
    await guarded.close()


async def test_a_key_that_hangs_is_not_asked_for_twice(clock: FakeClock) -> None:
    slow = Hanging(clock)
    guarded = GuardedCache(slow, LIMITS, clock, Heard())
    found = [await guarded.get(KEYS[0]) for _ in range(10)]

    assert (found, slow.asked) == ([None] * 10, 1)
    assert guarded.health().level is HealthLevel.OK
    await guarded.close()


async def test_however_many_ask_only_some_hang(clock: FakeClock) -> None:
    slow = Hanging(clock)
    guarded = GuardedCache(slow, LIMITS, clock, Heard())
    found = await asyncio.gather(*(guarded.get(key) for key in KEYS))

    assert (found, slow.asked) == ([None] * 100, 8)
    await guarded.close()


async def test_a_probe_whose_caller_left_does_not_keep_it_shut(clock: FakeClock) -> None:
    slow = Hanging(clock)
    guarded = GuardedCache(slow, LIMITS, clock, Heard())
    for key in KEYS[:3]:
        await guarded.get(key)
    clock.advance(5.0)
    probe = asyncio.create_task(guarded.get(KEYS[4]))
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    slow.well.set()
    clock.advance(60.0)
    await guarded.get(KEYS[5])

    assert guarded.health().level is HealthLevel.OK
    await guarded.close()


async def test_a_pipe_in_place_of_an_entry_is_a_miss(tmp_path: Path, clock: FakeClock) -> None:
    """Opening it for reading hangs until somebody writes, as on a file server that does not answer."""
    files = BlobCache(open_folder(tmp_path, clock.now_s()), BlobLimits(100_000, 86_400.0), clock)
    guarded = GuardedCache(files, GuardLimits(read_s=0.2), clock, Heard())
    await guarded.put(KEYS[1], an_entry(stored_at_s=clock.now_s()))
    pipe = tmp_path / KEYS[0][:2] / f"{KEYS[0][2:]}.segue"
    os.mkfifo(pipe)
    began_s = time.monotonic()
    missed, found = await guarded.get(KEYS[0]), await guarded.get(KEYS[1])
    took_s = time.monotonic() - began_s
    os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))  # lets go of the thread
    await guarded.close()

    assert missed is None
    assert found is not None
    assert took_s < 5
