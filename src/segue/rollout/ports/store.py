"""The database: the history, which is never rewritten, and the data beside it.

A history is a set of streams, and each stream is a sequence of events numbered from 1. A writer names the revision
that it has seen; if two writers have seen the same revision, one wins. The other data can be lost without harm:
who may act (leases), which replica serves by which revision (replicas), what was seen in each period (rows), the
latest value for a key (notes), how much of a day's budget is used (budgets), and what was used by whom (usage).

Names (streams, leases, replicas, series, sources, keys) can have up to 256 characters. Texts can contain any
Unicode; two kinds of characters that databases refuse are replaced by ``storable``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from segue.kernel.errors import SegueError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from segue.kernel.ports.budgets import Budgets
    from segue.kernel.ports.usage import UsageLog


class ActorSource(StrEnum):
    """How the service knows who acted. ``person``: by a token of their issuer. ``claimed``: the holder of the
    admin token gave this name, unchecked.

    Entries of the service itself have none, nor have those of earlier versions.
    """

    KEY = "key"
    TOKEN = "token"  # noqa: S105 - the kind of a secret, not one
    PERSON = "person"
    CLAIMED = "claimed"


def shown(actor: str, source: str) -> str:
    """The actor for people. The mark is at names that were claimed, because a name could not claim to lack it."""
    return f"{actor} (claimed)" if source == ActorSource.CLAIMED else actor


def storable(text: str) -> str:
    """The text as every store keeps it: a NUL becomes its picture, U+2400, and half a surrogate pair becomes
    U+FFFD.
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\u2400")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. ``data`` is JSON; ``at_s`` is Unix time."""

    stream: str
    revision: int
    at_s: float
    actor: str
    kind: str
    data: str


def was_first(winner: Event) -> str:
    """Says who did what first."""
    return f"{winner.stream} has changed: its revision {winner.revision} is {winner.kind!r} by {winner.actor}"


class Conflict(SegueError):  # noqa: N818 - a condition, as the rest of the tree
    """Another writer wrote the revision first; ``winner`` is that event."""

    def __init__(self, winner: Event, found: str | None = None) -> None:
        super().__init__(f"{found or was_first(winner)}; check the current status and decide again")
        self.winner = winner


class Gap(Conflict):
    """The revision is ahead of the history, for example because an older copy of the database was restored.

    ``winner`` is the last event; if there is none, an event at revision 0 by ``nobody``.
    """

    def __init__(self, refused: Event, last: Event | None) -> None:
        last = last or Event(refused.stream, 0, 0.0, "nobody", "none", "{}")
        super().__init__(
            last, f"revision {refused.revision} of {refused.stream} cannot follow revision {last.revision}"
        )


class EventLog(Protocol):
    """Every method can raise ``Unavailable`` if the store is out of reach."""

    async def append(self, event: Event) -> None:
        """Writes the event at its revision, which must be the one after the latest.

        Raises:
            Conflict: that revision exists already.
            Gap: revisions before it are missing; this is a Conflict too.
        """
        ...

    async def latest(self, stream: str) -> Event | None: ...

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        """Events in order, starting after revision ``after``."""
        ...

    def changes(self) -> AsyncGenerator[None]:
        """Yields once at first, and then soon after any process wrote an event.

        One yield can stand for several events. Data written beside the events causes no yield. Close it with
        ``contextlib.aclosing``.
        """
        ...


LONGEST_LEASES = 2.0
"""A lease that ends later than this many leases from now was taken before a clock was set back."""


class Leases(Protocol):
    """Who may act, for a limited time. Times are Unix seconds of the caller's clock."""

    async def take(self, name: str, holder: str, now_s: float, for_s: float) -> bool:
        """Takes or renews the lease until ``now_s + for_s``. Returns False if another holder still has it.

        A lease that ends after ``now_s + LONGEST_LEASES * for_s`` is no longer valid: it cannot have been taken
        with a clock that agrees with the caller's, and its holder may be dead.
        """
        ...

    async def give_up(self, name: str, holder: str) -> None:
        """Lets another holder take it immediately; does nothing if this holder does not have it."""
        ...


@dataclass(frozen=True, slots=True)
class Replica:
    """A process that serves, and the revision it serves by.

    ``taken_at_s`` is when it applied that revision, ``seen_at_s`` when it last reported (Unix time).
    """

    name: str
    revision: int
    taken_at_s: float
    seen_at_s: float


class Replicas(Protocol):
    """Which processes serve a stream, and when each applied its revisions."""

    async def report(self, stream: str, replica: Replica) -> None:
        """Stores the replica's report; the first report of each revision is kept in addition to the latest one."""
        ...

    async def alive(self, stream: str, since_s: float) -> Sequence[Replica]:
        """The latest report of each replica that has reported at or after ``since_s``, by name."""
        ...

    async def taken(self, stream: str, revision: int) -> Sequence[Replica]:
        """The first report of each replica at exactly this revision, by name."""
        ...

    async def leave(self, stream: str, name: str) -> None:
        """Removes a replica that has stopped from the living ones; its first reports of revisions are kept."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """What one source saw in the period from ``start_s`` (Unix time).

    The format of ``data`` is the source's own.
    """

    series: str
    start_s: float
    source: str
    data: bytes


class Rows(Protocol):
    """Series of rows, appended over time and pruned at the old end."""

    async def add(self, row: Row) -> None:
        """Writes a row; replaces one with the same series, start and source."""
        ...

    async def read(self, series: str, *, since_s: float, before_s: float, limit: int = 10_000) -> Sequence[Row]:
        """Rows with ``since_s <= start_s < before_s``, by start and source."""
        ...

    async def prune(self, series: str, before_s: float) -> None:
        """Removes rows that start before ``before_s``."""
        ...


@dataclass(frozen=True, slots=True)
class Note:
    """The latest value for a key. ``data`` is JSON."""

    at_s: float
    data: str


class Notes(Protocol):
    """Values by key; each write replaces the previous value."""

    async def put(self, key: str, note: Note) -> None: ...

    async def get(self, key: str) -> Note | None: ...


class Store(Protocol):
    """One database with all of these."""

    @property
    def events(self) -> EventLog: ...

    @property
    def leases(self) -> Leases: ...

    @property
    def replicas(self) -> Replicas: ...

    @property
    def rows(self) -> Rows: ...

    @property
    def notes(self) -> Notes: ...

    @property
    def budgets(self) -> Budgets: ...

    @property
    def usage(self) -> UsageLog: ...

    async def start(self) -> None:
        """Brings the tables up to date.

        Raises:
            Unavailable: the database is out of reach, or it is not a database.
        """
        ...

    async def close(self) -> None:
        """Waits for calls in progress, then closes the connections. Can be called twice."""
        ...
