"""Classifies refusals of such servers.

The formats are those of OpenAI and LiteLLM (``error`` with ``message``, ``type``, ``param``, ``code``), of
Kokoro-FastAPI (``detail`` with ``error``, ``message``, ``type``), and of FastAPI itself (``detail`` as a text or a
list of faults). The messages are those that users report (2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.speech.engines.http.failures import FailureKind, Read, kind_of_status

if TYPE_CHECKING:
    from segue.speech.engines.http.failures import VendorRefusal

_BY_CODE = {
    "insufficient_quota": FailureKind.SPENT,
    "billing_hard_limit_reached": FailureKind.SPENT,
    "billing_not_active": FailureKind.SPENT,
    "rate_limit_exceeded": FailureKind.RATE,
    "string_above_max_length": FailureKind.TOO_LONG,
    "string_too_long": FailureKind.TOO_LONG,
    "context_length_exceeded": FailureKind.TOO_LONG,
    "invalid_api_key": FailureKind.CREDENTIALS,
    "authentication_error": FailureKind.CREDENTIALS,
    "no_db_connection": FailureKind.CREDENTIALS,  # LiteLLM without a database, of a key that is not its master key
    "model_not_found": FailureKind.REFUSED,
    "voice_not_found": FailureKind.UNKNOWN_VOICE,
}
_TOO_LONG = ("maximum input limit", "max length", "maximum length", "too long", "at most 4096 characters")
_NO_SUCH_VOICE = re.compile(
    r"(unknown|invalid|unsupported|no such) voice"
    r"|voice\b.{0,80}(not found|unknown|not supported|does not exist|invalid)"
)
_CLIENT_FAULTS = range(400, 500)
_SAYS_ALL = frozenset({401, 402, 403, 429})


class _Told(NamedTuple):
    """``codes`` are the short names in a refusal. ``field`` is the part of the request that it is about."""

    message: str
    codes: tuple[str, ...]
    field: str


def read(refusal: VendorRefusal) -> Read:
    """The kind of the refusal: by the code, then by the field and the words, then by the status."""
    told = _told(refusal.content)
    return Read(_kind(refusal.status, told), told.message or ", ".join(told.codes))


def _kind(status: int, told: _Told) -> FailureKind:
    by_code = next((_BY_CODE[code] for code in told.codes if code in _BY_CODE), None)
    if by_code is not None:
        return by_code
    if status not in _CLIENT_FAULTS or status in _SAYS_ALL:
        return kind_of_status(status)
    words = told.message.lower()
    if any(sign in words for sign in _TOO_LONG):
        return FailureKind.TOO_LONG
    if told.field == "voice" or _NO_SUCH_VOICE.search(words):
        return FailureKind.UNKNOWN_VOICE
    return kind_of_status(status)


def _told(content: Any) -> _Told:
    if not isinstance(content, Mapping):
        return _Told("", (), "")
    held = content.get("error", content.get("detail", content))
    if isinstance(held, list):
        held = held[0] if held and isinstance(held[0], Mapping) else {}
        place = held.get("loc")
        field = str(place[-1]) if isinstance(place, list) and place else ""
        return _Told(_text(held.get("msg")), _codes(held), field)
    if not isinstance(held, Mapping):
        return _Told(_text(held), (), "")
    return _Told(_text(held.get("message")), _codes(held), _text(held.get("param")))


def _codes(held: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(code for key in ("code", "error", "type") if (code := _text(held.get(key))))


def _text(said: Any) -> str:
    return said if isinstance(said, str) else ""
