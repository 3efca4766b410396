"""Classifies ElevenLabs' refusals by the status that they contain (``detail.status`` or ``detail.code``).

From its help centre's articles 19572237925521 (400, 401) and 19571824571921 (429), and from users' reports, as of
2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from segue.speech.engines.http.failures import FailureKind, Read, kind_of_status

if TYPE_CHECKING:
    from segue.speech.engines.http.failures import VendorRefusal

_BY_NAME = {
    "max_character_limit_exceeded": FailureKind.TOO_LONG,
    "text_too_long": FailureKind.TOO_LONG,
    "voice_not_found": FailureKind.UNKNOWN_VOICE,
    "voice_does_not_exist": FailureKind.UNKNOWN_VOICE,
    "invalid_voice_id": FailureKind.UNKNOWN_VOICE,
    "model_not_found": FailureKind.REFUSED,
    "invalid_api_key": FailureKind.CREDENTIALS,
    "missing_permissions": FailureKind.CREDENTIALS,
    "needs_authorization": FailureKind.CREDENTIALS,
    "detected_unusual_activity": FailureKind.CREDENTIALS,
    "quota_exceeded": FailureKind.SPENT,
    "payment_required": FailureKind.SPENT,
    "too_many_concurrent_requests": FailureKind.RATE,
    "concurrent_limit_exceeded": FailureKind.RATE,
    "rate_limit_exceeded": FailureKind.RATE,
    "system_busy": FailureKind.AWAY,
}
_FORBIDDEN_OUTPUT = "output_format_not_allowed"


def read(refusal: VendorRefusal) -> Read:
    """The kind of the refusal. ``system_busy`` is a 429 without a limit of ours: the service is overloaded."""
    content = refusal.content
    detail = content.get("detail") if isinstance(content, Mapping) else None
    if isinstance(detail, list):
        return _faults(refusal, detail)
    if not isinstance(detail, Mapping):
        return Read(kind_of_status(refusal.status), detail if isinstance(detail, str) else "")
    names = [name for key in ("status", "code") if isinstance(name := detail.get(key), str)]
    message = detail.get("message")
    said = ": ".join([*dict.fromkeys(names), *([message] if isinstance(message, str) else [])])
    if _FORBIDDEN_OUTPUT in names:
        return Read(FailureKind.REFUSED, said)
    by_name = next((_BY_NAME[name] for name in names if name in _BY_NAME), None)
    return Read(by_name or kind_of_status(refusal.status), said)


def _faults(refusal: VendorRefusal, faults: list[object]) -> Read:
    """A request with an invalid structure: the first fault, and its place."""
    first = faults[0] if faults else None
    if not isinstance(first, Mapping):
        return Read(kind_of_status(refusal.status))
    place = first.get("loc")
    where = ".".join(map(str, place)) if isinstance(place, list) else ""
    return Read(kind_of_status(refusal.status), f"{where}: {first.get('msg', '')}")
