"""The schema of a catalogue file: each key with its type and range."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from segue.config.documents import Document


class BackupEntry(Document):
    """A voice that a character uses on one arm if another voice fails."""

    voice: str
    engine: str | None = Field(default=None, min_length=1)
    pitch: float | None = Field(default=None, ge=-20, le=20)
    rate: float | None = Field(default=None, ge=0.25, le=4)


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _as_delivery(value: Any) -> Any:
    return {"voice": value} if isinstance(value, str) else value


_Backups = Annotated[
    list[Annotated[BackupEntry, BeforeValidator(_as_delivery)]], BeforeValidator(_as_list), Field(min_length=1)
]


class DeliveryEntry(BackupEntry):
    """A voice that a character uses on one arm, and the backups for it."""

    backups: _Backups | None = None


_Deliveries = Annotated[
    list[Annotated[DeliveryEntry, BeforeValidator(_as_delivery)]], BeforeValidator(_as_list), Field(min_length=1)
]


class CharacterEntry(Document):
    """A speaking role. Its pitch and rate apply to each delivery that does not set its own."""

    name: str
    pitch: float = Field(default=0.0, ge=-20, le=20)
    rate: float = Field(default=1.0, ge=0.25, le=4)
    baseline: _Deliveries
    candidate: _Deliveries


class ArmEntry(Document):
    """An arm's label, and the engine for its deliveries that do not name one."""

    engine: str | None = Field(default=None, min_length=1)
    model: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")


class ArmEntries(Document):
    """Both arms."""

    baseline: ArmEntry
    candidate: ArmEntry


class QuotaEntry(Document):
    """A vendor's limits, with the same keys as ``segue.speech.core.catalogue.Quota``."""

    requests_per_minute: float | None = Field(default=None, gt=0)
    chars_per_minute: float | None = Field(default=None, gt=0)
    concurrent_streams: int | None = Field(default=None, gt=0)
    usd_per_million_chars: float | None = Field(default=None, ge=0)
    as_of: dt.date | None = None
    source: str = ""


class CatalogueFile(Document):
    """The whole file."""

    version: int = Field(ge=1, le=1)
    profile: str
    language: str
    default_character: str
    arms: ArmEntries
    engines: dict[str, dict[str, Any]] = Field(default_factory=dict)
    quotas: dict[str, QuotaEntry] = Field(default_factory=dict)
    aliases: dict[str, str] = Field(default_factory=dict)
    characters: dict[str, CharacterEntry] = Field(min_length=1)
