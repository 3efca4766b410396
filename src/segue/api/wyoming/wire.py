"""What events say, as the official client sends them (wyoming 1.10; facts of 2026-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
from msgspec import Meta

from segue.core.errors import InvalidRequest

if TYPE_CHECKING:
    from segue.api.wyoming.incoming import Incoming

T = TypeVar("T")

DESCRIBE = "describe"
PING = "ping"
SYNTHESIZE = "synthesize"
START = "synthesize-start"
CHUNK = "synthesize-chunk"
STOP = "synthesize-stop"

_Name = Annotated[str, Meta(max_length=256)]


class VoiceChoice(msgspec.Struct, frozen=True):
    """``name`` is a character's key or alias, and goes before ``language`` (BCP 47)."""

    name: _Name | None = None
    language: Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$", max_length=35)] | None = None
    speaker: _Name | None = None


class Listener(msgspec.Struct, frozen=True):
    """Of an event's context, the part that tells who listens. Home Assistant sends none of it today."""

    user_id: _Name | None = None
    session_id: _Name | None = None


class Start(msgspec.Struct, frozen=True):
    voice: VoiceChoice | None = None
    text_format: _Name | None = None
    context: Listener | None = None


class Synthesize(Start, frozen=True, kw_only=True):
    text: str


class Chunk(msgspec.Struct, frozen=True):
    text: str


class Ping(msgspec.Struct, frozen=True):
    text: str | None = None


def said(kind: type[T], event: Incoming) -> T:
    """What the event says.

    Raises:
        InvalidRequest: it lacks something, or holds something else than it should.
    """
    try:
        return msgspec.convert(event.data, kind)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        field = place.rstrip("`").lstrip(".")
        where = f"{event.type}: {field}" if field else event.type
        raise InvalidRequest(f"{where}: {message}", field=field or None) from None
