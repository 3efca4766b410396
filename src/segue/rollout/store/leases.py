"""Leases: who may act, for a limited time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, or_

from segue.rollout.ports.store import LONGEST_LEASES
from segue.rollout.store.tables import LEASES

if TYPE_CHECKING:
    from segue.rollout.store.database import Database


class SqlLeases:
    """Implements ``segue.rollout.ports.store.Leases``. Each call is a single statement, so it is atomic."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, name: str, holder: str, now_s: float, for_s: float) -> bool:
        insert = self._database.kind.insert(LEASES).values(name=name, holder=holder, until_s=now_s + for_s)
        mine_or_over = or_(
            LEASES.c.holder == holder,
            LEASES.c.until_s <= now_s,
            LEASES.c.until_s > now_s + LONGEST_LEASES * for_s,
        )
        taking = insert.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": insert.excluded.holder, "until_s": insert.excluded.until_s},
            where=mine_or_over,
        )
        return await self._database.write(taking) == 1

    async def give_up(self, name: str, holder: str) -> None:
        await self._database.write(delete(LEASES).where(LEASES.c.name == name, LEASES.c.holder == holder))
