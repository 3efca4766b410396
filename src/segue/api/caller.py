"""Who makes the current request, if callers must have a key."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from structlog.contextvars import STRUCTLOG_KEY_PREFIX

from segue.access.roles import AccessRefusal, Caller
from segue.api.refusals import NotPermitted

if TYPE_CHECKING:
    from segue.access.limiter import CountedRequest
    from segue.speech.core.catalogue import Catalogue

_CALLER: ContextVar[Caller | None] = ContextVar("segue_caller", default=None)
_NAME: ContextVar[str] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}caller")
"""In all log lines, as if structlog had bound it, which takes longer."""

_VISIT: ContextVar[CountedRequest | None] = ContextVar("segue_visit", default=None)
"""Valid only if the caller's key has limits."""


def called_by(caller: Caller) -> None:
    """Sets the caller for the current task; its name is in the log lines of the request."""
    _NAME.set(caller.name)
    _CALLER.set(caller)


def current_caller() -> Caller | None:
    """The caller of the current task; None if no keys are required."""
    return _CALLER.get()


def visits(visit: CountedRequest) -> None:
    """Sets the visit of the current task, whose caller has limits."""
    _VISIT.set(visit)


def current_visit() -> CountedRequest | None:
    """What counts the current task's request; None if its caller has no limits."""
    caller = _CALLER.get()
    return None if caller is None or caller.limits is None else _VISIT.get()


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
