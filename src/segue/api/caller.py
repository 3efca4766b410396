"""Who makes the current request, if callers must have a key."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from structlog.contextvars import STRUCTLOG_KEY_PREFIX

from segue.access.roles import AccessRefusal, Caller
from segue.api.refusals import NotPermitted
from segue.kernel.errors import SegueError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.access.limiter import CountedRequest, KeyLimiter
    from segue.speech.core.catalogue import Catalogue

_CALLER: ContextVar[Caller | None] = ContextVar("segue_caller", default=None)
_NAME: ContextVar[str] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}caller")
"""In all log lines, as if structlog had bound it, which takes longer."""

_COUNTED: ContextVar[CountedRequest | None] = ContextVar("segue_counted_request", default=None)
"""None if the caller has no limits."""


def called_by(caller: Caller) -> None:
    """Sets the caller for the current task; its name is in the log lines of the request."""
    _NAME.set(caller.name)
    _CALLER.set(caller)


def current_caller() -> Caller | None:
    """The caller of the current task; None if no keys are required."""
    return _CALLER.get()


@contextmanager
def counting(limiter: KeyLimiter | None, caller: Caller | None) -> Iterator[None]:
    """Lets ``count_text`` count the texts of one request of this caller, if its key has limits.

    If the request fails with a SegueError, its last text counts nothing.
    """
    if limiter is None or caller is None or caller.limits is None:
        yield
        return
    counted = limiter.begin(caller)
    _COUNTED.set(counted)
    try:
        yield
    except SegueError:
        counted.refund()
        raise
    finally:
        _COUNTED.set(None)
        counted.end()


async def count_text(chars: int) -> None:
    """Counts a text of the current task's request, if its caller has limits.

    Raises:
        LimitReached: a limit has too little left; nothing was counted.
    """
    counted = _COUNTED.get()
    if counted is not None:
        await counted.spend(chars)


def refund_text() -> None:
    """There was no audio for the last text, so it counts nothing."""
    counted = _COUNTED.get()
    if counted is not None:
        counted.refund()


def caller_name() -> str:
    """The name of the current task's caller; "anyone" if no keys are required."""
    caller = _CALLER.get()
    return "anyone" if caller is None else caller.name


def check_character(catalogue: Catalogue, named: str) -> None:
    """Checks that the caller may use this character, which may be named by an alias.

    Raises:
        NotPermitted: the caller's key is limited to other characters.
        InvalidRequest: the catalogue has no such character.
    """
    caller = _CALLER.get()
    if caller is None or caller.characters is None:
        return
    key = catalogue.character(named).key
    if key not in caller.characters:
        raise NotPermitted(
            f"this API key may not use the character {key!r}; use one of its own, or another key",
            AccessRefusal.CHARACTER,
        )


def may_use(character_key: str) -> bool:
    """Whether the caller may use the character with this key of the catalogue, which may have lost it since."""
    caller = _CALLER.get()
    return caller is None or caller.characters is None or character_key in caller.characters
