"""Engines found by name through entry points, so that anyone's package can bring one."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from segue.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.ports.engine import Engine

GROUP = "segue.engines"


def registered() -> tuple[str, ...]:
    """The names of all installed engines, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def create(name: str, options: Mapping[str, object]) -> Engine:
    """The engine of that name with these options, not yet started.

    Raises:
        ConfigurationError: no such engine, its packages are missing, or it refuses the options.
    """
    found = next(iter(entry_points(group=GROUP, name=name)), None)
    if found is None:
        raise ConfigurationError([f"no engine is called {name!r}; installed: {', '.join(registered()) or 'none'}"])
    try:
        engine: Engine = found.load()(options)
    except ImportError as error:
        raise ConfigurationError(
            [f"engine {name!r} needs the package {error.name!r}: pip install 'segue[embedded]' or 'segue[google]'"]
        ) from error
    except (TypeError, ValueError) as error:
        raise ConfigurationError([f"engine {name!r}: {error}"]) from error
    return engine
