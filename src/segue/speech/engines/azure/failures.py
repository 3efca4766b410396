"""Classifies Azure's refusals: by the status, and by the words if one status has several meanings.

https://learn.microsoft.com/azure/ai-services/speech-service/rest-text-to-speech (2024-09-23), and reports of users
(2026-11): a body is often empty or plain text, and the gateway before the service answers in JSON (``error`` with
``code`` and ``message``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from segue.speech.engines.http.failures import FailureKind, Read, kind_of_status

if TYPE_CHECKING:
    from segue.speech.engines.http.failures import VendorRefusal

_SPENT = re.compile(r"call volume quota|free quota|quota exceeded|exceeded .{0,40}\bquota\b")
_NO_SUCH_VOICE = re.compile(r"\bvoices?\b.{0,80}(not found|not supported|not exist|invalid|not available)")
_UNKNOWN_VOICE = re.compile(r"(unsupported|invalid|unknown) voice|voices? will no longer be supported")
_BAD_DOCUMENT = re.compile(r"should not contain node|root level is invalid|ssml")
_TOO_LONG = re.compile(r"(too|request body) (long|large)|exceeds? the (maximum|limit)")
_MAY_BE_SPENT = frozenset({401, 403})
_MAY_BE_VOICE = frozenset({400, 404})
_MAY_BE_DOCUMENT = frozenset({400, 500})


def read(refusal: VendorRefusal) -> Read:
    """The kind of the refusal, with the service's own words."""
    said = _said(refusal.content) or refusal.text
    return Read(_kind(refusal.status, said.lower()), said)


def _kind(status: int, words: str) -> FailureKind:
    if status in _MAY_BE_SPENT and _SPENT.search(words):
        return FailureKind.SPENT
    if status in _MAY_BE_VOICE and (_NO_SUCH_VOICE.search(words) or _UNKNOWN_VOICE.search(words)):
        return FailureKind.UNKNOWN_VOICE
    if status in _MAY_BE_VOICE and _TOO_LONG.search(words):
        return FailureKind.TOO_LONG
    if status in _MAY_BE_DOCUMENT and _BAD_DOCUMENT.search(words):
        return FailureKind.REFUSED
    return kind_of_status(status)


def _said(content: Any) -> str:
    if not isinstance(content, Mapping):
        return ""
    held = content.get("error", content)
    found = held.get("message", held.get("Message")) if isinstance(held, Mapping) else held
    return found if isinstance(found, str) else ""
