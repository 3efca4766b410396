"""Finds the faults that would keep a service from starting, and doubtful settings, before anything is started."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from segue.config.catalogue_file import unused_engines
from segue.config.pronunciations_file import read_pronunciations
from segue.kernel.errors import ConfigurationError
from segue.preflight.exposure import check_open_ports, check_token, exposure_doubts
from segue.preflight.review import check_engines
from segue.wiring.disk import check_audio_url
from segue.wiring.front import check_front
from segue.wiring.google_grpc import check_google_grpc
from segue.wiring.notices import check_notices
from segue.wiring.people import check_people
from segue.wiring.ports import check_ports
from segue.wiring.transport import check_connections
from segue.wiring.wyoming import check_wyoming

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from segue.config.schema import Settings

    Check: TypeAlias = Callable[[Settings], object]


def check_startup(settings: Settings) -> None:
    """Raises ConfigurationError with every fault that would otherwise appear only once the service listens."""
    faults = [fault for check in _CHECKS for fault in _faults(check, settings)]
    if faults:
        raise ConfigurationError(faults)


def doubts(settings: Settings) -> list[str]:
    """Warnings about settings that are valid but probably not intended.

    Raises:
        ConfigurationError: the catalogue is not valid.
    """
    return [*unused_engines(settings.profile), *_unshared_files(settings), *exposure_doubts(settings)]


def _unshared_files(settings: Settings) -> list[str]:
    if settings.workers > 1 and not settings.cache_disk_bytes and not settings.audio_url:
        unshared = f"SEGUE_CACHE_DISK_BYTES=0 with {settings.workers} workers"
        return [
            (
                f"{unshared}: the URL of an audio file works only in the worker that made the audio, so a request "
                "that reaches another worker fails; set SEGUE_CACHE_DISK_BYTES above 0, or SEGUE_WORKERS=1"
            )
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
    from segue.wiring.rollout import check_store  # loads SQLAlchemy, which other commands do not need

    check_store(settings)


def _pronunciations(settings: Settings) -> None:
    read_pronunciations(settings.pronunciations)


_CHECKS: tuple[Check, ...] = (
    _engines,
    _pronunciations,
    check_notices,
    check_audio_url,
    _store,
    check_ports,
    check_google_grpc,
    check_wyoming,
    check_connections,
    check_front,
    check_token,
    check_open_ports,
    check_people,
)
