"""Headers that every answer carries, whatever its dialect.

``X-Segue`` tells which arm answered and why, as a dictionary of RFC 9651::

    X-Segue: arm=candidate, reason=in_share, assigned=candidate, model=piper, source=memory

with ``fallback`` (the candidate's error) where the baseline answered for it, and ``losses`` where settings could
not be applied. One header, not six: servers check every one of them on every answer.

Where the body is the audio itself and has no room for words, ``X-Segue-Warnings`` says what was not done, as a
list of strings of the same RFC::

    X-Segue-Warnings: "pitch -6 not applied: this voice has no pitch control"
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from segue.api.bodies import BodyUnread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.api.asgi import Header
    from segue.core.errors import SegueError
    from segue.service.found import Answer

_KINDS_REMEMBERED = 4096
"""Answers differ in few ways: arms, reasons, models, sources."""

_MOST_WARNING_BYTES = 2048
_MOST_WARNING_CHARS = 300


def answer_headers(answer: Answer, request_id: str) -> tuple[Header, Header]:
    """The request's name, and what became of it."""
    found, way = answer.found, answer.found.leg.way
    told = _told(
        way.arm,
        answer.reason,
        answer.route.assignment.arm,
        way.model,
        found.source,
        (found.failure, len(way.losses)),
    )
    return (b"x-request-id", request_id.encode()), (b"x-segue", told)


def audio_headers(answer: Answer, request_id: str) -> tuple[Header, ...]:
    """The same with the warnings in words, where there are any: for answers that are audio and nothing else."""
    headers = answer_headers(answer, request_id)
    if not answer.found.leg.way.losses and answer.route.diversion is None:
        return headers
    return (*headers, (b"x-segue-warnings", listed(answer.warnings)))


def error_headers(error: SegueError, content_type: bytes, request_id: str) -> list[Header]:
    """What an answer carries that is an error, in any dialect."""
    headers: list[Header] = [(b"content-type", content_type), (b"x-request-id", request_id.encode())]
    if error.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % math.ceil(error.retry_after_s)))
    if isinstance(error, BodyUnread):
        headers.append((b"connection", b"close"))
    return headers


@lru_cache(_KINDS_REMEMBERED)
def _told(arm: str, reason: str, assigned: str, model: str, source: str, trouble: tuple[str | None, int]) -> bytes:
    failure, losses = trouble
    fields = {"arm": arm, "reason": reason, "assigned": assigned, "model": model, "source": source}
    if failure is not None:
        fields["fallback"] = failure
    if losses:
        fields["losses"] = str(losses)
    return ", ".join(f"{name}={value}" for name, value in fields.items()).encode()


@lru_cache(_KINDS_REMEMBERED)
def listed(warnings: tuple[str, ...]) -> bytes:
    """A list of strings, as many as 2 KB hold; the last then says how many more there were."""
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
    """A string of RFC 9651, or a display string where it is not ASCII; neither can break out of its header."""
    if text.isascii() and text.isprintable():
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return '%"' + "".join([_displayed(byte) for byte in text.encode(errors="replace")]) + '"'


def _displayed(byte: int) -> str:
    char = chr(byte)
    return char if char.isascii() and char.isprintable() and char not in '%"' else f"%{byte:02x}"
