"""The interface for making a running engine fail on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class FaultKind(StrEnum):
    """How the engine fails. The first six are error codes of ``segue.kernel.errors``."""

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
    """One kind of failure, for one character and one voice family (empty: all).

    ``rate`` (0 to 1) is the part of the calls that fail, ``delay_s`` a delay before that, and ``until_s``
    (monotonic) is when the fault ends.
    """

    kind: FaultKind
    rate: float = 1.0
    character_key: str = ""
    voice_family: str = ""
    delay_s: float = 0.0
    until_s: float | None = None


class FaultBoard(Protocol):
    """The faults in force, by engine name. They are always replaced together."""

    def set_faults(self, engine: str, faults: tuple[Fault, ...]) -> None: ...

    def faults(self, engine: str) -> tuple[Fault, ...]: ...
