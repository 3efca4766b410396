"""Errors in OpenAI's shape, with statuses that its client turns into its own exceptions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from segue.api.asgi import BodyTooLarge, Response
from segue.api.openai.wire import ErrorBody, ErrorDetail
from segue.core.errors import ErrorCode, InvalidRequest, SegueError

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
_TOO_LARGE = 413
_PARAMETERS = {"text": "input", "character_key": "voice", "user_id": "user"}
"""Segue's names of fields, as OpenAI calls them."""


def refused(error: SegueError, request_id: str) -> Response:
    """The error as OpenAI would answer it.

    ``x-should-retry: false``: the client would repeat the call, and Segue has spent its own fallbacks already.
    """
    status = _TOO_LARGE if isinstance(error, BodyTooLarge) else STATUS[error.code]
    caller = isinstance(error, InvalidRequest)
    param = _PARAMETERS.get(error.field or "", error.field) if isinstance(error, InvalidRequest) else None
    kind = "invalid_request_error" if caller else "server_error"
    headers: list[Header] = [
        (b"content-type", b"application/json"),
        (b"x-request-id", request_id.encode()),
        (b"x-should-retry", b"false"),
    ]
    if error.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % math.ceil(error.retry_after_s)))
    body = ErrorBody(ErrorDetail(str(error), kind, param, error.code))
    return Response(status, headers, msgspec.json.encode(body))
