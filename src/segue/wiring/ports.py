"""Checks the ports of a service before it starts."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from segue.kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from segue.config.schema import Settings


def check_free(variable: str, host: str, port: int) -> None:
    """Raises ConfigurationError, with the name of the variable to change, if the port is not available."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise ConfigurationError(
            [f"{variable}: cannot listen on {host}, port {port} ({error.strerror}); set another port"]
        ) from None


def check_ports(settings: Settings) -> None:
    """Raises ConfigurationError if two of the service's APIs have the same port."""
    by_variable = {
        "SEGUE_PORT": settings.port,
        "SEGUE_GOOGLE_GRPC_PORT": settings.google_grpc_port,
        "SEGUE_WYOMING_PORT": settings.wyoming_port,
    }
    taken: dict[int, str] = {}
    faults = []
    for variable, port in by_variable.items():
        if port and (first := taken.setdefault(port, variable)) != variable:
            faults.append(f"{variable}: port {port} is also set by {first}; set another port")
    if faults:
        raise ConfigurationError(faults)
