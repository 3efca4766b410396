"""The whole database as a ``Store``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.store.budgets import SqlBudgets
from segue.rollout.store.database import Database
from segue.rollout.store.events import SqlEvents
from segue.rollout.store.leases import SqlLeases
from segue.rollout.store.notes import SqlNotes
from segue.rollout.store.replicas import SqlReplicas
from segue.rollout.store.rows import SqlRows
from segue.rollout.store.usage import SqlUsage

if TYPE_CHECKING:
    from segue.rollout.store.database import DatabaseKind


class SqlStore:
    """Implements ``segue.rollout.ports.store.Store``."""

    def __init__(self, kind: DatabaseKind) -> None:
        self._database = Database(kind)
        self.events = SqlEvents(self._database)
        self.leases = SqlLeases(self._database)
        self.replicas = SqlReplicas(self._database)
        self.rows = SqlRows(self._database)
        self.notes = SqlNotes(self._database)
        self.budgets = SqlBudgets(self._database)
        self.usage = SqlUsage(self._database)

    async def start(self) -> None:
        await self._database.start()

    async def close(self) -> None:
        await self._database.close()
