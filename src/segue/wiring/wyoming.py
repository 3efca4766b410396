"""Builds the Wyoming API from the settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from segue.kernel.errors import ConfigurationError
from segue.wiring.ports import check_free

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.api.context import Context
    from segue.api.wyoming import WyomingAddress, WyomingEndpoint
    from segue.config.schema import Settings
    from segue.kernel.connections import Connections
    from segue.speech.ports.engine import Engine


def wyoming(
    settings: Settings, context: Context, engines: Mapping[str, Engine], connections: Connections
) -> WyomingEndpoint | None:
    """The endpoint, not yet listening; None if the settings do not enable it.

    Its connections count in ``connections``.

    Raises:
        ConfigurationError: see ``check_wyoming``.
    """
    listening = _listening(settings)
    if listening is None:
        return None
    from segue.api.wyoming import WyomingEndpoint
    from segue.api.wyoming.voices import WyomingVoices

    if wyoming_auth(settings) == "off":
        context = replace(context, callers=None)
    return WyomingEndpoint(context, WyomingVoices(context.catalogue, engines), listening, connections=connections)


def check_wyoming(settings: Settings) -> None:
    """Raises ConfigurationError if the API cannot start.

    The package may be missing, settings may contradict each other, or the port may not be available.
    """
    listening = _listening(settings)
    if listening is not None:
        check_free("SEGUE_WYOMING_PORT", listening.host, listening.port)


def wyoming_auth(settings: Settings) -> Literal["off", "keys"]:
    """Whether Wyoming's callers need a key: ``off`` or ``keys``."""
    return settings.auth if settings.wyoming_auth == "same" else settings.wyoming_auth


def _listening(settings: Settings) -> WyomingAddress | None:
    if settings.wyoming_port is None:
        return None
    if settings.wyoming_port == 0 and settings.workers > 1:
        raise ConfigurationError(
            ["SEGUE_WYOMING_PORT=0: each worker would pick a different port; set a port, or use one worker"]
        )
    try:
        from segue.api.wyoming import WyomingAddress
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        raise ConfigurationError(
            [f"SEGUE_WYOMING_PORT: the package {package!r} is missing; run: pip install 'segue[wyoming]'"]
        ) from error
    host = settings.wyoming_host or settings.host
    return WyomingAddress(host, settings.wyoming_port, shared=settings.workers > 1)
