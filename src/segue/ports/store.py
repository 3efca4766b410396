"""The history: what happened, in order, never rewritten.

A history is a set of streams; each is a sequence of events numbered from 1. Writing names the revision that the
writer had seen; of two who saw the same, one wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from segue.core.errors import SegueError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


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

    def __init__(self, winner: Event) -> None:
        super().__init__(
            f"{winner.actor} was first: revision {winner.revision} of {winner.stream} is their {winner.kind!r}; "
            "look at the state as it is now and decide again"
        )
        self.winner = winner


class EventLog(Protocol):
    """Every method may raise ``Unavailable`` when the store is out of reach."""

    async def start(self) -> None:
        """Brings the tables up to date."""
        ...

    async def append(self, event: Event) -> None:
        """Writes the event at its revision.

        Raises:
            Conflict: that revision is taken.
        """
        ...

    async def latest(self, stream: str) -> Event | None: ...

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        """Events in order, from the one after revision ``after``."""
        ...

    def changes(self) -> AsyncIterator[None]:
        """Yields soon after anything was written, by whomever; several writes may be one change."""
        ...

    async def close(self) -> None: ...
