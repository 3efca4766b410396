"""Which processes serve a stream, and when each applied its revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from segue.rollout.ports.store import Replica
from segue.rollout.store.tables import REPLICAS, TAKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from segue.rollout.store.database import Database


class SqlReplicas:
    """Implements ``segue.rollout.ports.store.Replicas``: the latest reports in one table, the first ones in
    another.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, stream: str, replica: Replica) -> None:
        values = {"stream": stream} | {field: getattr(replica, field) for field in Replica.__slots__}
        insert = self._database.kind.insert
        latest = insert(REPLICAS).values(values)
        latest = latest.on_conflict_do_update(
            index_elements=["stream", "name"],
            set_={field: latest.excluded[field] for field in ("revision", "taken_at_s", "seen_at_s")},
        )
        first = insert(TAKEN).values(values).on_conflict_do_nothing()
        await self._database.write(latest, first)

    async def alive(self, stream: str, since_s: float) -> Sequence[Replica]:
        reports = REPLICAS.c
        query = select(REPLICAS).where(reports.stream == stream, reports.seen_at_s >= since_s)
        return [_replica(row) for row in await self._database.rows(query.order_by(reports.name))]

    async def taken(self, stream: str, revision: int) -> Sequence[Replica]:
        reports = TAKEN.c
        query = select(TAKEN).where(reports.stream == stream, reports.revision == revision)
        return [_replica(row) for row in await self._database.rows(query.order_by(reports.name))]

    async def leave(self, stream: str, name: str) -> None:
        await self._database.write(delete(REPLICAS).where(REPLICAS.c.stream == stream, REPLICAS.c.name == name))


def _replica(row: Row[Any]) -> Replica:
    return Replica(row.name, row.revision, row.taken_at_s, row.seen_at_s)
