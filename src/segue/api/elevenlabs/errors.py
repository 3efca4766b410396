"""Errors in ElevenLabs' two shapes: a list of what is wrong with a request (422), or a status and a message."""

from __future__ import annotations

import msgspec

from segue.api.asgi import Response
from segue.api.bodies import BodyTooLarge
from segue.api.elevenlabs.wire import Fault, FaultsAnswer, Trouble, TroubleAnswer
from segue.api.headers import error_headers
from segue.core.errors import ErrorCode, InvalidRequest, Overloaded, SegueError

_UNPROCESSABLE = 422
_UNAVAILABLE = (503, "service_unavailable")
_FAULTS = {"character_key": ["path", "voice_id"], "output_format": ["query", "output_format"]}
"""Where Segue's fields stand in a request; all others are in its body."""


class TextTooLong(InvalidRequest):
    """The text is longer than this service takes from ElevenLabs' clients."""


class NoSuchVoice(InvalidRequest):
    """Nobody is called that: neither a character nor an alias of one."""


class NotOffered(InvalidRequest):
    """Something that ElevenLabs does and Segue does not."""


_SPECIAL: tuple[tuple[type[SegueError], int, str], ...] = (
    (NoSuchVoice, 404, "voice_not_found"),
    (TextTooLong, 400, "max_character_limit_exceeded"),
    (NotOffered, 400, "not_supported"),
    (BodyTooLarge, 413, "body_too_large"),
    (Overloaded, 503, "system_busy"),
)
_BY_CODE = {ErrorCode.QUOTA: (429, "rate_limit_exceeded")}


def refused(error: SegueError, request_id: str) -> Response:
    """The error as ElevenLabs would answer it; its client does not repeat calls of text-to-speech."""
    headers = [*error_headers(error, b"application/json", request_id), (b"request-id", request_id.encode())]
    status, body = _told(error)
    return Response(status, headers, msgspec.json.encode(body))


def _told(error: SegueError) -> tuple[int, FaultsAnswer | TroubleAnswer]:
    for kind, status, name in _SPECIAL:
        if isinstance(error, kind):
            return status, TroubleAnswer(Trouble(name, str(error)))
    if isinstance(error, InvalidRequest):
        field = error.field or ""
        place = _FAULTS.get(field) or ["body", *field.split(".")] if field else ["body"]
        return _UNPROCESSABLE, FaultsAnswer([Fault(place, str(error), "value_error")])
    status, name = _BY_CODE.get(error.code, _UNAVAILABLE)
    return status, TroubleAnswer(Trouble(name, str(error)))
