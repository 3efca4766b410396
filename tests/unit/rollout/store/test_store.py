"""The history's database: opened by URL, and out of reach without harm."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import stat
import sys
import threading
import time
from contextlib import aclosing, asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import ConfigurationError, Unavailable
from segue.rollout.ports.store import Gap
from segue.rollout.store.open import open_store
from segue.rollout.store.sqlite import Sqlite
from segue.testing.store import an_event
from support.cancelled import cancelled_at_random

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.rollout.ports.store import Store


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///", "mysql:///x", "postgres", "/var/segue.db"])
def test_a_url_nobody_understands_is_a_fault_with_an_example(url: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:///path/to/file"):
        open_store(url)


async def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a/b/segue.db")
    await store.start()
    await store.events.append(an_event(1))
    await store.close()

    assert (tmp_path / "a" / "b" / "segue.db").is_file()


async def test_a_database_that_is_none_is_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "segue.db").write_bytes(b"not a database, whatever its name says" * 100)
    store = open_store(f"sqlite:///{tmp_path}/segue.db")

    with pytest.raises(Unavailable, match="cannot be used, so nothing is recorded"):
        await store.start()
    with pytest.raises(Unavailable):
        await store.events.latest("rollout/test")
    with pytest.raises(Unavailable):
        await store.events.append(an_event(1))
    with pytest.raises(Unavailable):
        await anext(store.events.changes())
    await store.close()


async def test_it_writes_ahead_and_is_durable_at_every_commit(tmp_path: Path) -> None:
    """Readers are not kept waiting by a writer, and a power cut loses nothing that was answered."""
    store = open_store(f"sqlite:///{tmp_path}/segue.db")
    await store.start()
    await store.events.append(an_event(1))

    with sqlite3.connect(tmp_path / "segue.db") as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
    await store.close()


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "mysql://ann:s3cret@host/x", "postgresql://h:x/y"])
def test_a_refused_url_is_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_store(url)
    assert url.partition("://")[2] not in str(caught.value)


async def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    async with a_store(tmp_path / "50% 語音?mode=ro#x" / "segue.db") as store:
        await store.events.append(an_event(1))

    assert (tmp_path / "50% 語音?mode=ro#x" / "segue.db").is_file()


async def test_a_file_locked_for_longer_than_a_call_waits_is_out_of_reach_until_it_is_free(tmp_path: Path) -> None:
    async with a_store(tmp_path / "segue.db") as store:
        with closing(sqlite3.connect(tmp_path / "segue.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="kept it locked for 5 s; end that process"):
                await store.events.append(an_event(1))
            assert await store.events.latest("rollout/test") is None, "readers do not wait for writers"
            other.execute("ROLLBACK")
        await store.events.append(an_event(1))


async def test_a_file_that_went_missing_is_missed_and_not_made_anew(tmp_path: Path) -> None:
    file = tmp_path / "segue.db"
    async with a_store(file) as store:
        await store.events.append(an_event(1))
        async with aclosing(store.events.changes()) as changes:
            await anext(changes)
            _move(file, tmp_path / "away.db")
            with pytest.raises(Unavailable):
                await anext(changes)
        with pytest.raises(Unavailable, match="check that the file exists"):
            await store.events.append(an_event(2))
        assert not file.exists()
        _move(tmp_path / "away.db", file)

        await store.events.append(an_event(2))
        assert await store.events.latest("rollout/test") == an_event(2)


async def test_a_backup_put_in_its_place_is_what_is_read_and_written_from_then_on(tmp_path: Path) -> None:
    file, backup = tmp_path / "segue.db", tmp_path / "backup.db"
    async with a_store(file) as store:
        await store.events.append(an_event(1))
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as target:
            source.backup(target)
        await store.events.append(an_event(2))
        _move(file, tmp_path / "old.db")
        backup.replace(file)

        assert await store.events.latest("rollout/test") == an_event(1)
        with pytest.raises(Gap, match="revision 3 of rollout/test cannot follow revision 1"):
            await store.events.append(an_event(3))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything; run the tests as another user")
async def test_a_file_that_may_not_be_read_is_out_of_reach(tmp_path: Path) -> None:
    file = tmp_path / "segue.db"
    async with a_store(file):
        pass
    file.chmod(0)
    store = open_store(f"sqlite:///{file}")
    with pytest.raises(Unavailable, match="cannot be opened"):
        await store.start()
    await store.close()


async def test_a_folder_in_the_files_place_is_out_of_reach(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}")
    with pytest.raises(Unavailable, match="cannot be opened; check that the file exists"):
        await store.start()
    await store.close()


def test_a_full_disk_is_called_one(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "full.db")) as connection:
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("CREATE TABLE t (x)")
        with pytest.raises(sqlite3.OperationalError) as full:
            connection.execute("INSERT INTO t VALUES (zeroblob(100000))")

    assert "the disk is full; make room" in Sqlite(tmp_path / "full.db").described(full.value)


async def test_postgresql_without_its_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'segue\[postgresql\]'"):
        open_store("postgresql://ann@localhost/segue")


def test_a_call_once_begun_is_finished_whoever_is_cancelled(tmp_path: Path) -> None:
    """Fifty event loops, each stopped and closed while calls were under way: no thread calls back into one."""
    chance = random.Random(7)
    began = time.monotonic()
    rounds = 0
    while rounds < 50 and time.monotonic() - began < 20:
        rounds += 1
        file = f"{rounds % 5}.db" if rounds % 6 else ""  # a folder cannot be opened, which must end as well
        asyncio.run(cancelled_at_random(f"sqlite:///{tmp_path}/{file}", chance))

    assert rounds == 50
    workers = [thread for thread in threading.enumerate() if "connection_worker" in thread.name]
    for thread in workers:
        thread.join(5)  # the last one may be on its way out
    assert not [thread for thread in workers if thread.is_alive()]


def _move(here: Path, there: Path) -> None:
    """The database with what is beside it."""
    for ending in ("", "-wal", "-shm"):
        Path(f"{here}{ending}").rename(f"{there}{ending}")


@asynccontextmanager
async def a_store(file: Path) -> AsyncIterator[Store]:
    store = open_store(f"sqlite:///{file}")
    await store.start()
    yield store
    await store.close()


def modes(path: Path, *suffixes: str) -> list[int]:
    return [stat.S_IMODE(path.with_name(path.name + suffix).stat().st_mode) for suffix in suffixes]


async def test_no_other_user_can_read_the_file(tmp_path: Path) -> None:
    """It has the salt and the key of audio URLs."""
    old = tmp_path / "old.db"
    old.touch(mode=0o644)
    old.chmod(0o644)
    for path, mode in ((tmp_path / "new.db", 0o600), (old, 0o640)):
        async with a_store(path):
            assert modes(path, "", "-wal", "-shm") == [mode] * 3
