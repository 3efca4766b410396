"""Every store keeps the promises of ``segue.rollout.ports.store``: in memory, in SQLite and in PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.rollout.store.open import open_store
from segue.testing.store import MemoryStore, StoreContract
from support.postgresql import a_schema

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from segue.rollout.ports.store import Store


class TestMemoryStore(StoreContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        store = MemoryStore()
        await store.start()
        yield store
        await store.close()


class TestSqliteStore(StoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        store = open_store(f"sqlite:///{tmp_path}/state/segue.db")
        await store.start()
        yield store
        await store.close()


@pytest.mark.services
class TestPostgresqlStore(StoreContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[Store]:
        async with a_schema() as url:
            store = open_store(url)
            await store.start()
            yield store
            await store.close()
