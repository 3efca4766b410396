"""The request body, as the official client sends it (openai 3.54; facts of 2026-11)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_INPUT_CHARS = 5000
"""OpenAI's own limit is 4,096; an app that keeps to it never meets ours."""


class VoiceReference(msgspec.Struct, frozen=True):
    id: Annotated[str, Meta(min_length=1, max_length=128)]


class SpeechBody(msgspec.Struct, frozen=True):
    """Fields that are not listed, as the client's ``extra_body`` may send, are ignored.

    ``voice`` is a character's key or one of OpenAI's built-in voices, which the catalogue maps to characters.
    ``model`` names an arm (``wavenet``, ``chirp3-hd``) to force it; any other is answered as the rollout decides.
    """

    model: Annotated[str, Meta(min_length=1, max_length=128)]
    input: Annotated[str, Meta(min_length=1, max_length=MAX_INPUT_CHARS)]
    voice: Annotated[str, Meta(min_length=1, max_length=128)] | VoiceReference
    instructions: Annotated[str, Meta(max_length=4096)] | None = None
    response_format: Literal["mp3", "opus", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Meta(ge=0.25, le=4.0)] = 1.0
    stream_format: Literal["audio"] = "audio"
    user: Annotated[str, Meta(max_length=256)] | None = None
    session_id: Annotated[str, Meta(max_length=256)] | None = None


class ErrorDetail(msgspec.Struct, frozen=True):
    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(msgspec.Struct, frozen=True):
    error: ErrorDetail
