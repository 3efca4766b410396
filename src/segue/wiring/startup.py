"""What would keep a service from starting, or serve less than was meant, found before anything is started."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from segue.config.pronunciations_file import read_pronunciations
from segue.core.errors import ConfigurationError
from segue.wiring.google_grpc import check_google_grpc
from segue.wiring.notices import check_notices
from segue.wiring.ports import check_ports
from segue.wiring.review import check_engines
from segue.wiring.wyoming import check_wyoming

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from segue.config.schema import Settings

    Check: TypeAlias = Callable[[Settings], object]


def check_startup(settings: Settings) -> None:
    """Raises ConfigurationError with every fault that would otherwise be met once the service listens."""
    faults = [fault for check in _CHECKS for fault in _faults(check, settings)]
    if faults:
        raise ConfigurationError(faults)


def doubts(settings: Settings) -> list[str]:
    """What can be used as it is, and is likely not meant."""
    if settings.workers > 1 and not settings.cache_disk_bytes:
        unshared = f"SEGUE_CACHE_DISK_BYTES=0 with {settings.workers} workers"
        return [
            f"{unshared}: only the worker that made the audio can serve its URL; keep files, or use one worker"
        ]
    return []


def _faults(check: Check, settings: Settings) -> tuple[str, ...]:
    try:
        check(settings)
    except ConfigurationError as error:
        return error.faults
    return ()


def _engines(settings: Settings) -> None:
    asyncio.run(check_engines(settings))


def _store(settings: Settings) -> None:
    from segue.wiring.rollout import check_store  # and with it SQLAlchemy, which other commands do without

    check_store(settings)


def _pronunciations(settings: Settings) -> None:
    read_pronunciations(settings.pronunciations)


_CHECKS: tuple[Check, ...] = (
    _engines,
    _pronunciations,
    check_notices,
    _store,
    check_ports,
    check_google_grpc,
    check_wyoming,
)
