"""Errors in the native dialect: ``{"detail", "code", "request_id"}``."""

from __future__ import annotations

import msgspec

from segue.api.asgi import Response
from segue.api.bodies import BodyTooLarge
from segue.api.headers import error_headers
from segue.api.native.wire import ErrorAnswer
from segue.core.errors import ErrorCode, SegueError

STATUS = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.UNSUPPORTED: 503,
    ErrorCode.QUOTA: 503,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.DEADLINE: 503,
    ErrorCode.BAD_AUDIO: 503,
    ErrorCode.INTERNAL: 503,
}
"""Whatever the cause, a request that no arm could answer is 503: the caller may try again."""

_TOO_LARGE = 413


def refused(error: SegueError, request_id: str) -> Response:
    """The error as the native dialect answers it."""
    status = _TOO_LARGE if isinstance(error, BodyTooLarge) else STATUS[error.code]
    headers = error_headers(error, b"application/json", request_id)
    return Response(status, headers, msgspec.json.encode(ErrorAnswer(str(error), error.code, request_id)))
