"""Headers of every response, in all dialects.

``X-Segue`` says which arm answered and why, as a dictionary of RFC 9651::

    X-Segue: arm=candidate, reason=in_share, assigned=candidate, model=neural, source=memory

with ``fallback`` (the candidate's error) if the baseline answered for it, ``losses`` (a count) if settings could
not be applied, ``engine`` if the voice belongs to another engine than the arm's own, and ``backup`` (the error of
the arm's first voice) if a backup on the same arm answered. It is one header instead of six because servers
validate every header of every response.

If the body is the audio itself, ``X-Segue-Warnings`` lists what was not applied, as a list of strings of the same
RFC::

    X-Segue-Warnings: "pitch -6 not applied: this voice has no pitch control"
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from segue.api.refusals import HttpRefusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.api.asgi import Header
    from segue.kernel.errors import SegueError
    from segue.speech.service.answers import Answer

_KINDS_REMEMBERED = 4096
"""Size of the header cache; there are few combinations of arms, reasons, models and sources."""

_MOST_WARNING_BYTES = 2048
_MOST_WARNING_CHARS = 300


def answer_headers(answer: Answer, request_id: str) -> tuple[Header, Header]:
    """The headers with the request's id and its result."""
    found, render_plan = answer.result, answer.result.rendition.render_plan
    told = _told(
        render_plan.arm,
        answer.reason,
        answer.route.assignment.arm,
        render_plan.model,
        found.source,
        (found.failure, len(render_plan.losses), render_plan.other_engine, found.backup_for),
    )
    return (b"x-request-id", request_id.encode()), (b"x-segue", told)


def audio_headers(answer: Answer, request_id: str) -> tuple[Header, ...]:
    """The same, with the warnings as text if there are any: for responses whose body is only audio."""
    headers = answer_headers(answer, request_id)
    if not answer.result.rendition.render_plan.losses and answer.route.diversion is None:
        return headers
    return (*headers, (b"x-segue-warnings", listed(answer.warnings)))


def error_headers(error: SegueError, content_type: bytes, request_id: str) -> list[Header]:
    """The headers of an error response, in any dialect."""
    headers: list[Header] = [(b"content-type", content_type)]
    if request_id:
        headers.append((b"x-request-id", request_id.encode()))
    if error.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % math.ceil(error.retry_after_s)))
    if isinstance(error, HttpRefusal):
        headers.extend(error.headers)
    return headers


@lru_cache(_KINDS_REMEMBERED)
def _told(
    arm: str, reason: str, assigned: str, model: str, source: str, more: tuple[str | None, int, str, str | None]
) -> bytes:
    failure, losses, engine, backup_for = more
    fields = {"arm": arm, "reason": reason, "assigned": assigned, "model": model, "source": source}
    if engine:
        fields["engine"] = engine
    if failure is not None:
        fields["fallback"] = failure
    if backup_for is not None:
        fields["backup"] = backup_for
    if losses:
        fields["losses"] = str(losses)
    return ", ".join(f"{name}={value}" for name, value in fields.items()).encode()


@lru_cache(_KINDS_REMEMBERED)
def listed(warnings: tuple[str, ...]) -> bytes:
    """A list of as many strings as fit in 2 KB; if some do not fit, the last item says how many."""
    return ", ".join(_as_many_as_fit(warnings)).encode("ascii")


def _as_many_as_fit(warnings: tuple[str, ...]) -> Iterator[str]:
    room_bytes = _MOST_WARNING_BYTES
    for number, warning in enumerate(warnings):
        item = _spelled(warning[:_MOST_WARNING_CHARS])
        room_bytes -= len(item) + 2
        if room_bytes < 0:
            yield f'"and {len(warnings) - number} more"'
            return
        yield item


def _spelled(text: str) -> str:
    """A string of RFC 9651, or a display string if it is not ASCII; both are escaped for the header."""
    if text.isascii() and text.isprintable():
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return '%"' + "".join([_displayed(byte) for byte in text.encode(errors="replace")]) + '"'


def _displayed(byte: int) -> str:
    char = chr(byte)
    return char if char.isascii() and char.isprintable() and char not in '%"' else f"%{byte:02x}"
