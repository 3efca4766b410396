"""SQLite: one file beside the service, shared by its worker processes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

_LOOK_EVERY_S = 0.1
_BUSY_TIMEOUT_MS = 5000


def open_sqlite(url: str) -> AsyncEngine:
    """An engine in WAL mode, durable at every commit, patient with other writers."""
    engine = create_async_engine(url)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY_TIMEOUT_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


async def watch_sqlite(engine: AsyncEngine) -> AsyncIterator[None]:
    """Yields when another connection, of any process, has committed: ``PRAGMA data_version`` says so."""
    async with engine.connect() as connection:
        seen = await _data_version(connection)
        yield
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            now = await _data_version(connection)
            if now != seen:
                seen = now
                yield


async def _data_version(connection: Any) -> int:
    version = (await connection.execute(text("PRAGMA data_version"))).scalar_one()
    await connection.rollback()
    return int(version)
