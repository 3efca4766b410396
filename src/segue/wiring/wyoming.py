"""The Wyoming door, as the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.core.errors import ConfigurationError
from segue.wiring.ports import check_free

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.api.context import Context
    from segue.api.wyoming import Listening, WyomingDoor
    from segue.config.schema import Settings
    from segue.ports.engine import Engine


def wyoming(settings: Settings, context: Context, engines: Mapping[str, Engine]) -> WyomingDoor | None:
    """The door, not yet opened; None where the settings want none.

    Raises:
        ConfigurationError: as ``check_wyoming``.
    """
    listening = _listening(settings)
    if listening is None:
        return None
    from segue.api.wyoming import WyomingDoor
    from segue.api.wyoming.voices import Voices

    return WyomingDoor(context, Voices(context.catalogue, engines), listening)


def check_wyoming(settings: Settings) -> None:
    """Raises ConfigurationError where the package is missing, the settings do not fit together, or the port cannot
    be had.
    """
    listening = _listening(settings)
    if listening is not None:
        check_free("SEGUE_WYOMING_PORT", listening.host, listening.port)


def _listening(settings: Settings) -> Listening | None:
    if settings.wyoming_port is None:
        return None
    if settings.wyoming_port == 0 and settings.workers > 1:
        raise ConfigurationError(
            ["SEGUE_WYOMING_PORT=0: every worker would pick a port of its own; name one, or use one worker"]
        )
    try:
        from segue.api.wyoming import Listening
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        raise ConfigurationError(
            [f"SEGUE_WYOMING_PORT: needs the package {package!r}: pip install 'segue[wyoming]'"]
        ) from error
    return Listening(settings.host, settings.wyoming_port, shared=settings.workers > 1)
