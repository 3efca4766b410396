"""Errors in OpenAI's shape, with statuses that its client turns into its own exceptions."""

from __future__ import annotations

import msgspec

from segue.api.asgi import Response
from segue.api.bodies import BodyTooLarge
from segue.api.headers import error_headers
from segue.api.openai.wire import ErrorBody, ErrorDetail
from segue.core.errors import ErrorCode, InvalidRequest, SegueError

STATUS = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.UNSUPPORTED: 503,
    ErrorCode.QUOTA: 429,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.DEADLINE: 503,
    ErrorCode.BAD_AUDIO: 503,
    ErrorCode.INTERNAL: 503,
}
_TOO_LARGE = 413
_NOT_FOUND = 404
_PARAMETERS = {"text": "input", "character_key": "voice", "force_voice_model": "model"}
"""Segue's names of fields, as OpenAI calls them."""

_TYPES = {ErrorCode.INVALID_REQUEST: "invalid_request_error", ErrorCode.QUOTA: "requests"}
_CODES = {ErrorCode.QUOTA: "rate_limit_exceeded"}


class InputTooLong(InvalidRequest):
    """The text is longer than this service takes from OpenAI's clients."""


class NoSuchModel(InvalidRequest):
    """A model was asked for that is not listed."""


_SPECIAL: dict[type[SegueError], str] = {InputTooLong: "string_above_max_length", NoSuchModel: "model_not_found"}


def refused(error: SegueError, request_id: str) -> Response:
    """The error as OpenAI would answer it.

    ``x-should-retry: false``: the client would repeat the call, and Segue has spent its own fallbacks already.
    """
    headers = [*error_headers(error, b"application/json", request_id), (b"x-should-retry", b"false")]
    return Response(_status(error), headers, msgspec.json.encode(body_of(error)))


def body_of(error: SegueError) -> ErrorBody:
    """What is said of an error, whether it is the answer or ends one that had begun."""
    param = _PARAMETERS.get(error.field or "", error.field) if isinstance(error, InvalidRequest) else None
    code = _SPECIAL.get(type(error)) or _CODES.get(error.code, error.code)
    return ErrorBody(ErrorDetail(str(error), _TYPES.get(error.code, "server_error"), param, code))


def _status(error: SegueError) -> int:
    if isinstance(error, BodyTooLarge):
        return _TOO_LARGE
    return _NOT_FOUND if isinstance(error, NoSuchModel) else STATUS[error.code]
