"""Lets a thread check whether its result is still needed, because a thread cannot be stopped from outside."""

from __future__ import annotations

from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_LEFT: ContextVar[threading.Event | None] = ContextVar("segue_left", default=None)


class NobodyWaits(Exception):  # noqa: N818 - a condition, not a fault
    """The caller has left, so the result is not needed any more."""


def run_until(left: threading.Event, work: Callable[[*Ts], T], *args: *Ts) -> T:
    """The result of ``work(*args)``, in this thread. Once ``left`` is set, it ends at its next block of samples.

    Raises:
        NobodyWaits: ``left`` was set.
    """
    context = copy_context()
    context.run(_LEFT.set, left)
    return context.run(work, *args)


def check_waited() -> None:
    """Raises NobodyWaits if the result of this thread's work is not needed any more."""
    left = _LEFT.get()
    if left is not None and left.is_set():
        raise NobodyWaits
