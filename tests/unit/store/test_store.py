"""The history's database: opened by URL, and out of reach without harm."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from segue.core.errors import ConfigurationError, Unavailable
from segue.store.open import open_store
from segue.testing.store import an_event

if TYPE_CHECKING:
    from pathlib import Path


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

    with pytest.raises(Unavailable, match="the last known state goes on serving"):
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
