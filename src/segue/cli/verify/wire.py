"""The parts of the service's responses that the checks read; unknown fields are ignored."""

from __future__ import annotations

from typing import Any

import msgspec


class ListedEngine(msgspec.Struct, frozen=True):
    ready: bool
    detail: str


class ListedPart(msgspec.Struct, frozen=True):
    status: str
    detail: str


class CheckedHealth(msgspec.Struct, frozen=True):
    status: str
    version: str
    profile: str
    arms: dict[str, ListedEngine]
    parts: dict[str, ListedPart] = {}


class ListedCharacter(msgspec.Struct, frozen=True):
    """``voice_params`` contains ``rate``, the speaking rate of the voice."""

    voice_params: dict[str, float]


class SpokenAnswer(msgspec.Struct, frozen=True):
    """A synthesis response: ``duration`` in seconds, ``file_size`` in bytes."""

    url: str | None
    audio_base64: str | None
    duration: float
    file_size: int
    cached: bool
    source: str
    voice_model: str
    voice_name: str
    character: ListedCharacter
    arm: str
    reason: str
    fallback_error: str | None


class Faults(msgspec.Struct, frozen=True):
    """Injected faults, kept as read so that they can be restored."""

    faults: tuple[dict[str, Any], ...]
