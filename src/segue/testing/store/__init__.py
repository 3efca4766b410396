"""A store in memory, and the contract suites for stores."""

from segue.testing.store.budgets import BudgetsContract
from segue.testing.store.events import EventLogContract, an_event
from segue.testing.store.leases import LeasesContract
from segue.testing.store.memory import MemoryEventLog, MemoryStore
from segue.testing.store.notes import NotesContract
from segue.testing.store.replicas import ReplicasContract
from segue.testing.store.rows import RowsContract
from segue.testing.store.usage import UsageContract

__all__ = [
    "BudgetsContract",
    "EventLogContract",
    "LeasesContract",
    "MemoryEventLog",
    "MemoryStore",
    "NotesContract",
    "ReplicasContract",
    "RowsContract",
    "StoreContract",
    "UsageContract",
    "an_event",
]


class StoreContract(
    EventLogContract,
    LeasesContract,
    ReplicasContract,
    RowsContract,
    NotesContract,
    BudgetsContract,
    UsageContract,
):
    """All contracts together. Subclass it with a fixture ``store``, started and empty."""
