"""What became of a call, for whoever looks: headers of REST, trailing metadata of gRPC.

``x-segue-warnings`` is a list of RFC 9651: each warning a String, or a Display String where it is not ASCII::

    x-segue-warnings: "effects_profile telephony-class-application not applied: Segue has no audio profiles"
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.api.headers import answer_headers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.api.asgi import Header
    from segue.service.found import Answer

WARNINGS_HEADER = b"x-segue-warnings"
_MOST_BYTES = 3000
"""Servers and clients allow 8 KB for all headers together."""
_PLAIN = frozenset(range(0x20, 0x7F)) - frozenset(b'%"')


def remarks(answer: Answer, request_id: str) -> list[Header]:
    """The request's name, what became of it, and what was not done of it."""
    return [*answer_headers(answer, request_id), *warning_header(answer.warnings)]


def warning_header(warnings: Sequence[str]) -> list[Header]:
    """None where nothing is to be warned of; the last item tells of those that were too many."""
    items: list[str] = []
    size = 0
    for told, warning in enumerate(warnings):
        item = _item(warning)
        size += len(item) + 2
        if size > _MOST_BYTES:
            items.append(_item(f"and {len(warnings) - told} more"))
            break
        items.append(item)
    return [(WARNINGS_HEADER, ", ".join(items).encode("ascii"))] if items else []


def _item(text: str) -> str:
    if text.isascii() and text.isprintable():
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return '%"{}"'.format("".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in text.encode()))
