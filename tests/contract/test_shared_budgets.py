"""A day's budget that processes share: they never pass it together, and a restart forgets nothing."""

from __future__ import annotations

from segue.rollout.store.open import open_store
from support.spender import DAY, NAME, spent_by_processes

LIMIT, CHARS = 2000, 7


async def taken(url: str) -> float:
    store = open_store(url)
    found = await store.budgets.taken(NAME, DAY)
    await store.close()
    return found


async def test_two_processes_that_race_never_pass_it(store_url: str) -> None:
    spent = await spent_by_processes(store_url, 2, LIMIT, CHARS, 300)

    assert LIMIT - 2 * 17 <= sum(spent) <= LIMIT
    assert sum(spent) <= await taken(store_url) <= LIMIT


async def test_a_process_that_starts_again_finds_it_spent(store_url: str) -> None:
    await spent_by_processes(store_url, 1, LIMIT, CHARS, 300)
    before = await taken(store_url)

    assert sum(await spent_by_processes(store_url, 1, LIMIT, CHARS, 10)) <= LIMIT - before
