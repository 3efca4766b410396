"""How much of each daily budget is used, over all replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from segue.rollout.store.tables import BUDGETS

if TYPE_CHECKING:
    from segue.rollout.store.database import Database


class SqlBudgets:
    """Implements ``segue.kernel.ports.budgets.Budgets``. Taking is a single statement, so it is atomic."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, day: int, amount: float, most: float) -> bool:
        if amount > most:
            return False
        insert = self._database.kind.insert(BUDGETS).values(name=name, day=day, taken=amount)
        together = BUDGETS.c.taken + insert.excluded.taken
        taking = insert.on_conflict_do_update(
            index_elements=["name", "day"], set_={"taken": together}, where=together <= most
        )
        return await self._database.write(taking) == 1

    async def taken(self, name: str, day: int) -> float:
        query = select(BUDGETS.c.taken).where(BUDGETS.c.name == name, BUDGETS.c.day == day)
        rows = await self._database.rows(query)
        return float(rows[0].taken) if rows else 0.0

    async def forget(self, name: str, before_day: int) -> None:
        await self._database.write(delete(BUDGETS).where(BUDGETS.c.name == name, BUDGETS.c.day < before_day))
