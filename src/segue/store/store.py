"""The database as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.store.database import Database
from segue.store.events import SqlEvents
from segue.store.leases import SqlLeases
from segue.store.notes import SqlNotes
from segue.store.replicas import SqlReplicas
from segue.store.rows import SqlRows

if TYPE_CHECKING:
    from segue.store.database import Kind


class SqlStore:
    """Implements ``segue.ports.store.Store``."""

    def __init__(self, kind: Kind) -> None:
        self._database = Database(kind)
        self.events = SqlEvents(self._database)
        self.leases = SqlLeases(self._database)
        self.replicas = SqlReplicas(self._database)
        self.rows = SqlRows(self._database)
        self.notes = SqlNotes(self._database)

    async def start(self) -> None:
        await self._database.start()

    async def close(self) -> None:
        await self._database.close()
