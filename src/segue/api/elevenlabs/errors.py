"""Errors in ElevenLabs' two formats: a list of the request's faults (422), or a status and a message."""

from __future__ import annotations

import msgspec

from segue.access.limits import Limit, LimitReached
from segue.api.asgi import Response
from segue.api.elevenlabs.search import PARAMETERS
from segue.api.elevenlabs.wire import (
    ElevenLabsFault,
    ElevenLabsFaultsAnswer,
    ElevenLabsTrouble,
    ElevenLabsTroubleAnswer,
)
from segue.api.headers import error_headers
from segue.api.refusals import (
    BodyTooLarge,
    NotAuthenticated,
    NotPermitted,
    TooManyGuesses,
    UnknownCoding,
    WrongMethod,
)
from segue.kernel.errors import ErrorCode, InvalidRequest, Overloaded, SegueError

_UNPROCESSABLE = 422
_UNAVAILABLE = (503, "service_unavailable")
_FAULTS = {
    "character_key": ["path", "voice_id"],
    **{name: ["query", name] for name in ("output_format", *PARAMETERS)},
}
"""Segue's fields that are in the path or the query; all others are in the body."""


class TextTooLong(InvalidRequest):
    """The text is longer than this service accepts in ElevenLabs' API."""


class NoSuchVoice(InvalidRequest):
    """The voice is neither a character nor an alias of one."""


class NotOffered(InvalidRequest):
    """A function of ElevenLabs' API that Segue does not have."""


_SPECIAL: tuple[tuple[type[SegueError], int, str], ...] = (
    (NoSuchVoice, 404, "voice_not_found"),
    (TextTooLong, 400, "max_character_limit_exceeded"),
    (NotOffered, 400, "not_supported"),
    (BodyTooLarge, 413, "body_too_large"),
    (UnknownCoding, 415, "unsupported_content_encoding"),
    (WrongMethod, 405, "method_not_allowed"),
    (Overloaded, 503, "system_busy"),
    (NotAuthenticated, 401, "invalid_api_key"),
    (NotPermitted, 403, "missing_permissions"),
    (TooManyGuesses, 429, "too_many_requests"),
)
_TOO_MANY = 429
_LIMITS = {
    Limit.REQUESTS_PER_MINUTE: "rate_limit_exceeded",
    Limit.CHARS_PER_MINUTE: "rate_limit_exceeded",
    Limit.CHARS_PER_MONTH: "quota_exceeded",
    Limit.CONCURRENT_REQUESTS: "too_many_concurrent_requests",
}
"""ElevenLabs' statuses. It answers the third with 401; here it is 429, as with all APIs."""

_BY_CODE = {ErrorCode.QUOTA: (429, "rate_limit_exceeded")}


def refused(error: SegueError, request_id: str) -> Response:
    """The error response in ElevenLabs' format; its client does not retry text-to-speech calls."""
    headers = [*error_headers(error, b"application/json", request_id), (b"request-id", request_id.encode())]
    status, body = _told(error)
    return Response(status, headers, msgspec.json.encode(body))


def _told(error: SegueError) -> tuple[int, ElevenLabsFaultsAnswer | ElevenLabsTroubleAnswer]:
    for kind, status, name in _SPECIAL:
        if isinstance(error, kind):
            return status, ElevenLabsTroubleAnswer(ElevenLabsTrouble(name, str(error)))
    if isinstance(error, InvalidRequest):
        field = error.field or ""
        place = _FAULTS.get(field) or ["body", *field.split(".")] if field else ["body"]
        return _UNPROCESSABLE, ElevenLabsFaultsAnswer([ElevenLabsFault(place, str(error), "value_error")])
    if isinstance(error, LimitReached):
        return _TOO_MANY, ElevenLabsTroubleAnswer(ElevenLabsTrouble(_LIMITS[error.limit], str(error)))
    status, name = _BY_CODE.get(error.code, _UNAVAILABLE)
    return status, ElevenLabsTroubleAnswer(ElevenLabsTrouble(name, str(error)))
