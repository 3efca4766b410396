"""Reads the settings from the environment and from files, and reports all faults at once, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values
from pydantic import TypeAdapter, ValidationError

from segue.config.documents import described, read_tree
from segue.config.names import SERVICE_URL, SETTINGS_FILE, env_name
from segue.config.schema import Settings
from segue.kernel.errors import ConfigurationError
from segue.kernel.names import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Source(StrEnum):
    """The source of a setting's value."""

    ENVIRONMENT = "environment"
    ROLLOUT_FILE = "rollout file"
    SETTINGS_FILE = "settings file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, the source of each, and those that the environment sets.

    Settings from the environment override changes made at run time.
    """

    settings: Settings
    from_environment: frozenset[str]
    sources: Mapping[str, Source]

    @property
    def locked_off(self) -> bool:
        """Whether the environment sets the master switch to false, which nothing can override at run time."""
        return not self.settings.chirp3_enabled and self.sources["chirp3_enabled"] is Source.ENVIRONMENT


def load_settings(environ: Mapping[str, str]) -> Loaded:
    """The settings in force.

    The environment overrides the settings file. The rollout file overrides both for the four ``CHIRP3_`` settings,
    except that it cannot switch on what the environment switches off.

    Raises:
        ConfigurationError: every fault found, one line each.
    """
    path = Path(environ[SETTINGS_FILE]) if environ.get(SETTINGS_FILE) else None
    tree: Any = read_tree(path) if path is not None else {}
    if not isinstance(tree, dict):
        raise ConfigurationError(
            [f"{path}:1: not a settings file; write one setting per line, such as port: 8000"]
        )
    fields = {env_name(field): field for field in Settings.model_fields}
    in_environment = frozenset(field for name, field in fields.items() if environ.get(name, "").strip())
    faults = _misspelt(environ, fields)
    rollout = _unless_off(environ, _rollout_file(environ, tree, faults))
    said = {**environ, **rollout}
    given = {field: said[name] for name, field in fields.items() if (said.get(name) or "").strip()}
    try:
        settings = Settings.model_validate({**tree, **given})
    except ValidationError as error:
        faults += [_fault(fault, given, rollout, path, tree) for fault in error.errors()]
        raise ConfigurationError(faults) from None
    if faults:
        raise ConfigurationError(faults)
    sources = {name: _source(env_name(name), name, rollout, given, tree) for name in Settings.model_fields}
    return Loaded(settings, in_environment, sources)


def _source(
    name: str, field: str, rollout: Mapping[str, str], given: Mapping[str, str], tree: Mapping[str, Any]
) -> Source:
    if field in given:
        return Source.ROLLOUT_FILE if rollout.get(name, "").strip() else Source.ENVIRONMENT
    return Source.SETTINGS_FILE if field in tree else Source.DEFAULT


def _rollout_file(environ: Mapping[str, str], tree: Mapping[str, Any], faults: list[str]) -> dict[str, str]:
    """The ``NAME=value`` lines of the rollout file, if one is set. Only the four ``CHIRP3_`` names are allowed."""
    named = environ.get(env_name("rollout_file")) or tree.get("rollout_file")
    if not named:
        return {}
    path = Path(str(named))
    if not path.is_file():
        faults.append(f"{path}: no such file; create it, or correct or unset SEGUE_ROLLOUT_FILE")
        return {}
    try:
        found = dotenv_values(path, encoding="utf-8", interpolate=False)
    except UnicodeDecodeError as error:
        faults.append(f"{path}: is not UTF-8 (byte {error.start})")
        return {}
    allowed = {env_name(field) for field in Settings.model_fields if field.startswith("chirp3_")}
    faults += [
        f"{path}: {name}: not allowed in a rollout file; it may set only {', '.join(sorted(allowed))}"
        for name in found
        if name not in allowed
    ]
    return {name: value for name, value in found.items() if name in allowed and value is not None}


def _unless_off(environ: Mapping[str, str], rollout: Mapping[str, str]) -> Mapping[str, str]:
    """The rollout file's lines, without the master switch if the environment's is off or is not a boolean.

    A line of the file that is not a boolean stays, and is reported.
    """
    here, there = (said.get(_MASTER_SWITCH, "").strip() for said in (environ, rollout))
    if not here or _boolean(here) is True or (there and _boolean(there) is None):
        return rollout
    return {name: value for name, value in rollout.items() if name != _MASTER_SWITCH}


def _boolean(written: str) -> bool | None:
    try:
        return _BOOLEAN.validate_python(written)
    except ValidationError:
        return None


_MASTER_SWITCH = env_name("chirp3_enabled")
_BOOLEAN = TypeAdapter(bool)


def _misspelt(environ: Mapping[str, str], fields: Mapping[str, str]) -> list[str]:
    """Variables with Segue's prefixes that are not settings. A typing error must not silently become a default."""
    known = {*fields, SETTINGS_FILE, *_OF_OTHERS}
    return [
        f"environment: {name}: no such setting; {_hint(name, known)}"
        for name in environ
        if name.startswith(("CHIRP3_", "SEGUE_")) and name not in known
    ]


def _hint(name: str, known: Collection[str]) -> str:
    """By what stands behind the prefix, which all of them share."""
    prefix, _, own = name.partition("_")
    found = nearest(own, [other.removeprefix(f"{prefix}_") for other in known if other.startswith(f"{prefix}_")])
    return f"did you mean {prefix}_{found[0]}?" if found else _UNKNOWN


_UNKNOWN = "unset it; `segue check --settings` then lists all settings"
_OF_OTHERS = (SERVICE_URL, "SEGUE_REQUIRE_SERVICES", "SEGUE_TEST_POSTGRESQL_URL")
"""Variables that the commands and the tests use. They are not settings."""


def _fault(fault: Any, given: Mapping[str, str], rollout: Mapping[str, str], path: Path | None, tree: Any) -> str:
    field = str(fault["loc"][0])
    if field in given:
        source = "rollout file" if env_name(field) in rollout else "environment"
        return f"{source}: {env_name(field)}={given[field]!r}: {fault['msg']}"
    assert path is not None, "a fault that does not come from the environment comes from the file"
    return described(path, tree, fault)
