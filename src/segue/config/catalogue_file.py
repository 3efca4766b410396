"""Reads the catalogue from a YAML file: arms, engines, quotas, and the voices of each character."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segue.config.catalogue_document import CatalogueFile
from segue.config.catalogue_faults import USE, first_named, loose_ends, near, told, uses_of
from segue.config.documents import read_tree, validated
from segue.kernel.arms import Arm
from segue.kernel.errors import ConfigurationError
from segue.speech.core.catalogue import ArmSpec, Catalogue, Character, Delivery, Quota

if TYPE_CHECKING:
    from segue.config.catalogue_document import BackupEntry, CharacterEntry, QuotaEntry

PROFILES = ("embedded", "kokoro", "google")
"""The catalogues that Segue ships with."""


def profile_path(profile: str) -> Path:
    """The file of a profile that Segue ships with; any other value is taken as a path."""
    if profile in PROFILES:
        return Path(str(files("segue.config") / "profiles" / f"{profile}.yaml"))
    return Path(profile)


def read_catalogue(profile: str) -> tuple[Catalogue, dict[str, dict[str, Any]]]:
    """The catalogue of a profile, and the options of its engines, keyed by their names in the catalogue.

    Raises:
        ConfigurationError: every fault found, as ``file:line: key: what``.
    """
    path = profile_path(profile)
    content, tree = _read(path)
    faults = [f"{told(path, tree, place)}: {what}" for place, what in loose_ends(content)]
    if faults:
        raise ConfigurationError(faults)
    return _catalogue(content), {name: _options(written) for name, written in content.engines.items()}


def engine_places(profile: str) -> dict[str, str]:
    """The place that names each engine first, as ``file:line: key``: its own entry, else an arm or a delivery.

    Raises:
        ConfigurationError: the file is not valid.
    """
    path = profile_path(profile)
    content, tree = _read(path)
    return {name: told(path, tree, place) for name, place in first_named(content).items()}


def unused_engines(profile: str) -> list[str]:
    """A sentence for each entry of ``engines`` that no delivery uses, as ``file:line: key: what``.

    Raises:
        ConfigurationError: the file is not valid.
    """
    path = profile_path(profile)
    content, tree = _read(path)
    used = _catalogue(content).engine_names
    return [
        f"{told(path, tree, ('engines', name))}: no delivery uses this engine, so its options have no effect"
        f"{near(name, used)}"
        for name in content.engines
        if name not in used
    ]


def _read(path: Path) -> tuple[CatalogueFile, Any]:
    """The file as a model, and with the positions of its keys. Parsed only once: that takes most of the time."""
    tree = read_tree(path)
    return validated(path, tree, CatalogueFile), tree


def _options(written: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): _plain(value) for name, value in written.items() if name != USE}


def _plain(value: Any) -> Any:
    """Converts the YAML reader's number and string types, which keep the original notation, to plain ones."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    for kind in (float, int, str):
        if isinstance(value, kind) and not isinstance(value, bool):
            return kind(value)
    return value


def _catalogue(content: CatalogueFile) -> Catalogue:
    arms = {Arm.BASELINE: content.arms.baseline, Arm.CANDIDATE: content.arms.candidate}
    return Catalogue(
        profile=content.profile,
        language=content.language,
        arms={arm: ArmSpec(spec.engine or "", spec.model) for arm, spec in arms.items()},
        characters={key: _character(key, entry) for key, entry in content.characters.items()},
        default_character=content.default_character,
        aliases=content.aliases,
        quotas={_family(name): _quota(entry) for name, entry in content.quotas.items()},
        uses=uses_of(content),
    )


def _character(key: str, entry: CharacterEntry) -> Character:
    by_arm = {Arm.BASELINE: entry.baseline, Arm.CANDIDATE: entry.candidate}
    deliveries = {
        arm: tuple(
            replace(
                _delivery(entry, item), backups=tuple(_delivery(entry, behind) for behind in item.backups or ())
            )
            for item in items
        )
        for arm, items in by_arm.items()
    }
    return Character(key, entry.name, deliveries)


def _delivery(entry: CharacterEntry, item: BackupEntry) -> Delivery:
    """With the character's pitch and rate if the entry sets none, and without the entry's backups."""
    return Delivery(
        item.voice,
        entry.pitch if item.pitch is None else item.pitch,
        entry.rate if item.rate is None else item.rate,
        item.engine or "",
    )


def _family(name: str) -> tuple[str, str]:
    engine, _, family = name.partition("/")
    return engine, family


def _quota(entry: QuotaEntry) -> Quota:
    return Quota(
        requests_per_minute=entry.requests_per_minute,
        chars_per_minute=entry.chars_per_minute,
        concurrent_streams=entry.concurrent_streams,
        usd_per_million_chars=entry.usd_per_million_chars,
        as_of=entry.as_of.isoformat() if entry.as_of else "",
        source=entry.source,
    )
