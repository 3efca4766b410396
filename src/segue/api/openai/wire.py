"""Bodies that the official client sends and reads (openai 3.54, as of 2026-11)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from segue.api.fields import Name
from segue.speech.core.text.written import TextFormat


class VoiceReference(msgspec.Struct, frozen=True):
    id: Annotated[str, Meta(min_length=1, max_length=128)]


class SpeechBody(msgspec.Struct, frozen=True):
    """The request. Unknown fields, which the client's ``extra_body`` may add, are ignored.

    ``voice`` is a character's key or one of OpenAI's built-in voices, which the catalogue maps to characters.
    ``model`` can name an arm (``wavenet``, ``chirp3-hd``) to force it; for other models the rollout decides.
    ``safety_identifier`` and ``user`` name the end user, as elsewhere in OpenAI's API; ``user_id`` and
    ``session_id`` are Segue's own fields, and so is ``text_format``: how ``input`` is read, by default as
    ``SEGUE_TEXT_FORMAT`` says.
    """

    model: Annotated[str, Meta(min_length=1, max_length=128)]
    input: Annotated[str, Meta(min_length=1)]
    voice: Annotated[str, Meta(min_length=1, max_length=128)] | VoiceReference
    instructions: Annotated[str, Meta(max_length=4096)] | None = None
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Meta(ge=0.25, le=4.0)] = 1.0
    stream_format: Literal["audio", "sse"] = "audio"
    safety_identifier: Name | None = None
    user: Name | None = None
    user_id: Name | None = None
    session_id: Name | None = None
    text_format: TextFormat | None = None


class Usage(msgspec.Struct, frozen=True):
    """Estimated tokens (``segue.api.openai.events``)."""

    input_tokens: int
    output_tokens: int
    total_tokens: int


class AudioDelta(msgspec.Struct, frozen=True, tag_field="type", tag="speech.audio.delta"):
    """A part of the file in base64; all parts joined are the file."""

    audio: str


class AudioDone(msgspec.Struct, frozen=True, tag_field="type", tag="speech.audio.done"):
    usage: Usage


class ErrorDetail(msgspec.Struct, frozen=True):
    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(msgspec.Struct, frozen=True):
    error: ErrorDetail


class Model(msgspec.Struct, frozen=True):
    """``created`` is the start of this process, in Unix time."""

    id: str
    created: int
    owned_by: str
    object: Literal["model"] = "model"


class ModelList(msgspec.Struct, frozen=True):
    data: list[Model]
    object: Literal["list"] = "list"


class AudioModel(msgspec.Struct, frozen=True):
    id: str
    name: str


class AudioModelList(msgspec.Struct, frozen=True):
    models: list[AudioModel]


class VoiceEntry(msgspec.Struct, frozen=True):
    id: str
    name: str


class VoiceList(msgspec.Struct, frozen=True):
    voices: list[VoiceEntry]
