"""Usage in a store that several processes write and tidy at the same time."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from segue.kernel.ports.usage import UsageOf
from segue.rollout.store.open import open_store
from segue.testing.store.usage import usage_row

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.rollout.ports.store import Store

GAME = UsageOf("game", "baseline", "en-us", "pip_boy")
PHONE = UsageOf("phone", "candidate", "zf_xiaoxiao", "ghoul")
DAY = 20_786


@asynccontextmanager
async def opened(url: str, count: int) -> AsyncIterator[list[Store]]:
    async with AsyncExitStack() as stack:
        stores: list[Store] = [open_store(url) for _ in range(count)]
        for store in stores:
            stack.push_async_callback(store.close)
        yield stores


async def requests(store: Store) -> int:
    return sum(one.used.requests for one in await store.usage.totals(DAY, DAY + 1, ()))


async def test_those_that_tidy_at_once_lose_nothing(store_url: str) -> None:
    async with opened(store_url, 3) as stores:
        await stores[0].usage.put([usage_row(GAME, f"process {number}", 1) for number in range(200)])
        await asyncio.gather(*(store.usage.tidy(DAY + 1, 0) for store in stores))

        assert await requests(stores[0]) == 200


async def test_those_that_write_at_once_do_not_wait_for_one_another_forever(store_url: str) -> None:
    """Whatever the order of their rows."""
    async with opened(store_url, 4) as stores:
        rows = [usage_row(of, "one", 1) for of in (GAME, PHONE)]
        backwards = rows[::-1]
        writes = [store.usage.put(some) for _ in range(5) for store in stores for some in (rows, backwards)]
        await asyncio.gather(*writes)

        assert await requests(stores[0]) == 2
