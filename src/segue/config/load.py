"""Settings gathered from the environment and a file; all faults together, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values
from pydantic import ValidationError

from segue.config.documents import described, read_tree
from segue.config.schema import Settings, env_name
from segue.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SETTINGS_FILE = "SEGUE_CONFIG"
"""The variable that names the settings file; not itself a setting."""

SERVICE_URL = "SEGUE_URL"
"""The variable that tells the commands which service to speak to; the service itself has no use for it."""


class Source(StrEnum):
    """Where a setting's value is from."""

    ENVIRONMENT = "environment"
    ROLLOUT_FILE = "rollout file"
    SETTINGS_FILE = "settings file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, where each is from, and which the environment named: those beat what was changed at run time."""

    settings: Settings
    from_environment: frozenset[str]
    sources: Mapping[str, Source]


def load_settings(environ: Mapping[str, str]) -> Loaded:
    """The settings in force: the environment over the settings file; for the four ``CHIRP3_`` ones, the rollout
    file over both.

    Raises:
        ConfigurationError: everything that is wrong, one line each.
    """
    path = Path(environ[SETTINGS_FILE]) if environ.get(SETTINGS_FILE) else None
    tree: Any = read_tree(path) if path is not None else {}
    if not isinstance(tree, dict):
        raise ConfigurationError([f"{path}:1: a settings file is a mapping of settings to values"])
    fields = {env_name(field): field for field in Settings.model_fields}
    in_environment = frozenset(field for name, field in fields.items() if environ.get(name, "").strip())
    faults = _misspelt(environ, fields)
    rollout = _rollout_file(environ, tree, faults)
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
    """The lines of the rollout file, where one is named: ``NAME=value``, the four ``CHIRP3_`` names only."""
    named = environ.get(env_name("rollout_file")) or tree.get("rollout_file")
    if not named:
        return {}
    path = Path(str(named))
    if not path.is_file():
        faults.append(f"{path}: no such file; SEGUE_ROLLOUT_FILE must name one, or not be set")
        return {}
    try:
        found = dotenv_values(path, encoding="utf-8", interpolate=False)
    except UnicodeDecodeError as error:
        faults.append(f"{path}: is not UTF-8 (byte {error.start})")
        return {}
    allowed = {env_name(field) for field in Settings.model_fields if field.startswith("chirp3_")}
    faults += [
        f"{path}: {name}: only {', '.join(sorted(allowed))} belong here" for name in found if name not in allowed
    ]
    return {name: value for name, value in found.items() if name in allowed and value is not None}


def _misspelt(environ: Mapping[str, str], fields: Mapping[str, str]) -> list[str]:
    """Variables that look like ours and are not: a typing error must not pass for a default."""
    known = {*fields, SETTINGS_FILE, *_OF_OTHERS}
    return [
        f"environment: {name}: no such setting; {_hint(name, known)}"
        for name in environ
        if name.startswith(("CHIRP3_", "SEGUE_")) and name not in known
    ]


def _hint(name: str, known: Collection[str]) -> str:
    nearest = get_close_matches(name, known, n=1, cutoff=0.8)
    return f"did you mean {nearest[0]}?" if nearest else "`segue check --settings` lists them"


_OF_OTHERS = (SERVICE_URL, "SEGUE_REQUIRE_SERVICES", "SEGUE_TEST_POSTGRESQL_URL")
"""Variables of the commands and the tests, which may stand beside the settings."""


def _fault(fault: Any, given: Mapping[str, str], rollout: Mapping[str, str], path: Path | None, tree: Any) -> str:
    field = str(fault["loc"][0])
    if field in given:
        source = "rollout file" if env_name(field) in rollout else "environment"
        return f"{source}: {env_name(field)}={given[field]!r}: {fault['msg']}"
    assert path is not None, "a fault that is not the environment's is the file's"
    return described(path, tree, fault)
