"""Health of the parts of the service other than engines: disk, cache, job files, audio processing."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class HealthLevel(StrEnum):
    """``degraded``: requests are answered, but something does not work.

    ``unavailable``: requests are not answered.
    """

    OK = "ok"
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


class PartHealth(NamedTuple):
    """Health of one part. ``detail`` says what is wrong, what it means and what to do."""

    name: str
    level: HealthLevel
    detail: str
