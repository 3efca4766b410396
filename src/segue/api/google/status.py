"""Errors as Google says them: a code, a sentence, and details that programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.api.bodies import BodyTooLarge
from segue.core.errors import ErrorCode, InvalidRequest

if TYPE_CHECKING:
    from segue.core.errors import SegueError


class Kind(NamedTuple):
    """A canonical code: its number in gRPC, its name, and the status that REST answers it with."""

    number: int
    name: str
    http: int


INVALID_ARGUMENT = Kind(3, "INVALID_ARGUMENT", 400)
DEADLINE_EXCEEDED = Kind(4, "DEADLINE_EXCEEDED", 504)
RESOURCE_EXHAUSTED = Kind(8, "RESOURCE_EXHAUSTED", 429)
ABORTED = Kind(10, "ABORTED", 409)
INTERNAL = Kind(13, "INTERNAL", 500)
UNAVAILABLE = Kind(14, "UNAVAILABLE", 503)

_KINDS = {
    ErrorCode.INVALID_REQUEST: INVALID_ARGUMENT,
    ErrorCode.QUOTA: RESOURCE_EXHAUSTED,
    ErrorCode.DEADLINE: DEADLINE_EXCEEDED,
    ErrorCode.UNSUPPORTED: UNAVAILABLE,
    ErrorCode.UNAVAILABLE: UNAVAILABLE,
    ErrorCode.BAD_AUDIO: UNAVAILABLE,
    ErrorCode.INTERNAL: UNAVAILABLE,
}
"""Whatever no arm could say is UNAVAILABLE: Google's clients know by it that a call may be repeated."""

_GOOGLES_REASON = "RATE_LIMIT_EXCEEDED"
_GOOGLES_DOMAIN = "googleapis.com"
_OWN_DOMAIN = "segue"
_FIELDS = {"text": "input.text", "ssml": "input.ssml", "character_key": "voice.name"}
"""Segue's names of fields, as Google calls them."""


class Told(NamedTuple):
    """An error on its way to a Google client. ``reason`` and ``domain`` make up an ErrorInfo, ``field`` (where it
    is known) a BadRequest, ``retry_after_s`` a RetryInfo.
    """

    kind: Kind
    message: str
    reason: str
    domain: str = _OWN_DOMAIN
    field: str | None = None
    retry_after_s: float | None = None


def told(error: SegueError) -> Told:
    """The error in Google's terms. A spent quota carries Google's own reason: apps look for it."""
    kind = _KINDS[error.code]
    if error.code is ErrorCode.QUOTA:
        return Told(kind, str(error), _GOOGLES_REASON, _GOOGLES_DOMAIN, None, error.retry_after_s)
    field = _FIELDS.get(error.field or "", error.field) if isinstance(error, InvalidRequest) else None
    reason = "BODY_TOO_LARGE" if isinstance(error, BodyTooLarge) else error.code.upper()
    return Told(kind, str(error), reason, _OWN_DOMAIN, field, error.retry_after_s)
