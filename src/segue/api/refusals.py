"""Errors of HTTP itself, with the same status in every dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from segue.access.limits import Limit, LimitReached
from segue.kernel.errors import InvalidRequest, Unavailable

if TYPE_CHECKING:
    from segue.access.roles import AccessRefusal
    from segue.api.asgi import Header
    from segue.kernel.errors import SegueError


class HttpRefusal(InvalidRequest):
    """A request that violates HTTP's rules or limits. ``headers`` are added to the response.

    ``name`` is its code in Segue's own APIs, if that is not the one of all invalid requests.
    """

    status: ClassVar[int] = 400
    name: ClassVar[str] = ""
    headers: tuple[Header, ...] = ()


class WrongMethod(HttpRefusal):
    """The path exists, but not for this method."""

    status = 405

    def __init__(self, method: str, *allowed: str) -> None:
        super().__init__(f"method {method[:16]} is not allowed here; use {' or '.join(allowed)}")
        self.headers = ((b"allow", ", ".join(allowed).encode()),)


class NotFound(HttpRefusal):
    """Nothing has this name or id, at a path that exists."""

    status = 404
    name = "not_found"


class BodyUnread(HttpRefusal):
    """The body was not read to its end, so the connection cannot be used for further requests."""

    headers: tuple[Header, ...] = ((b"connection", b"close"),)


class BodyTooLarge(BodyUnread):
    """The body is larger than the service accepts, compressed or decompressed."""

    status = 413


class BodyTooSlow(BodyUnread):
    """The body did not arrive in time."""


class UnknownCoding(BodyUnread):
    """The body has a compression that the service does not support."""

    status = 415
    headers = (*BodyUnread.headers, (b"accept-encoding", b"gzip, deflate"))


class CallerRefused(HttpRefusal):
    """The caller is not known, or may not do this. ``reason`` is for programs; no message has a secret."""

    def __init__(self, message: str, reason: AccessRefusal) -> None:
        super().__init__(message)
        self.reason = reason


class NotAuthenticated(CallerRefused):
    """No key, or one that is unknown, expired or revoked."""

    status = 401
    name = "unauthenticated"
    headers: tuple[Header, ...] = ((b"www-authenticate", b"Bearer"),)


class NotPermitted(CallerRefused):
    """The key is valid, but not for this."""

    status = 403
    name = "permission_denied"


class TooManyGuesses(HttpRefusal):
    """Too many wrong secrets came from this address."""

    status = 429
    name = "too_many_guesses"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class KeysUnread(Unavailable):
    """The keys are not known at present, so no caller can be recognized."""


LIMIT_REACHED = "rate_limit_exceeded"
BUDGET_USED = "insufficient_quota"
"""The codes for limits of a key, which are OpenAI's too."""


def code_of(error: SegueError) -> str:
    """The error's code in Segue's own APIs."""
    if isinstance(error, LimitReached):
        return BUDGET_USED if error.limit is Limit.CHARS_PER_MONTH else LIMIT_REACHED
    return error.name or error.code if isinstance(error, HttpRefusal) else error.code
