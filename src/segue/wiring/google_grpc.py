"""Builds the Google-compatible gRPC API from the settings."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from segue.api.google.voices import GoogleVoices
from segue.kernel.connections import ConnectionLimits, Connections
from segue.kernel.errors import ConfigurationError
from segue.wiring.ports import check_free
from segue.wiring.transport import grpc_connections, proxies_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segue.api.context import Context
    from segue.api.google_grpc import GrpcAddress, GrpcEndpoint, Tls
    from segue.config.schema import Settings
    from segue.speech.ports.engine import Engine

_TLS_FILES = "SEGUE_GOOGLE_GRPC_TLS_CERT, SEGUE_GOOGLE_GRPC_TLS_KEY"


def google_grpc(settings: Settings, context: Context, engines: Mapping[str, Engine]) -> GrpcEndpoint | None:
    """The endpoint, not yet listening; None if the settings do not enable it.

    Raises:
        ConfigurationError: see ``check_google_grpc``.
    """
    listening = _listening(settings)
    if listening is None:
        return None
    from segue.api.google_grpc import GrpcEndpoint, GrpcLimits

    limits = GrpcLimits(
        Connections(
            ConnectionLimits(listening.max_calls, settings.max_connections_per_address), proxies_of(settings)
        ),
        grpc_connections(settings),
        settings.max_header_bytes,
        settings.header_timeout_s,
    )
    return GrpcEndpoint(context, GoogleVoices(context.catalogue, engines), listening, limits=limits)


def check_google_grpc(settings: Settings) -> None:
    """Raises ConfigurationError if the API cannot start.

    Packages or files may be missing, settings may contradict each other, or the port may not be available.
    """
    listening = _listening(settings)
    if listening is not None:
        check_free("SEGUE_GOOGLE_GRPC_PORT", listening.host, listening.port)


def _listening(settings: Settings) -> GrpcAddress | None:
    if settings.google_grpc_port is None:
        return None
    if settings.google_grpc_port == 0 and settings.workers > 1:
        raise ConfigurationError(
            ["SEGUE_GOOGLE_GRPC_PORT=0: each worker would pick a different port; set a port, or use one worker"]
        )
    try:
        from segue.api.google_grpc import GrpcAddress
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            [f"SEGUE_GOOGLE_GRPC_PORT: the package {error.name!r} is missing; run: pip install 'segue[google]'"]
        ) from error
    return GrpcAddress(settings.host, settings.google_grpc_port, _tls(settings), shared=settings.workers > 1)


def _tls(settings: Settings) -> Tls | None:
    cert, key = settings.google_grpc_tls_cert, settings.google_grpc_tls_key
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise ConfigurationError([f"{_TLS_FILES}: only one of them is set; set both for TLS, or neither"])
    from segue.api.google_grpc import Tls

    try:
        _check_pair(cert, key)
        return Tls(key.read_bytes(), cert.read_bytes())
    except OSError as error:
        what = f"{error.strerror or error} ({error.filename or cert})"
        raise ConfigurationError([f"{_TLS_FILES}: {what}"]) from None


def _check_pair(cert: Path, key: Path) -> None:
    """Raises OSError if a file cannot be read, and ConfigurationError if they are not a certificate and key."""
    for path in (cert, key):
        path.open("rb").close()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        why = (error.reason or str(error)).lower().replace("_", " ")
        said = f"{_TLS_FILES}: expected a PEM certificate and its key without a password ({why})"
        raise ConfigurationError([said]) from None
