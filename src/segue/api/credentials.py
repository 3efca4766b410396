"""Where each API's clients send their key. If a header is repeated, its last value counts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEME = b"bearer "
_USUAL = b"Bearer "
_MOST_FIELDS = 32


def bearer_in(authorization: bytes) -> bytes:
    """The token in an ``Authorization`` header; empty if it has another scheme."""
    if not authorization.startswith(_USUAL) and authorization[: len(_SCHEME)].lower() != _SCHEME:
        return b""
    return authorization[len(_SCHEME) :].strip()


def bearer(headers: Mapping[bytes, bytes], query: bytes = b"") -> bytes:
    """OpenAI's way, and Segue's own."""
    del query
    return bearer_in(headers.get(b"authorization", b""))


def of_elevenlabs(headers: Mapping[bytes, bytes], query: bytes = b"") -> bytes:
    """``xi-api-key``, otherwise as OpenAI."""
    return headers.get(b"xi-api-key", b"").strip() or bearer(headers, query)


def of_google(headers: Mapping[bytes, bytes], query: bytes = b"") -> bytes:
    """``x-goog-api-key``, ``?key=``, otherwise as OpenAI."""
    key = headers.get(b"x-goog-api-key", b"").strip()
    if key or b"key=" not in query:
        return key or bearer(headers)
    return _in_query(query) or bearer(headers)


def _in_query(query: bytes) -> bytes:
    try:
        fields = parse_qsl(query.decode("latin-1"), max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError:
        return b""
    return dict(fields).get("key", "").encode().strip()
