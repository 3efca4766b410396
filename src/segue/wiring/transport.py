"""Builds connection limits, server and shutdown times from the settings."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from segue.kernel.connections import ConnectionLimits, Connections, Proxies
from segue.kernel.errors import ConfigurationError
from segue.transport.files import file_limit, room_for_connections, usual_connections
from segue.transport.http import HttpProtocol
from segue.transport.leaving import LeaveTimes
from segue.transport.open_connections import HttpLimits, OpenConnections
from segue.transport.refusals import Refusals

if TYPE_CHECKING:
    from typing import Any

    from segue.config.schema import Settings
    from segue.kernel.ports.recorder import Recorder

_NONE = ("none",)
_LEAST_ROOM = 16
_PART_OF_GRPC = 4
_HOW_TO_RAISE = "raise the limit (ulimit -Hn; LimitNOFILE in systemd)"


def proxies_of(settings: Settings) -> Proxies:
    """The trusted proxies.

    Raises:
        ConfigurationError: the setting contains something other than addresses and networks.
    """
    named = settings.trusted_proxies
    try:
        return Proxies(() if named == _NONE else named)
    except ValueError as error:
        raise ConfigurationError(
            [f"SEGUE_TRUSTED_PROXIES: {error}; write addresses or networks such as 10.0.0.0/8, or `none`"]
        ) from None


def connections_of(settings: Settings) -> Connections:
    """The connections that this process may have open, within its limit of open files."""
    in_all = _in_all(settings) - (0 if settings.google_grpc_port is None else grpc_connections(settings))
    return Connections(ConnectionLimits(in_all, settings.max_connections_per_address), proxies_of(settings))


def grpc_connections(settings: Settings) -> int:
    """The part of all connections for gRPC, which counts its connections itself."""
    return max(1, _in_all(settings) // _PART_OF_GRPC)


def _in_all(settings: Settings) -> int:
    return settings.max_connections or usual_connections(file_limit())


def check_connections(settings: Settings) -> None:
    """Raises ConfigurationError if the limit of open files is too low for the configured connections.

    The limit is that of this process, so raise it before calling this.
    """
    limit = file_limit()
    room = room_for_connections(limit)
    if room < _LEAST_ROOM:
        raise ConfigurationError([f"the limit of {limit} open files is too low for a service; {_HOW_TO_RAISE}"])
    if settings.max_connections is not None and settings.max_connections > room:
        found = f"the limit of {limit} open files allows only {room} connections"
        told = (
            f"SEGUE_MAX_CONNECTIONS={settings.max_connections}: {found}; set SEGUE_MAX_CONNECTIONS to {room} or "
            f"less, or {_HOW_TO_RAISE}"
        )
        raise ConfigurationError([told])
    proxies_of(settings)


def open_connections(settings: Settings, connections: Connections, recorder: Recorder) -> OpenConnections:
    limits = HttpLimits(settings.max_header_bytes, settings.header_timeout_s, settings.keep_alive_s)
    refusals = Refusals("http", recorder.turned_away, time.monotonic)
    return OpenConnections(connections, limits, refusals.note, time.monotonic)


def leave_times(settings: Settings) -> LeaveTimes:
    return LeaveTimes(settings.drain_s, settings.stop_grace_s)


def server_config(settings: Settings, app: Any, shared: OpenConnections) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=partial(HttpProtocol, shared=shared),  # type: ignore[arg-type]  # a factory is enough
        ws="none",
        lifespan="on",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        headers=[("x-content-type-options", "nosniff")],
        timeout_graceful_shutdown=settings.stop_grace_s,  # type: ignore[arg-type]  # fractions work
    )
