"""Ports that a service is to listen on, looked at before it starts."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from segue.core.errors import ConfigurationError

if TYPE_CHECKING:
    from segue.config.schema import Settings


def check_free(variable: str, host: str, port: int) -> None:
    """Raises ConfigurationError where nobody could listen there; its message names the variable that sets it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise ConfigurationError(
            [f"{variable}: cannot listen on {host}, port {port} ({error.strerror}); set another"]
        ) from None


def check_ports(settings: Settings) -> None:
    """Raises ConfigurationError where two of the service's doors would have one port."""
    doors = {
        "SEGUE_PORT": settings.port,
        "SEGUE_GOOGLE_GRPC_PORT": settings.google_grpc_port,
        "SEGUE_WYOMING_PORT": settings.wyoming_port,
    }
    taken: dict[int, str] = {}
    faults = []
    for variable, port in doors.items():
        if port and (first := taken.setdefault(port, variable)) != variable:
            faults.append(f"{variable}: {port} is the port of {first} already; set another")
    if faults:
        raise ConfigurationError(faults)
