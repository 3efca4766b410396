"""Keys are followed: at once when the store reports a change, and in any case every few seconds."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from segue.access.follower import KeyFollower
from segue.access.known import KnownKeys
from segue.access.register import WantedKey
from segue.access.roles import AccessRefusal, Caller, Role
from segue.system.clock import SystemClock
from segue.testing.clock import FakeClock
from support.keys import keeping
from support.shaky import ShakyLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def following(log: ShakyLog, look_every_s: float) -> AsyncIterator[tuple[KnownKeys, KeyFollower]]:
    known = KnownKeys(SystemClock())
    follower = KeyFollower(log, known, look_every_s)
    follower.start()
    try:
        yield known, follower
    finally:
        await follower.close()


async def until_found(known: KnownKeys, secret: str, kind: type[Caller | AccessRefusal]) -> None:
    async with asyncio.timeout(10):
        while not isinstance(known.find(secret.encode()), kind):  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.005)


async def test_a_reported_change_is_enough() -> None:
    log = ShakyLog()
    async with following(log, look_every_s=3600) as (known, follower):
        _, secret = await keeping(log).register.create(WantedKey("app", Role.VIEW), "ann")
        follower.store_changed()
        await until_found(known, secret, Caller)


async def test_without_a_reported_change_the_keys_are_read_all_the_same() -> None:
    log = ShakyLog()
    async with following(log, look_every_s=0.02) as (known, _):
        writer = keeping(log).register
        key, secret = await writer.create(WantedKey("app", Role.VIEW), "ann")
        await until_found(known, secret, Caller)
        await writer.revoke(key.id, "ann")
        await until_found(known, secret, AccessRefusal)


async def test_a_store_out_of_reach_is_told_once_and_the_keys_are_read_when_it_is_back() -> None:
    log = ShakyLog()
    _, secret = await keeping(log).register.create(WantedKey("app", Role.VIEW), "ann")
    log.gone = True
    with capture_logs() as lines:
        async with following(log, look_every_s=0.01) as (known, _):
            await asyncio.sleep(0.1)
            assert known.find(secret.encode()) is AccessRefusal.UNREAD
            log.gone = False
            await until_found(known, secret, Caller)
    assert [line["event"] for line in lines] == ["keys_unread", "keys_taken"]


@pytest.mark.parametrize("age_s", [0.0, 59.0, 61.0])
def test_it_is_known_how_old_its_keys_are(age_s: float) -> None:
    clock = FakeClock()
    known = KnownKeys(clock, lasts_s=60)
    assert (known.age_s(), known.is_usable) == (None, False)
    known.take(known.state)
    clock.advance(age_s)
    assert (known.age_s(), known.is_usable) == (age_s, age_s <= 60)
