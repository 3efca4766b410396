"""The store keeps room to take an order, and gives it up for nothing else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import Unavailable
from segue.rollout.store import database
from segue.rollout.store.database import Database
from segue.rollout.store.open import open_store
from segue.rollout.store.reserve import PIECE_BYTES, RESERVE_BYTES, Reserve
from segue.rollout.store.sqlite import Sqlite
from segue.testing.store import an_event
from support.small_disk import fill, small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

_MIB = 1024 * 1024


def test_it_is_given_up_piece_by_piece(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve")
    reserve.fill()
    pieces = 0
    while reserve.give_up():
        pieces += 1

    assert pieces == RESERVE_BYTES // PIECE_BYTES
    assert (tmp_path / "reserve").stat().st_size == 0


def test_where_there_is_little_room_it_takes_what_there_is(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2 * _MIB) as disk:
        reserve = Reserve(disk / "reserve")
        reserve.fill()
        assert not reserve.is_full
        assert _MIB < (disk / "reserve").stat().st_size <= 2 * _MIB


async def test_orders_are_written_on_a_full_disk_and_the_reserve_comes_back(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16 * _MIB) as disk:
        store = open_store(f"sqlite:///{disk}/segue.db")
        await store.start()
        for revision in range(1, 4):
            await store.events.append(an_event(revision))
        reserve = disk / "segue.db.reserve"
        assert reserve.stat().st_size == RESERVE_BYTES
        ballast = fill(disk)
        for revision in range(4, 24):
            await store.events.append(an_event(revision))
        latest = await store.events.latest(an_event(1).stream)
        short_bytes = reserve.stat().st_size
        ballast.unlink()
        await asyncio.sleep(1.1)  # it is tried once a second
        await store.events.append(an_event(24))
        full_bytes = reserve.stat().st_size
        await store.close()

    assert latest is not None
    assert latest.revision == 23
    assert 0 < short_bytes < RESERVE_BYTES
    assert full_bytes == RESERVE_BYTES


async def test_a_service_that_starts_on_a_full_disk_finds_its_history(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16 * _MIB) as disk:
        first = open_store(f"sqlite:///{disk}/segue.db")
        await first.start()
        await first.events.append(an_event(1))
        await first.close()
        fill(disk)
        second = open_store(f"sqlite:///{disk}/segue.db")
        await second.start()
        latest = await second.events.latest(an_event(1).stream)
        await second.events.append(an_event(2))
        await second.close()

    assert latest is not None
    assert latest.revision == 1


async def test_a_call_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_ANSWERS_WITHIN_S", 0.2)
    monkeypatch.setattr(database, "_CLOSES_WITHIN_S", 0.2)
    store = Database(Sqlite(tmp_path / "segue.db"))
    await store.start()
    left, closed = asyncio.Event(), asyncio.Event()

    async def hanging(connection: AsyncConnection) -> None:
        await left.wait()
        await connection.invalidate()
        closed.set()

    with pytest.raises(Unavailable, match="has not responded within"):
        await store.transact(hanging)
    await asyncio.wait_for(store.close(), 30)
    left.set()
    await asyncio.wait_for(closed.wait(), 10)
