"""The catalogue as a YAML file: arms, engines, quotas, and who speaks with which voice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from segue.config.documents import Document, line_of, read_document, read_tree
from segue.core.catalogue import ArmSpec, Catalogue, Character, Delivery, Quota
from segue.core.errors import ConfigurationError
from segue.core.speech import Arm

PROFILES = ("embedded", "google")
"""The catalogues that come with Segue."""


class _Delivery(Document):
    voice: str
    pitch: float | None = Field(default=None, ge=-20, le=20)
    rate: float | None = Field(default=None, ge=0.25, le=4)


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _as_delivery(value: Any) -> Any:
    return {"voice": value} if isinstance(value, str) else value


_Deliveries = Annotated[
    list[Annotated[_Delivery, BeforeValidator(_as_delivery)]], BeforeValidator(_as_list), Field(min_length=1)
]


class _Character(Document):
    name: str
    pitch: float = Field(default=0.0, ge=-20, le=20)
    rate: float = Field(default=1.0, ge=0.25, le=4)
    baseline: _Deliveries
    candidate: _Deliveries


class _Arm(Document):
    engine: str
    model: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")


class _Arms(Document):
    baseline: _Arm
    candidate: _Arm


class _Quota(Document):
    requests_per_minute: float | None = Field(default=None, gt=0)
    chars_per_minute: float | None = Field(default=None, gt=0)
    concurrent_streams: int | None = Field(default=None, gt=0)
    usd_per_million_chars: float | None = Field(default=None, ge=0)
    as_of: dt.date | None = None
    source: str = ""


class CatalogueFile(Document):
    """What stands in the file."""

    version: int = Field(ge=1, le=1)
    profile: str
    language: str
    default_character: str
    arms: _Arms
    engines: dict[str, dict[str, Any]] = Field(default_factory=dict)
    quotas: dict[str, _Quota] = Field(default_factory=dict)
    aliases: dict[str, str] = Field(default_factory=dict)
    characters: dict[str, _Character] = Field(min_length=1)


def profile_path(profile: str) -> Path:
    """The file of a profile that comes with Segue, or the path itself."""
    if profile in PROFILES:
        return Path(str(files("segue.config") / "profiles" / f"{profile}.yaml"))
    return Path(profile)


def read_catalogue(profile: str) -> tuple[Catalogue, dict[str, dict[str, Any]]]:
    """The catalogue of a profile, and the options of its engines.

    Raises:
        ConfigurationError: every fault found, as ``file:line: key: what``.
    """
    path = profile_path(profile)
    content = read_document(path, CatalogueFile)
    faults = _loose_ends(path, content)
    if faults:
        raise ConfigurationError(faults)
    return _catalogue(content), {name: _plain(options) for name, options in content.engines.items()}


def _plain(value: Any) -> Any:
    """Without the YAML reader's own types, which remember how a number was written: engines expect plain ones."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    for kind in (float, int, str):
        if isinstance(value, kind) and not isinstance(value, bool):
            return kind(value)
    return value


def _loose_ends(path: Path, content: CatalogueFile) -> list[str]:
    """References to characters that are not there, and names of quotas that name no family."""
    tree = read_tree(path)
    found: list[tuple[tuple[str, ...], str]] = []
    if content.default_character not in content.characters:
        found.append((("default_character",), f"no character is called {content.default_character!r}"))
    for alias, key in content.aliases.items():
        if key not in content.characters:
            found.append((("aliases", alias), f"no character is called {key!r}"))
        if alias in content.characters:
            found.append((("aliases", alias), "a character is called that already"))
    found += [
        (("quotas", name), "a quota is named engine/family, such as google/wavenet")
        for name in content.quotas
        if name.count("/") != 1
    ]
    return [f"{path}:{line_of(tree, place)}: {'.'.join(place)}: {what}" for place, what in found]


def _catalogue(content: CatalogueFile) -> Catalogue:
    arms = {Arm.BASELINE: content.arms.baseline, Arm.CANDIDATE: content.arms.candidate}
    return Catalogue(
        profile=content.profile,
        language=content.language,
        arms={arm: ArmSpec(spec.engine, spec.model) for arm, spec in arms.items()},
        characters={key: _character(key, entry) for key, entry in content.characters.items()},
        default_character=content.default_character,
        aliases=content.aliases,
        quotas={_family(name): _quota(entry) for name, entry in content.quotas.items()},
    )


def _character(key: str, entry: _Character) -> Character:
    by_arm = {Arm.BASELINE: entry.baseline, Arm.CANDIDATE: entry.candidate}
    deliveries = {
        arm: tuple(
            Delivery(
                item.voice,
                entry.pitch if item.pitch is None else item.pitch,
                entry.rate if item.rate is None else item.rate,
            )
            for item in items
        )
        for arm, items in by_arm.items()
    }
    return Character(key, entry.name, deliveries)


def _family(name: str) -> tuple[str, str]:
    engine, _, family = name.partition("/")
    return engine, family


def _quota(entry: _Quota) -> Quota:
    return Quota(
        requests_per_minute=entry.requests_per_minute,
        chars_per_minute=entry.chars_per_minute,
        concurrent_streams=entry.concurrent_streams,
        usd_per_million_chars=entry.usd_per_million_chars,
        as_of=entry.as_of.isoformat() if entry.as_of else "",
        source=entry.source,
    )
