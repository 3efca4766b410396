"""Keys in a database that processes share: SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from segue.access.register import NameTaken, WantedKey
from segue.access.roles import AccessRefusal, Api, Caller, Role
from segue.rollout.store.open import open_store
from support.keys import keeping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.rollout.ports.store import Store


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = open_store(url)
    await store.start()
    try:
        yield store
    finally:
        await store.close()


async def test_a_key_made_by_one_process_is_known_to_another_after_it_looked(store_url: str) -> None:
    async with opened(store_url) as here, opened(store_url) as there:
        wanted = WantedKey("客服 app", Role.SYNTHESIZE, ("ghoul",), (Api.OPENAI, Api.GOOGLE), 4e9)
        key, secret = await keeping(here.events).register.create(wanted, "ann")
        other = keeping(there.events)
        assert (await other.register.listed()) == [key]
        assert isinstance(other.known.find(secret.encode()), Caller)
        await other.register.revoke(key.id, "bob")
        (listed,) = await keeping(here.events).register.listed()
        assert listed.revoked_by == "bob"


async def test_keys_outlive_the_process(store_url: str) -> None:
    async with opened(store_url) as store:
        _, secret = await keeping(store.events).register.create(WantedKey("app", Role.VIEW), "ann")
    async with opened(store_url) as store:
        known, follower, _ = keeping(store.events)
        await follower.catch_up()
        assert isinstance(known.find(secret.encode()), Caller)


async def test_concurrent_writers_lose_no_key_and_give_no_name_twice(store_url: str) -> None:
    async with opened(store_url) as here, opened(store_url) as there:
        registers = [keeping(store.events).register for store in (here, there, here, there)]
        wanted = [WantedKey(f"app {number % 8}", Role.VIEW) for number in range(16)]
        told = await asyncio.gather(
            *(registers[number % 4].create(one, "ann") for number, one in enumerate(wanted)),
            return_exceptions=True,
        )
        made = [one for one in told if isinstance(one, tuple)]
        assert len(made) == 8
        assert sum(isinstance(one, NameTaken) for one in told) == 8
        ended = await asyncio.gather(*(registers[0].revoke(key.id, "bob") for key, _ in made))
        assert all(key.revoked_at_s for key in ended)

        known, follower, _ = keeping(there.events)
        await follower.catch_up()
        assert {known.find(secret.encode()) for _, secret in made} == {AccessRefusal.REVOKED}
