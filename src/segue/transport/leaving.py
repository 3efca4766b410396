"""How a process stops: it announces that, serves for a while longer, then accepts nothing new, then ends."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Leave(StrEnum):
    """Why a process stops.

    ``STOP``: the whole service stops, and load balancers need time to notice. ``RETIRE``: another worker replaces
    this one and already accepts the new connections.
    """

    STOP = "stop"
    RETIRE = "retire"


class LeaveTimes(NamedTuple):
    """``drain_s``: how long new requests are served after a stop was requested. ``grace_s``: how long open
    requests may then take.
    """

    drain_s: float = 5.0
    grace_s: float = 20.0

    @property
    def longest_s(self) -> float:
        """A process that still runs after this time hangs."""
        return self.drain_s + self.grace_s + _CLOSING_S


_CLOSING_S = 15.0
"""Time for closing engines and the store after the last response."""


class Leaving:
    """Whether and how this process is stopping; its health reports this."""

    def __init__(self) -> None:
        self.how: Leave | None = None

    def stopping(self) -> bool:
        """Whether the whole service is stopping and therefore not ready for new requests."""
        return self.how is Leave.STOP
