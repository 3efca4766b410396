"""Checks of a catalogue file that go beyond its schema, and the places where it names engines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from segue.config.documents import line_of
from segue.kernel.arms import Arm
from segue.kernel.names import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from segue.config.catalogue_document import ArmEntry, CatalogueFile

    Place = tuple[str | int, ...]
    """The path to a value in the file: keys, and list indexes from 0."""

    Fault = tuple[Place, str]

USE = "use"
"""The option with which an entry names the installed engine.

The key of the entry is then the catalogue's name for that engine.
"""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""The pattern of an engine's name. Names appear in metrics, headers and URLs, and before the slash in quotas."""


def told(path: Path, tree: Any, place: Place) -> str:
    """The place as ``file:line: key``."""
    return f"{path}:{line_of(tree, place)}: {'.'.join(map(str, place))}"


def near(wrong: str, known: Iterable[str]) -> str:
    """``; did you mean ...?`` if a known name is similar to the wrong one, else an empty string."""
    return "".join(f"; did you mean {name!r}?" for name in nearest(wrong, known))


def uses_of(content: CatalogueFile) -> dict[str, str]:
    """The names that the file defines for engines, each with the installed engine that it refers to."""
    return {name: str(options[USE]) for name, options in content.engines.items() if USE in options}


def first_named(content: CatalogueFile) -> dict[str, Place]:
    """The place that names each engine first: its own entry, else an arm, else a delivery."""
    found: dict[str, Place] = {name: ("engines", name, USE) for name in uses_of(content)}
    for arm, spec in _arms(content):
        if spec.engine is not None:
            found.setdefault(spec.engine, ("arms", str(arm), "engine"))
    for place, engine in _deliveries(content):
        if engine is not None:
            found.setdefault(engine, place)
    return found


def loose_ends(content: CatalogueFile) -> list[Fault]:
    """References to entries that do not exist, and names that are not valid."""
    return [*_characters(content), *_quotas(content), *_named_engines(content), *_without_engine(content)]


def _characters(content: CatalogueFile) -> Iterator[Fault]:
    def missing(key: str) -> str:
        return f"unknown character {key!r}{near(key, content.characters)}"

    if content.default_character not in content.characters:
        yield ("default_character",), missing(content.default_character)
    for alias, key in content.aliases.items():
        if key not in content.characters:
            yield ("aliases", alias), missing(key)
        if alias in content.characters:
            yield ("aliases", alias), "a character has this name; rename the alias"


def _quotas(content: CatalogueFile) -> Iterator[Fault]:
    for name in content.quotas:
        if name.count("/") != 1:
            yield ("quotas", name), "invalid quota name; expected engine/family, for example google/wavenet"


def _named_engines(content: CatalogueFile) -> Iterator[Fault]:
    for name, options in content.engines.items():
        if USE not in options:
            continue
        used = options[USE]
        if not _NAME.fullmatch(name):
            yield (
                ("engines", name),
                "invalid engine name; use 1 to 64 letters, digits, dots, hyphens or underscores",
            )
        if not isinstance(used, str) or not used:
            yield ("engines", name, USE), f"expected the name of an installed engine, such as google, not {used!r}"
        elif used != name and USE in content.engines.get(used, {}):
            yield (
                ("engines", name, USE),
                f"expected the name of an installed engine, but {used!r} is another entry of this file",
            )


def _without_engine(content: CatalogueFile) -> Iterator[Fault]:
    """One fault for each arm, however many of its deliveries have no engine."""
    for arm, spec in _arms(content):
        lacking = [place for place, engine in _deliveries(content, arm) if engine is None]
        if spec.engine is None and lacking:
            first, more = ".".join(map(str, lacking[0])), len(lacking) - 1
            whose = first if not more else f"{first} and {more} more"
            yield ("arms", str(arm)), f"no engine for {whose}; set `engine` here for all deliveries, or in each"


def _deliveries(content: CatalogueFile, of: Arm | None = None) -> Iterator[tuple[Place, str | None]]:
    """The place of each delivery and backup, of one arm or both, with the engine that it names."""
    for key, entry in content.characters.items():
        for arm, deliveries in ((Arm.BASELINE, entry.baseline), (Arm.CANDIDATE, entry.candidate)):
            if of in (None, arm):
                for number, delivery in enumerate(deliveries):
                    place = ("characters", key, str(arm), number)
                    yield place, delivery.engine
                    for behind, backup in enumerate(delivery.backups or ()):
                        yield (*place, "backups", behind), backup.engine


def _arms(content: CatalogueFile) -> Iterator[tuple[Arm, ArmEntry]]:
    yield Arm.BASELINE, content.arms.baseline
    yield Arm.CANDIDATE, content.arms.candidate
