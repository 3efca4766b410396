"""A store whose callers are stopped in the middle."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from segue.kernel.errors import Unavailable
from segue.rollout.ports.store import Conflict, Note
from segue.rollout.store.open import open_store
from segue.testing.store import an_event

if TYPE_CHECKING:
    import random

    from segue.rollout.ports.store import Store


async def cancelled_at_random(url: str, chance: random.Random) -> None:
    """Four callers, each stopped within 20 ms of the one before; then the store is closed."""
    store = open_store(url)
    follower = asyncio.create_task(_follow(store))
    writers = [asyncio.create_task(_write(store, f"w{number}")) for number in range(3)]
    for task in chance.sample([follower, *writers], 4):
        await asyncio.sleep(chance.random() * 0.02)
        task.cancel()
    for ended in await asyncio.gather(follower, *writers, return_exceptions=True):
        assert isinstance(ended, asyncio.CancelledError | Unavailable), repr(ended)
    await store.close()


async def _follow(store: Store) -> None:
    async with aclosing(store.events.changes()) as changes:
        async for _ in changes:
            await store.events.latest("rollout/test")


async def _write(store: Store, name: str) -> None:
    await store.start()
    for number in range(1000):
        with suppress(Conflict):
            latest = await store.events.latest("rollout/test")
            await store.events.append(an_event((latest.revision if latest else 0) + 1, actor=name))
        await store.notes.put(name, Note(number, "{}"))
