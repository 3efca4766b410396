"""The database: what happened, in order, never rewritten; and what is beside it.

A history is a set of streams; each is a sequence of events numbered from 1. Writing names the revision that the
writer had seen; of two who saw the same, one wins. Beside it stand what may be forgotten: who may act (leases),
who serves by which revision (replicas), what was seen in each slice of time (rows), and the latest word on
something (notes).

Names (streams, leases, replicas, series, sources, keys) may be 256 characters long. Texts may hold any Unicode;
two kinds of character that databases refuse come back as ``storable`` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from segue.core.errors import SegueError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence


def storable(text: str) -> str:
    """The text as every store keeps it, so that all keep the same: a NUL becomes its picture, U+2400; half of a
    surrogate pair becomes U+FFFD.
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


class Conflict(SegueError):  # noqa: N818 - a condition, as the rest of the tree
    """Someone else wrote the revision first; ``winner`` is what they wrote."""

    def __init__(self, winner: Event, found: str | None = None) -> None:
        found = found or (
            f"{winner.actor} was first: revision {winner.revision} of {winner.stream} is their {winner.kind!r}"
        )
        super().__init__(f"{found}; look at the state as it is now and decide again")
        self.winner = winner


class Gap(Conflict):
    """The revision is ahead of the history, as after an older copy of the database was put back.

    ``winner`` is the last event there is; at revision 0, by nobody, where there is none.
    """

    def __init__(self, refused: Event, last: Event | None) -> None:
        last = last or Event(refused.stream, 0, 0.0, "nobody", "none", "{}")
        super().__init__(
            last, f"revision {refused.revision} of {refused.stream} cannot follow revision {last.revision}"
        )


class EventLog(Protocol):
    """Every method may raise ``Unavailable`` when the store is out of reach."""

    async def append(self, event: Event) -> None:
        """Writes the event at its revision, which must be the one after the latest.

        Raises:
            Conflict: that revision is taken.
            Gap: revisions before it are missing; a Conflict too.
        """
        ...

    async def latest(self, stream: str) -> Event | None: ...

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        """Events in order, from the one after revision ``after``."""
        ...

    def changes(self) -> AsyncGenerator[None]:
        """Yields once at first, and then soon after an event was written, by whomever; several may be one change.

        What is written beside the events is no change. Close it with ``contextlib.aclosing``.
        """
        ...


LONGEST_LEASES = 2.0
"""A lease that ends later than so many leases from now was taken before a clock was set back."""


class Leases(Protocol):
    """Who may act, for a while. Times are Unix seconds, the caller's own."""

    async def take(self, name: str, holder: str, now_s: float, for_s: float) -> bool:
        """Takes or renews the lease until ``now_s + for_s``. False: another holds it still.

        One that ends after ``now_s + LONGEST_LEASES * for_s`` is no longer held: nobody can have taken it by a
        clock that agrees with this one, and who did may be dead.
        """
        ...

    async def give_up(self, name: str, holder: str) -> None:
        """Lets another take it at once; nothing where it is not this holder's."""
        ...


@dataclass(frozen=True, slots=True)
class Replica:
    """A process that serves, and the revision it serves by.

    ``taken_at_s`` is when it took that revision, ``seen_at_s`` when it last said so (Unix time).
    """

    name: str
    revision: int
    taken_at_s: float
    seen_at_s: float


class Replicas(Protocol):
    """Which processes serve a stream, and how fast each followed."""

    async def report(self, stream: str, replica: Replica) -> None:
        """What the replica says of itself; the first report of a revision is kept beside the latest of all."""
        ...

    async def alive(self, stream: str, since_s: float) -> Sequence[Replica]:
        """The latest report of each replica heard of at or after ``since_s``, by name."""
        ...

    async def taken(self, stream: str, revision: int) -> Sequence[Replica]:
        """The first report of each replica at this very revision, by name."""
        ...

    async def leave(self, stream: str, name: str) -> None:
        """The replica has stopped in good order: it is no longer among the living; what it took stays known."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """What one source saw in the slice of time from ``start_s`` (Unix time). ``data`` is the source's own."""

    series: str
    start_s: float
    source: str
    data: bytes


class Rows(Protocol):
    """Series of rows, appended in time and pruned behind."""

    async def add(self, row: Row) -> None:
        """Writes a row; one of the same series, start and source is replaced."""
        ...

    async def read(self, series: str, *, since_s: float, before_s: float, limit: int = 10_000) -> Sequence[Row]:
        """Rows with ``since_s <= start_s < before_s``, by start and source."""
        ...

    async def prune(self, series: str, before_s: float) -> None:
        """Forgets rows that start before."""
        ...


@dataclass(frozen=True, slots=True)
class Note:
    """The latest word on something. ``data`` is JSON."""

    at_s: float
    data: str


class Notes(Protocol):
    """Words by key; each replaces the one before."""

    async def put(self, key: str, note: Note) -> None: ...

    async def get(self, key: str) -> Note | None: ...


class Store(Protocol):
    """One database with all of these in it."""

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

    async def start(self) -> None:
        """Brings the tables up to date.

        Raises:
            Unavailable: the database is out of reach, or is none.
        """
        ...

    async def close(self) -> None:
        """Waits for what is under way, then lets go. May be called twice."""
        ...
