"""The write-behind cache: audio is at hand at once, and written without anyone waiting for it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from structlog.testing import capture_logs

from segue.speech.cache.memory import MemoryCache
from segue.speech.cache.tiered import TieredCache
from segue.speech.core.speech import Container, EncodedAudio
from segue.speech.service.write_behind import WriteBehindCache, WriteBehindWaits
from segue.testing.clock import FakeClock
from segue.testing.recorder import RememberingRecorder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.speech.ports.cache import CacheEntry
    from segue.speech.service.router import Rendition


RENDITION = cast(
    "Rendition", SimpleNamespace(render_plan=SimpleNamespace(model="bold", voice=SimpleNamespace(label="Bold")))
)


class SlowStore(MemoryCache):
    """Takes what it is given when it is allowed to."""

    def __init__(self) -> None:
        super().__init__(max_bytes=200_000_000, max_age_s=3600.0, clock=FakeClock())
        self.open = asyncio.Event()
        self.failure: Exception | None = None

    async def put(self, key: str, entry: CacheEntry) -> bool:
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        return await super().put(key, entry)


class Scene:
    def __init__(self, waits: WriteBehindWaits | None = None) -> None:
        self.store = SlowStore()
        memory = MemoryCache(max_bytes=200_000_000, max_age_s=3600.0, clock=FakeClock())
        self.cache = TieredCache(memory, [self.store])
        self.write_behind = WriteBehindCache(self.cache, FakeClock(), RememberingRecorder(), waits)

    def put(self, name: str, size_bytes: int = 100) -> None:
        audio = EncodedAudio(bytes(size_bytes), Container.WAV, 22_050, 1.0, "etag")
        self.write_behind.put(name, RENDITION, "pip_boy", audio)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    scene.store.open.set()
    await scene.write_behind.close()


async def test_what_was_made_is_at_hand_before_it_is_written(scene: Scene) -> None:
    scene.put("a")

    assert scene.cache.peek("a") is not None
    assert scene.store.peek("a") is None


async def test_who_needs_it_elsewhere_can_wait_until_it_is_written(scene: Scene) -> None:
    scene.put("a")
    scene.put("b")
    waiting = asyncio.create_task(scene.write_behind.settled("a"))
    await asyncio.sleep(0)
    assert not waiting.done()

    scene.store.open.set()
    assert await asyncio.wait_for(waiting, 5.0)
    assert scene.store.peek("a") is not None


async def test_what_is_written_or_was_never_put_is_not_waited_for(scene: Scene) -> None:
    scene.put("a")

    assert not await asyncio.wait_for(scene.write_behind.settled("b"), 5.0)
    assert not await asyncio.wait_for(scene.write_behind.settled(""), 5.0)


async def test_closing_waits_for_all_that_is_being_written(scene: Scene) -> None:
    scene.put("a")
    scene.put("b")
    asyncio.get_running_loop().call_later(0.02, scene.store.open.set)
    await scene.write_behind.close()

    assert scene.store.peek("a") is not None
    assert scene.store.peek("b") is not None


async def test_a_store_that_cannot_follow_costs_files_and_no_memory(scene: Scene) -> None:
    with capture_logs() as logs:
        for number in range(9):
            scene.put(f"{number}", 10_000_000)
    scene.store.open.set()
    await scene.write_behind.close()

    written = [number for number in range(9) if scene.store.peek(f"{number}")]
    assert written == [0, 1, 2, 3, 4, 5]
    assert all(scene.cache.peek(f"{number}") for number in range(9))
    assert [entry["event"] for entry in logs] == ["cache_write_skipped"] * 3


async def test_one_entry_is_written_however_large(scene: Scene) -> None:
    scene.put("a", 100_000_000)
    scene.store.open.set()
    await scene.write_behind.close()

    assert scene.store.peek("a") is not None


async def test_a_store_that_breaks_harms_nobody_and_is_told_of(scene: Scene) -> None:
    scene.store.failure = RuntimeError("broken")
    with capture_logs() as logs:
        scene.put("a")
        scene.store.open.set()
        assert not await scene.write_behind.settled("a")
    assert [entry["event"] for entry in logs] == ["cache_write_failed"]

    scene.store.failure = None
    scene.put("b")
    assert await scene.write_behind.settled("b")
    assert scene.store.peek("b") is not None


async def test_what_the_store_lost_is_written_again_for_who_needs_it_elsewhere(scene: Scene) -> None:
    scene.store.open.set()
    scene.put("a")
    assert await scene.write_behind.settled("a")
    await scene.store.close()

    assert await scene.write_behind.settled("a")
    assert scene.store.peek("a") is not None


async def test_what_was_not_written_for_want_of_room_is_written_when_somebody_needs_it(scene: Scene) -> None:
    for number in range(9):
        scene.put(f"{number}", 10_000_000)
    assert not await scene.write_behind.settled("8")

    scene.store.open.set()
    assert await scene.write_behind.settled("5")
    assert await scene.write_behind.settled("8")


async def test_what_the_store_does_not_take_does_not_stand(scene: Scene) -> None:
    scene.store.open.set()
    scene.put("a", 200_000_000)

    assert not await scene.write_behind.settled("a")


async def test_a_store_that_hangs_is_not_waited_for_for_ever() -> None:
    scene = Scene(WriteBehindWaits(settled_s=0.02, close_s=0.05))
    scene.put("a", 100)
    scene.put("b", 200)
    with capture_logs() as logs:
        assert not await asyncio.wait_for(scene.write_behind.settled("a"), 5.0)
        await asyncio.wait_for(scene.write_behind.close(), 5.0)

    assert [entry["event"] for entry in logs] == ["cache_write_slow", "cache_writes_left"]
    assert (logs[1]["entries"], logs[1]["bytes"]) == (2, 300)


async def test_who_stops_waiting_does_not_stop_the_writing() -> None:
    scene = Scene(WriteBehindWaits(settled_s=0.02))
    scene.put("a")
    assert not await scene.write_behind.settled("a")

    scene.store.open.set()
    await scene.write_behind.close()
    assert scene.store.peek("a") is not None
