"""What the stand-in remembers of the calls it got."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a call ended."""

    OPEN = "open"
    ANSWERED = "answered"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass(slots=True, eq=False)
class Call:
    """One call as the server saw it.

    ``allowed_s`` is what was left of the caller's deadline when it came; None: it had none.
    """

    method: str
    metadata: dict[str, str | bytes]
    allowed_s: float | None
    messages: list[Any] = field(default_factory=list)
    pieces: int = 0
    outcome: Outcome = Outcome.OPEN
    ended: asyncio.Event = field(default_factory=asyncio.Event)
