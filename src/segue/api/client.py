"""The client address of the current request, for the log and for fair queueing."""

from __future__ import annotations

from contextvars import ContextVar

import structlog.contextvars

_ADDRESS: ContextVar[str] = ContextVar("segue_client", default="")


def came_from(address: str) -> None:
    """Sets the client address for the current task; empty if it is not known."""
    structlog.contextvars.bind_contextvars(client=address)
    _ADDRESS.set(address)


def client_address() -> str:
    return _ADDRESS.get()
