"""Errors in the native dialect: ``{"detail", "code", "request_id"}``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from segue.api.asgi import BodyTooLarge, Response
from segue.api.native.wire import ErrorAnswer
from segue.core.errors import ErrorCode, SegueError

if TYPE_CHECKING:
    from segue.api.asgi import Header

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
    headers: list[Header] = [(b"content-type", b"application/json"), (b"x-request-id", request_id.encode())]
    if error.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % math.ceil(error.retry_after_s)))
    return Response(status, headers, msgspec.json.encode(ErrorAnswer(str(error), error.code, request_id)))
