"""Creates engines, within this process or in separate processes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from segue.config.catalogue_faults import near
from segue.config.catalogue_file import engine_places
from segue.kernel.errors import ConfigurationError
from segue.speech.engines import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from segue.config.schema import Settings
    from segue.speech.core.catalogue import Catalogue
    from segue.speech.ports.engine import Engine

    CreateEngine: TypeAlias = Callable[[str, Mapping[str, object]], Engine]
    """Creates an engine, not yet started, from a name and options."""

_CAN_SHELTER = sys.platform != "win32"
"""Windows cannot pass the sockets to other processes."""


def engines_by(settings: Settings) -> CreateEngine:
    """A function that creates engines; those in ``sheltered_engines`` run in separate processes.

    Raises:
        ConfigurationError: ``sheltered_engines`` names an engine that is not installed.
    """
    installed = registry.registered()
    unknown = sorted(set(settings.sheltered_engines) - set(installed))
    if unknown:
        raise ConfigurationError(
            [
                f"SEGUE_SHELTERED_ENGINES: unknown engine {name!r}; installed: {', '.join(installed)}"
                for name in unknown
            ]
        )

    def create(name: str, options: Mapping[str, object]) -> Engine:
        if _CAN_SHELTER and name in settings.sheltered_engines:
            return registry.create_sheltered(name, options, processes=settings.sheltered_processes)
        return registry.create(name, options)

    return create


def engines_of(
    profile: str,
    catalogue: Catalogue,
    options: Mapping[str, Mapping[str, object]],
    create: CreateEngine = registry.create,
) -> dict[str, Engine]:
    """All engines that the catalogue of a profile uses, not yet started, keyed by their names in the catalogue.

    Raises:
        ConfigurationError: an engine cannot be created; each fault with the place that names the engine.
    """
    made: dict[str, Engine] = {}
    faults: dict[str, tuple[str, ...]] = {}
    for name in catalogue.engine_names:
        try:
            made[name] = create(catalogue.kind_of(name), options.get(name, {}))
        except ConfigurationError as error:
            faults[name] = error.faults
    if faults:
        places = engine_places(profile)
        raise ConfigurationError(
            [
                f"{places[name]}: {fault}{_meant(catalogue, name)}"
                for name, found in faults.items()
                for fault in found
            ]
        )
    return made


def one_engine(name: str, catalogue: Catalogue, options: Mapping[str, Mapping[str, object]]) -> Engine:
    """An engine by its name in the catalogue, or an installed engine that the catalogue does not use.

    Raises:
        ConfigurationError: there is no such engine, or it cannot be created.
    """
    try:
        return registry.create(catalogue.kind_of(name), options.get(name, {}))
    except ConfigurationError as error:
        raise ConfigurationError([f"{fault}{_meant(catalogue, name)}" for fault in error.faults]) from error


def _meant(catalogue: Catalogue, name: str) -> str:
    """A suggestion for an unknown name, else an empty string."""
    kind, installed = catalogue.kind_of(name), registry.registered()
    if kind in installed:
        return ""
    known = installed if name in catalogue.uses else (*catalogue.uses, *installed)
    return near(kind, known)
