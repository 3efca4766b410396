"""Errors in OpenAI's format, with statuses that its client maps to its exceptions."""

from __future__ import annotations

import msgspec

from segue.access.limits import Limit, LimitReached
from segue.api.asgi import Response
from segue.api.headers import error_headers
from segue.api.openai.wire import ErrorBody, ErrorDetail
from segue.api.refusals import HttpRefusal, NotAuthenticated, NotPermitted, TooManyGuesses, code_of
from segue.kernel.errors import ErrorCode, InvalidRequest, SegueError, UnknownCharacter

STATUS = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.UNSUPPORTED: 503,
    ErrorCode.QUOTA: 429,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.DEADLINE: 503,
    ErrorCode.BAD_AUDIO: 503,
    ErrorCode.INTERNAL: 503,
}
_NOT_FOUND = 404
_MOST_ALIASES_NAMED = 20
_PARAMETERS = {"text": "input", "character_key": "voice", "force_voice_model": "model"}
"""OpenAI's name for each of Segue's fields."""

_TYPES = {ErrorCode.INVALID_REQUEST: "invalid_request_error", ErrorCode.QUOTA: "requests"}
_TYPES_OF_LIMITS = {
    Limit.REQUESTS_PER_MINUTE: "requests",
    Limit.CHARS_PER_MINUTE: "tokens",
    Limit.CHARS_PER_MONTH: "insufficient_quota",
    Limit.CONCURRENT_REQUESTS: "requests",
}
"""OpenAI's types; its own limits of a text's length are in tokens."""

_CODES = {ErrorCode.QUOTA: "rate_limit_exceeded"}


class InputTooLong(InvalidRequest):
    """The text is longer than this service accepts in OpenAI's API."""


class NoSuchModel(InvalidRequest):
    """The requested model does not exist."""


_SPECIAL: dict[type[SegueError], str] = {
    InputTooLong: "string_above_max_length",
    NoSuchModel: "model_not_found",
    NotAuthenticated: "invalid_api_key",
    NotPermitted: "permission_denied",
    TooManyGuesses: "rate_limit_exceeded",
}


def refused(error: SegueError, request_id: str) -> Response:
    """The error response in OpenAI's format.

    ``x-should-retry: false`` stops the client from retrying, because Segue has already tried its fallback. If the
    key has reached a limit that frees soon, the client may decide.
    """
    headers = error_headers(error, b"application/json", request_id)
    if not isinstance(error, LimitReached) or error.limit is Limit.CHARS_PER_MONTH:
        headers.append((b"x-should-retry", b"false"))
    return Response(_status(error), headers, msgspec.json.encode(body_of(error)))


def body_of(error: SegueError) -> ErrorBody:
    """The body of an error, for an error response or for the last event of a stream."""
    param = _PARAMETERS.get(error.field or "", error.field) if isinstance(error, InvalidRequest) else None
    if isinstance(error, LimitReached):
        return ErrorBody(ErrorDetail(str(error), _TYPES_OF_LIMITS[error.limit], None, code_of(error)))
    code = _SPECIAL.get(type(error)) or _CODES.get(error.code, error.code)
    return ErrorBody(ErrorDetail(_message(error), _TYPES.get(error.code, "server_error"), param, code))


def _status(error: SegueError) -> int:
    if isinstance(error, HttpRefusal):
        return error.status
    return _NOT_FOUND if isinstance(error, NoSuchModel) else STATUS[error.code]


def _message(error: SegueError) -> str:
    """The error's message; for an unknown voice with characters and aliases, because apps use the aliases."""
    if not isinstance(error, UnknownCharacter):
        return str(error)
    names = [*error.characters, *error.aliases[:_MOST_ALIASES_NAMED]]
    left_out = len(error.aliases) - _MOST_ALIASES_NAMED
    more = f" and {left_out} more aliases of the catalogue" if left_out > 0 else ""
    return f"unknown voice {error.name!r}; known: {', '.join(names)}{more}"
