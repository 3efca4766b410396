"""An event log over SQLAlchemy Core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from segue.core.errors import Unavailable
from segue.ports.store import Conflict, Event
from segue.store.tables import EVENTS, METADATA

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncEngine

    Watch = Callable[[AsyncEngine], AsyncIterator[None]]


class SqlEventLog:
    """Implements ``segue.ports.store.EventLog``; how changes are noticed is the database's own affair."""

    def __init__(self, engine: AsyncEngine, watch: Watch) -> None:
        self._engine = engine
        self._watch = watch

    async def start(self) -> None:
        try:
            async with self._engine.begin() as connection:
                await connection.run_sync(METADATA.create_all)
        except (SQLAlchemyError, OSError) as error:
            raise _out_of_reach(error) from error

    async def append(self, event: Event) -> None:
        row = {field: getattr(event, field) for field in Event.__slots__}
        try:
            async with self._engine.begin() as connection:
                await connection.execute(insert(EVENTS).values(row))
        except IntegrityError as error:
            raise await self._conflict(event) from error
        except (SQLAlchemyError, OSError) as error:
            raise _out_of_reach(error) from error

    async def latest(self, stream: str) -> Event | None:
        query = select(EVENTS).where(EVENTS.c.stream == stream).order_by(EVENTS.c.revision.desc()).limit(1)
        rows = await self._rows(query)
        return _event(rows[0]) if rows else None

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        query = (
            select(EVENTS)
            .where(EVENTS.c.stream == stream, EVENTS.c.revision > after)
            .order_by(EVENTS.c.revision)
            .limit(limit)
        )
        return [_event(row) for row in await self._rows(query)]

    async def changes(self) -> AsyncIterator[None]:
        try:
            async for _ in self._watch(self._engine):
                yield
        except (SQLAlchemyError, OSError) as error:
            raise _out_of_reach(error) from error

    async def close(self) -> None:
        await self._engine.dispose()

    async def _rows(self, query: Any) -> Sequence[Row[Any]]:
        try:
            async with self._engine.connect() as connection:
                return (await connection.execute(query)).all()
        except (SQLAlchemyError, OSError) as error:
            raise _out_of_reach(error) from error

    async def _conflict(self, event: Event) -> Conflict:
        found = await self.read(event.stream, after=event.revision - 1, limit=1)
        return Conflict(found[0] if found else event)


def _event(row: Row[Any]) -> Event:
    return Event(row.stream, row.revision, row.at_s, row.actor, row.kind, row.data)


def _out_of_reach(error: Exception) -> Unavailable:
    return Unavailable(
        f"the store cannot be reached ({type(error).__name__}); the last known state goes on serving"
    )
