"""Breaking an engine on demand, from outside, while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class FaultKind(StrEnum):
    """How it breaks. The first six are error codes of ``segue.core.errors``."""

    INVALID_REQUEST = "invalid_request"
    UNSUPPORTED = "unsupported"
    QUOTA = "quota"
    UNAVAILABLE = "unavailable"
    DEADLINE = "deadline"
    INTERNAL = "internal"
    CRASH = "crash"
    DELAY = "delay"
    HANG = "hang"
    EMPTY = "empty"
    SILENCE = "silence"
    TRUNCATION = "truncation"
    NOISE = "noise"
    CLIPPING = "clipping"
    NAN = "nan"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break: how often (``rate`` 0..1), until when (monotonic), for whom (empty: everyone)."""

    kind: FaultKind
    rate: float = 1.0
    character_key: str = ""
    voice_family: str = ""
    delay_s: float = 0.0
    until_s: float | None = None


class FaultBoard(Protocol):
    """The faults in force, by engine name; replaced as a whole."""

    def set_faults(self, engine: str, faults: tuple[Fault, ...]) -> None: ...

    def faults(self, engine: str) -> tuple[Fault, ...]: ...
