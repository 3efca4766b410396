"""What the service answers, as far as the checks read it; what is new in an answer is passed over."""

from __future__ import annotations

from typing import Any

import msgspec


class Engine(msgspec.Struct, frozen=True):
    ready: bool
    detail: str


class Health(msgspec.Struct, frozen=True):
    status: str
    version: str
    profile: str
    arms: dict[str, Engine]


class Character(msgspec.Struct, frozen=True):
    """``voice_params`` holds the pace, ``rate``, that the voice was told."""

    voice_params: dict[str, float]


class Spoken(msgspec.Struct, frozen=True):
    """An answer of the synthesis: ``duration`` in seconds, ``file_size`` in bytes."""

    url: str | None
    audio_base64: str | None
    duration: float
    file_size: int
    cached: bool
    source: str
    voice_model: str
    voice_name: str
    character: Character
    arm: str
    reason: str
    fallback_error: str | None


class Setting(msgspec.Struct, frozen=True):
    name: str
    value: Any
    source: str
    secret: bool


class Routing(msgspec.Struct, frozen=True):
    """The routing that the process which answered assigns by."""

    revision: int
    enabled: bool
    share_percent: float
    characters: tuple[str, ...]
    held_back: tuple[str, ...]
    fallback: bool
    rollout_id: str
    locked_off: bool


class Arm(msgspec.Struct, frozen=True):
    engine: str
    model: str


class Configuration(msgspec.Struct, frozen=True):
    version: str
    profile: str
    arms: dict[str, Arm]
    settings: tuple[Setting, ...]
    in_force: Routing


class Faults(msgspec.Struct, frozen=True):
    """Faults are given back as they were read."""

    faults: tuple[dict[str, Any], ...]
