"""The history: only appended to, never rewritten."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select

from segue.rollout.ports.store import Conflict, Event, Gap
from segue.rollout.store.tables import EVENTS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from sqlalchemy import Executable, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from segue.rollout.store.database import Database


class SqlEvents:
    """Implements ``segue.rollout.ports.store.EventLog``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, event: Event) -> None:
        statement = self._compare_and_set(event)

        async def work(connection: AsyncConnection) -> bool:
            if not (await connection.execute(statement)).rowcount:
                return False
            for telling in self._database.kind.tell():
                await connection.exec_driver_sql(telling)
            return True

        if not await self._database.transact(work, urgent=True):
            raise await self._refusal(event)

    async def latest(self, stream: str) -> Event | None:
        query = select(EVENTS).where(EVENTS.c.stream == stream).order_by(EVENTS.c.revision.desc()).limit(1)
        rows = await self._database.rows(query)
        return _event(rows[0]) if rows else None

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        query = (
            select(EVENTS)
            .where(EVENTS.c.stream == stream, EVENTS.c.revision > after)
            .order_by(EVENTS.c.revision)
            .limit(limit)
        )
        return [_event(row) for row in await self._database.rows(query)]

    async def changes(self) -> AsyncGenerator[None]:
        await self._database.ready()
        with self._database.translated():
            async with aclosing(self._database.kind.watch()) as added:
                async for _ in added:
                    yield

    def _compare_and_set(self, event: Event) -> Executable:
        """One statement that inserts the row if the latest revision is the previous one.

        The primary key decides races.
        """
        latest = (
            select(func.coalesce(func.max(EVENTS.c.revision), 0))
            .where(EVENTS.c.stream == event.stream)
            .scalar_subquery()
        )
        values = [literal(getattr(event, column.name), column.type) for column in EVENTS.c]
        row = select(*values).where(latest == event.revision - 1)
        insert = self._database.kind.insert(EVENTS)
        return insert.from_select(list(EVENTS.c.keys()), row).on_conflict_do_nothing()

    async def _refusal(self, event: Event) -> Conflict:
        taken = await self.read(event.stream, after=event.revision - 1, limit=1)
        return Conflict(taken[0]) if taken else Gap(event, await self.latest(event.stream))


def _event(row: Row[Any]) -> Event:
    return Event(row.stream, row.revision, row.at_s, row.actor, row.kind, row.data)
