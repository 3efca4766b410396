"""Series of rows, appended over time and pruned at the old end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from segue.rollout.ports.store import Row
from segue.rollout.store.tables import ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.rollout.store.database import Database


class SqlRows:
    """Implements ``segue.rollout.ports.store.Rows``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: Row) -> None:
        insert = self._database.kind.insert(ROWS).values(
            series=row.series, start_s=row.start_s, source=row.source, data=row.data
        )
        await self._database.write(
            insert.on_conflict_do_update(
                index_elements=["series", "start_s", "source"], set_={"data": insert.excluded.data}
            )
        )

    async def read(self, series: str, *, since_s: float, before_s: float, limit: int = 10_000) -> Sequence[Row]:
        query = (
            select(ROWS)
            .where(ROWS.c.series == series, ROWS.c.start_s >= since_s, ROWS.c.start_s < before_s)
            .order_by(ROWS.c.start_s, ROWS.c.source)
            .limit(limit)
        )
        found = await self._database.rows(query)
        return [Row(row.series, row.start_s, row.source, row.data) for row in found]

    async def prune(self, series: str, before_s: float) -> None:
        await self._database.write(delete(ROWS).where(ROWS.c.series == series, ROWS.c.start_s < before_s))
