"""The data of events, as the official client sends them (wyoming 1.10, as of 2026-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from segue.api.fields import LanguageTag, Name
from segue.api.wire import converted
from segue.kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from segue.api.wyoming.incoming import Incoming

T = TypeVar("T")

DESCRIBE = "describe"
PING = "ping"
SYNTHESIZE = "synthesize"
START = "synthesize-start"
CHUNK = "synthesize-chunk"
STOP = "synthesize-stop"


class VoiceChoice(msgspec.Struct, frozen=True):
    """``name`` is a character's key or alias, and has priority over ``language`` (BCP 47)."""

    name: Name | None = None
    language: LanguageTag | None = None
    speaker: Name | None = None


class Listener(msgspec.Struct, frozen=True):
    """The part of an event's context that identifies the listener. Home Assistant does not send it today."""

    user_id: Name | None = None
    session_id: Name | None = None


class Start(msgspec.Struct, frozen=True):
    voice: VoiceChoice | None = None
    text_format: Name | None = None
    context: Listener | None = None


class Synthesize(Start, frozen=True, kw_only=True):
    text: str


class Chunk(msgspec.Struct, frozen=True):
    text: str


class Ping(msgspec.Struct, frozen=True):
    text: str | None = None


def key_in(event: Incoming) -> bytes:
    """The API key in the event's data, where Segue expects it; the protocol has no place for one."""
    key = event.data.get("api_key")
    return key.strip().encode(errors="replace") if isinstance(key, str) else b""


def said(kind: type[T], event: Incoming) -> T:
    """The event's data.

    Raises:
        InvalidRequest: a field is missing or invalid.
    """
    try:
        return converted(kind, event.data)
    except InvalidRequest as error:
        raise InvalidRequest(f"{event.type}: {error}", field=error.field) from None
