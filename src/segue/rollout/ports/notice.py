"""Notices about a rollout for people, and the targets that deliver them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from segue.kernel.errors import SegueError


class NoticeKind(StrEnum):
    """``transition``: an entry of the history. ``approval_wanted``: an entry after which a person must approve.

    ``alert``: a condition that the judge cannot resolve.
    """

    TRANSITION = "transition"
    APPROVAL_WANTED = "approval_wanted"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. ``id`` is unique, and stays the same for all retries.

    ``event`` is the entry's kind or the alert's name. ``at_s`` is Unix time. ``stage`` counts from 0. ``title`` is
    a sentence for people. ``trigger`` and ``character`` are empty if there is none.
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
    actor_source: str = ""


class Refused(SegueError):  # noqa: N818 - a condition, as the rest of the tree
    """The target answered that it will never accept this notice."""


class Target(Protocol):
    """A destination for notices."""

    @property
    def name(self) -> str:
        """The same after every start, and reveals no secret."""
        ...

    @property
    def kind(self) -> str:
        """``webhook`` or ``chat``."""
        ...

    async def send(self, notice: Notice) -> None:
        """Returns when the notice has arrived.

        Raises:
            Unavailable: it did not arrive; a retry may succeed.
            Refused: it will never be accepted.
        """
        ...
