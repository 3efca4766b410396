"""Finds engines by name through entry points, so that any package can provide one."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from segue.kernel.errors import ConfigurationError
from segue.speech.engines.shelter.control import EngineSource
from segue.speech.engines.shelter.engine import ShelteredEngine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.metadata import EntryPoint

    from segue.speech.ports.engine import Engine

GROUP = "segue.engines"
_OWN_EXTRAS = ("google", "kokoro", "polly")


def registered() -> tuple[str, ...]:
    """The names of all installed engines, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def create(name: str, options: Mapping[str, object]) -> Engine:
    """The engine with this name and these options, in this process, not yet started.

    Raises:
        ConfigurationError: there is no such engine, its packages are missing, or it refuses the options.
    """
    found = _found(name)
    with _told(name):
        engine: Engine = found.load()(options)
    return engine


def create_sheltered(name: str, options: Mapping[str, object], *, processes: int) -> Engine:
    """The same in separate processes, each for one utterance at a time.

    Raises:
        ConfigurationError: there is no such engine, its packages are missing, or it refuses the options.
        SegueError: its processes cannot be started.
    """
    found = _found(name)
    with _told(name):
        return ShelteredEngine(EngineSource(found.value, dict(options)), processes=processes)


def _found(name: str) -> EntryPoint:
    found = next(iter(entry_points(group=GROUP, name=name)), None)
    if found is None:
        raise ConfigurationError([f"unknown engine {name!r}; installed: {', '.join(registered()) or 'none'}"])
    return found


def extra_of(name: str) -> str:
    """What of Segue to install for one of its engines."""
    return name if name in _OWN_EXTRAS else "embedded"


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Converts the reason that an engine cannot be created into a fault of the configuration."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            [f"engine {name!r} needs the package {error.name!r}: pip install 'segue[{extra_of(name)}]'"]
        ) from error
    except ImportError as error:
        raise ConfigurationError(
            [f"engine {name!r}: the installed package {error.name!r} cannot be loaded ({error}); install it again"]
        ) from error
    except (TypeError, ValueError) as error:
        raise ConfigurationError([f"engine {name!r}: {error}"]) from error
