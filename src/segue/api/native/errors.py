"""Errors in the native dialect: ``{"detail", "code", "request_id"}``."""

from __future__ import annotations

import msgspec

from segue.access.limits import LimitReached
from segue.api.asgi import Response
from segue.api.headers import error_headers
from segue.api.native.wire import ErrorAnswer
from segue.api.refusals import HttpRefusal, code_of
from segue.kernel.errors import ErrorCode, InvalidRequest, SegueError

_TOO_MANY = 429
STATUS = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.UNSUPPORTED: 503,
    ErrorCode.QUOTA: 503,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.DEADLINE: 503,
    ErrorCode.BAD_AUDIO: 503,
    ErrorCode.INTERNAL: 503,
}
"""If no arm can answer, the status is 503 whatever the cause, because the client may try again."""


def refused(error: SegueError, request_id: str) -> Response:
    """The error response in the native dialect."""
    status = error.status if isinstance(error, HttpRefusal) else STATUS[error.code]
    if isinstance(error, LimitReached):
        status = _TOO_MANY
    headers = error_headers(error, b"application/json", request_id)
    field = error.field if isinstance(error, InvalidRequest) else None
    answer = ErrorAnswer(str(error), code_of(error), request_id, field)
    return Response(status, headers, msgspec.json.encode(answer))
