"""Notes: the latest value for a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from segue.rollout.ports.store import Note
from segue.rollout.store.tables import NOTES

if TYPE_CHECKING:
    from segue.rollout.store.database import Database


class SqlNotes:
    """Implements ``segue.rollout.ports.store.Notes``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, key: str, note: Note) -> None:
        insert = self._database.kind.insert(NOTES).values(key=key, at_s=note.at_s, data=note.data)
        await self._database.write(
            insert.on_conflict_do_update(
                index_elements=["key"], set_={"at_s": insert.excluded.at_s, "data": insert.excluded.data}
            )
        )

    async def get(self, key: str) -> Note | None:
        rows = await self._database.rows(select(NOTES).where(NOTES.c.key == key))
        return Note(rows[0].at_s, rows[0].data) if rows else None
