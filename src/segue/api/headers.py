"""Headers that every answer carries, whatever its dialect.

``X-Segue`` tells which arm answered and why, as a dictionary of RFC 9651::

    X-Segue: arm=candidate, reason=in_share, assigned=candidate, model=piper, source=memory

with ``fallback`` (the candidate's error) where the baseline answered for it, and ``losses`` where settings could
not be applied. One header, not six: servers check every one of them on every answer.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.api.asgi import Header
    from segue.service.found import Answer

_KINDS_REMEMBERED = 4096
"""Answers differ in few ways: arms, reasons, models, sources."""


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


@lru_cache(_KINDS_REMEMBERED)
def _told(arm: str, reason: str, assigned: str, model: str, source: str, trouble: tuple[str | None, int]) -> bytes:
    failure, losses = trouble
    fields = {"arm": arm, "reason": reason, "assigned": assigned, "model": model, "source": source}
    if failure is not None:
        fields["fallback"] = failure
    if losses:
        fields["losses"] = str(losses)
    return ", ".join(f"{name}={value}" for name, value in fields.items()).encode()
