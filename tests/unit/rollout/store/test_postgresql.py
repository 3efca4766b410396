"""PostgreSQL out of reach without harm, and back again."""

from __future__ import annotations

import asyncio
import os
import random
import time
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

import asyncpg
import pytest

from segue.kernel.errors import ConfigurationError, Unavailable
from segue.rollout.ports.store import Note
from segue.rollout.store.open import open_store
from segue.testing.store import an_event
from support.cancelled import cancelled_at_random
from support.postgresql import a_schema
from support.relay import relayed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from segue.rollout.ports.store import Store
    from support.relay import Relay

pytestmark = pytest.mark.services

_NAME = f"segue tests {os.getpid()}"


@asynccontextmanager
async def through_a_relay() -> AsyncIterator[tuple[Store, Relay]]:
    async with a_schema() as url, relayed(url) as relay:
        store = open_store(relay.url)
        await store.start()
        yield store, relay
        await store.close()


async def test_a_server_that_went_down_is_out_of_reach_until_it_is_back() -> None:
    async with through_a_relay() as (store, relay):
        await store.events.append(an_event(1))
        await relay.cut()
        with pytest.raises(Unavailable, match="cannot be used, so nothing is recorded"):
            await store.events.append(an_event(2))
        with pytest.raises(Unavailable, match="the server does not respond; check that it runs"):
            await store.notes.get("look")
        await relay.open()

        await store.events.append(an_event(2))
        assert await store.events.latest("rollout/test") == an_event(2)


async def test_a_server_that_is_not_there_at_the_start_is_found_later() -> None:
    async with a_schema() as url, relayed(url) as relay:
        await relay.cut()
        store = open_store(relay.url)
        with pytest.raises(Unavailable, match=r"the store at 127\.0\.0\.1:\d+/test cannot be used"):
            await store.start()
        with pytest.raises(Unavailable):
            await anext(store.events.changes())
        await relay.open()

        await store.notes.put("look", Note(1.0, "1"))
        assert await store.notes.get("look") == Note(1.0, "1")
        await store.close()


async def test_who_waits_for_changes_hears_at_once_that_the_line_is_cut() -> None:
    async with through_a_relay() as (store, relay), aclosing(store.events.changes()) as changes:
        await anext(changes)
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0.05)
        await relay.cut()
        with pytest.raises(Unavailable, match="cannot be used"):
            await asyncio.wait_for(waiting, 1.0)
        await relay.open()


async def test_a_line_that_is_silently_dead_is_noticed_within_seconds() -> None:
    async with through_a_relay() as (store, relay):
        async with aclosing(store.events.changes()) as changes:
            await anext(changes)
            relay.swallow()
            began = time.monotonic()
            with pytest.raises(Unavailable):
                await anext(changes)
            assert time.monotonic() - began < 6
        await relay.mend()


async def test_a_living_line_is_believed_in_however_long_nothing_is_said() -> None:
    async with through_a_relay() as (store, _), aclosing(store.events.changes()) as changes:
        await anext(changes)
        waiting = asyncio.ensure_future(anext(changes))
        done, _ = await asyncio.wait([waiting], timeout=4.5)
        assert not done
        await store.events.append(an_event(1))
        await asyncio.wait_for(waiting, 1.0)


async def test_connections_that_the_server_ended_are_replaced() -> None:
    async with a_schema() as url:
        store = open_store(f"{url}&application_name={quote(_NAME)}")
        await store.events.append(an_event(1))
        async with aclosing(store.events.changes()) as changes:
            await anext(changes)
            await _end_connections(url)
            with pytest.raises(Unavailable):
                await anext(changes)
        assert await store.events.latest("rollout/test") == an_event(1)
        await store.close()


async def test_a_password_is_never_repeated() -> None:
    store = open_store("postgresql://ann:s3cret@127.0.0.1:1/nowhere")
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1/nowhere") as caught:
        await store.start()
    assert "s3cret" not in str(caught.value)
    await store.close()
    with pytest.raises(ConfigurationError) as misspelt:
        open_store("postgresql://ann:s3cret@127.0.0.1:port/nowhere")
    assert "s3cret" not in str(misspelt.value)


async def test_a_database_that_is_not_there_is_said_to_be_missing() -> None:
    async with a_schema() as url:
        store = open_store(url.replace("/test?", "/segue_never_made?"))
        with pytest.raises(Unavailable, match="create it with createdb"):
            await store.start()
        await store.close()


def test_a_call_once_begun_is_finished_whoever_is_cancelled(schema: str) -> None:
    chance = random.Random(7)
    for _ in range(20):
        asyncio.run(cancelled_at_random(schema, chance))


@pytest.fixture
def schema() -> Iterator[str]:
    """For tests that run event loops of their own."""
    with asyncio.Runner() as runner:
        lent = a_schema()
        yield runner.run(lent.__aenter__())
        runner.run(lent.__aexit__(None, None, None))


async def _end_connections(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", _NAME
    )
    await connection.close()
