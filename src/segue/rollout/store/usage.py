"""What was used on each day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, bindparam, case, delete, func, select

from segue.kernel.ports.usage import AMOUNTS, MOST_TOTALS, UsageField, UsageOf, UsageRow, UsageTotal, Used
from segue.rollout.store.tables import USAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from segue.rollout.store.database import Database, Insert

_KEY = tuple(column.name for column in USAGE.primary_key)
_JOINED = ""
"""The source of rows that stand for all sources of a day."""

_JOINED_AT_ONCE, _MOST_JOINS = 1000, 200


class SqlUsage:
    """Implements ``segue.kernel.ports.usage.UsageLog``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, rows: Sequence[UsageRow]) -> None:
        if not rows:
            return
        insert = self._database.kind.insert(USAGE)
        statement = insert.on_conflict_do_update(
            index_elements=_KEY, set_={name: _larger(USAGE.c[name], insert.excluded[name]) for name in AMOUNTS}
        )
        values = [_values(row) for row in sorted(rows, key=_place)]  # two writers lock rows in one order

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(statement, values)

        await self._database.transact(work)

    async def totals(
        self,
        since_day: int,
        before_day: int,
        by: Sequence[UsageField],
        key: str | None = None,
        limit: int = MOST_TOTALS,
    ) -> Sequence[UsageTotal]:
        fields = [USAGE.c[field] for field in by]
        sums = [func.sum(USAGE.c[name]).label(name) for name in AMOUNTS]
        query = select(*fields, *sums).where(USAGE.c.day >= since_day, USAGE.c.day < before_day)
        if key is not None:
            query = query.where(USAGE.c.key == key)
        found = await self._database.rows(query.group_by(*fields).order_by(*fields).limit(limit))
        width = len(fields)
        return [
            UsageTotal(tuple(str(value) for value in row[:width]), _used(row[width:]))
            for row in found
            if row[width] is not None  # without fields there is a row even if there was no usage
        ]

    async def tidy(self, join_before_day: int, forget_before_day: int) -> None:
        """A few rows in each transaction, because other writers wait for it, and only so often in one call.

        The rows are locked first, so that of two processes that join them the second finds none.
        """
        await self._database.write(delete(USAGE).where(USAGE.c.day < forget_before_day))
        for _ in range(_MOST_JOINS):
            joined = await self._database.transact(lambda connection: self._join(connection, join_before_day))
            if joined < _JOINED_AT_ONCE:
                return

    async def _join(self, connection: AsyncConnection, before_day: int) -> int:
        separate = select(USAGE).where(USAGE.c.day < before_day, USAGE.c.source != _JOINED)
        chosen = separate.order_by(*USAGE.primary_key).limit(_JOINED_AT_ONCE).with_for_update()
        rows = (await connection.execute(chosen)).all()
        joined: dict[tuple[int, UsageOf], Used] = {}
        for row in rows:
            place = row.day, UsageOf(row.key, row.arm, row.voice, row.character)
            joined[place] = joined.get(place, Used()).plus(_used([getattr(row, name) for name in AMOUNTS]))
        if rows:
            one = [USAGE.c[name] == bindparam(f"its_{name}") for name in _KEY]
            gone = [{f"its_{name}": getattr(row, name) for name in _KEY} for row in rows]
            await connection.execute(delete(USAGE).where(*one), gone)
            values = [_values(UsageRow(day, of, _JOINED, used)) for (day, of), used in sorted(joined.items())]
            await connection.execute(_adding(self._database.kind.insert(USAGE)), values)
        return len(rows)


def _place(row: UsageRow) -> tuple[int, UsageOf, str]:
    return row.day, row.of, row.source


def _larger(kept: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((kept > new, kept), else_=new)


def _adding(insert: Insert) -> Any:
    sums = {name: USAGE.c[name] + insert.excluded[name] for name in AMOUNTS}
    return insert.on_conflict_do_update(index_elements=_KEY, set_=sums)


def _values(row: UsageRow) -> Mapping[str, Any]:
    amounts = {name: getattr(row.used, name) for name in AMOUNTS}
    return {"day": row.day, **row.of._asdict(), "source": row.source} | amounts


def _used(sums: Sequence[Any]) -> Used:
    """PostgreSQL sums whole numbers to decimals."""
    requests, characters, synthesized, shadow, unpriced, cost_usd = sums
    return Used(int(requests), int(characters), int(synthesized), int(shadow), int(unpriced), float(cost_usd))
