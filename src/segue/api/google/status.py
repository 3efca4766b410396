"""Errors in Google's format: a code, a message, and details for programs."""

from __future__ import annotations

from typing import NamedTuple

from segue.access.roles import AccessRefusal
from segue.api.refusals import (
    BodyTooLarge,
    CallerRefused,
    NotAuthenticated,
    TooManyGuesses,
    UnknownCoding,
    WrongMethod,
)
from segue.kernel.errors import ErrorCode, InvalidRequest, SegueError


class CanonicalCode(NamedTuple):
    """A canonical code: its number in gRPC, its name, and its HTTP status in REST."""

    number: int
    name: str
    http: int


INVALID_ARGUMENT = CanonicalCode(3, "INVALID_ARGUMENT", 400)
DEADLINE_EXCEEDED = CanonicalCode(4, "DEADLINE_EXCEEDED", 504)
PERMISSION_DENIED = CanonicalCode(7, "PERMISSION_DENIED", 403)
RESOURCE_EXHAUSTED = CanonicalCode(8, "RESOURCE_EXHAUSTED", 429)
ABORTED = CanonicalCode(10, "ABORTED", 409)
UNIMPLEMENTED = CanonicalCode(12, "UNIMPLEMENTED", 405)
INTERNAL = CanonicalCode(13, "INTERNAL", 500)
UNAVAILABLE = CanonicalCode(14, "UNAVAILABLE", 503)
UNAUTHENTICATED = CanonicalCode(16, "UNAUTHENTICATED", 401)

_KINDS = {
    ErrorCode.INVALID_REQUEST: INVALID_ARGUMENT,
    ErrorCode.QUOTA: RESOURCE_EXHAUSTED,
    ErrorCode.DEADLINE: DEADLINE_EXCEEDED,
    ErrorCode.UNSUPPORTED: UNAVAILABLE,
    ErrorCode.UNAVAILABLE: UNAVAILABLE,
    ErrorCode.BAD_AUDIO: UNAVAILABLE,
    ErrorCode.INTERNAL: UNAVAILABLE,
}
"""If no arm can answer, the code is UNAVAILABLE, which tells Google's clients that they may retry."""

_SPECIAL_KINDS: dict[type[SegueError], CanonicalCode] = {
    WrongMethod: UNIMPLEMENTED,
    TooManyGuesses: RESOURCE_EXHAUSTED,
}
_GOOGLES_REASON = "RATE_LIMIT_EXCEEDED"
_GOOGLES_DOMAIN = "googleapis.com"
_OWN_DOMAIN = "segue"
_REASONS: dict[type[SegueError], str] = {
    BodyTooLarge: "BODY_TOO_LARGE",
    UnknownCoding: "UNSUPPORTED_CONTENT_ENCODING",
    WrongMethod: "METHOD_NOT_ALLOWED",
    TooManyGuesses: "TOO_MANY_GUESSES",
}
_OF_CALLERS = {
    AccessRefusal.MISSING: "CREDENTIALS_MISSING",
    AccessRefusal.ROLE: "API_KEY_SERVICE_BLOCKED",
    AccessRefusal.API: "API_KEY_SERVICE_BLOCKED",
    AccessRefusal.CHARACTER: "API_KEY_SERVICE_BLOCKED",
}
"""Google's own reasons (google.api.ErrorReason) for a caller that is refused; for all others, an invalid key."""

_FIELDS = {"text": "input.text", "ssml": "input.ssml", "character_key": "voice.name"}
"""Google's name for each of Segue's fields."""


class GoogleRefusal(NamedTuple):
    """An error for a Google client. ``reason`` and ``domain`` form an ErrorInfo, ``field`` (if known) a
    BadRequest, ``retry_after_s`` a RetryInfo.
    """

    kind: CanonicalCode
    message: str
    reason: str
    domain: str = _OWN_DOMAIN
    field: str | None = None
    retry_after_s: float | None = None


def told(error: SegueError) -> GoogleRefusal:
    """The error in Google's terms. An exhausted quota has Google's own reason, because apps check it."""
    if isinstance(error, CallerRefused):
        return _told_of_caller(error)
    kind = _SPECIAL_KINDS.get(type(error)) or _KINDS[error.code]
    if error.code is ErrorCode.QUOTA:
        return GoogleRefusal(kind, str(error), _GOOGLES_REASON, _GOOGLES_DOMAIN, None, error.retry_after_s)
    field = _FIELDS.get(error.field or "", error.field) if isinstance(error, InvalidRequest) else None
    return GoogleRefusal(kind, str(error), _reason(error), _OWN_DOMAIN, field, error.retry_after_s)


def _told_of_caller(error: CallerRefused) -> GoogleRefusal:
    kind = UNAUTHENTICATED if isinstance(error, NotAuthenticated) else PERMISSION_DENIED
    return GoogleRefusal(kind, str(error), _OF_CALLERS.get(error.reason, "API_KEY_INVALID"), _GOOGLES_DOMAIN)


def _reason(error: SegueError) -> str:
    return _REASONS.get(type(error)) or error.code.upper()
