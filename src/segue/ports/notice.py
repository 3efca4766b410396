"""What people are told of a rollout, and whoever carries it to them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from segue.core.errors import SegueError


class NoticeKind(StrEnum):
    """``transition``: an entry of the history. ``approval_wanted``: an entry that asks a person. ``alert``: a
    condition that the judge cannot mend.
    """

    TRANSITION = "transition"
    APPROVAL_WANTED = "approval_wanted"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. ``id`` is the same however often it is tried, and of nothing else.

    ``event`` is the entry's kind or the alert's name; ``at_s`` is Unix time; ``stage`` counts from 0; ``title`` is
    a sentence for people. ``trigger`` and ``character`` are empty where there is none.
    """

    id: str
    kind: NoticeKind
    rollout_id: str
    revision: int
    event: str
    at_s: float
    title: str
    why: str = ""
    actor: str = ""
    trigger: str = ""
    character: str = ""
    phase: str = ""
    stage: int = 0
    share_percent: float = 0.0


class Refused(SegueError):  # noqa: N818 - a condition, as the rest of the tree
    """The target answered that it will never take this."""


class Target(Protocol):
    """Where notices go."""

    @property
    def name(self) -> str:
        """Stays the same from start to start, and gives no secret away."""
        ...

    @property
    def kind(self) -> str:
        """``webhook`` or ``chat``."""
        ...

    async def send(self, notice: Notice) -> None:
        """Until it has arrived.

        Raises:
            Unavailable: it did not; another time it may.
            Refused: it never will.
        """
        ...
