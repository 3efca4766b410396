"""Google's gRPC door, as the settings say."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from segue.api.google.voices import Voices
from segue.core.errors import ConfigurationError
from segue.wiring.ports import check_free

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segue.api.context import Context
    from segue.api.google_grpc import GrpcDoor, Listening, Tls
    from segue.config.schema import Settings
    from segue.ports.engine import Engine

_TLS_FILES = "SEGUE_GOOGLE_GRPC_TLS_CERT, SEGUE_GOOGLE_GRPC_TLS_KEY"


def google_grpc(settings: Settings, context: Context, engines: Mapping[str, Engine]) -> GrpcDoor | None:
    """The door, not yet opened; None where the settings want none.

    Raises:
        ConfigurationError: as ``check_google_grpc``.
    """
    listening = _listening(settings)
    if listening is None:
        return None
    from segue.api.google_grpc import GrpcDoor

    return GrpcDoor(context, Voices(context.catalogue, engines), listening)


def check_google_grpc(settings: Settings) -> None:
    """Raises ConfigurationError where packages or files are missing, the settings do not fit together, or the port
    cannot be had.
    """
    listening = _listening(settings)
    if listening is not None:
        check_free("SEGUE_GOOGLE_GRPC_PORT", listening.host, listening.port)


def _listening(settings: Settings) -> Listening | None:
    if settings.google_grpc_port is None:
        return None
    if settings.google_grpc_port == 0 and settings.workers > 1:
        raise ConfigurationError(
            ["SEGUE_GOOGLE_GRPC_PORT=0: every worker would pick a port of its own; name one, or use one worker"]
        )
    try:
        from segue.api.google_grpc import Listening
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            [f"SEGUE_GOOGLE_GRPC_PORT: needs the package {error.name!r}: pip install 'segue[google]'"]
        ) from error
    return Listening(settings.host, settings.google_grpc_port, _tls(settings), shared=settings.workers > 1)


def _tls(settings: Settings) -> Tls | None:
    cert, key = settings.google_grpc_tls_cert, settings.google_grpc_tls_key
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise ConfigurationError(
            ["SEGUE_GOOGLE_GRPC_TLS_CERT and SEGUE_GOOGLE_GRPC_TLS_KEY go together: set both"]
        )
    from segue.api.google_grpc import Tls

    try:
        _check_pair(cert, key)
        return Tls(key.read_bytes(), cert.read_bytes())
    except OSError as error:
        what = f"{error.strerror or error} ({error.filename or cert})"
        raise ConfigurationError([f"{_TLS_FILES}: {what}"]) from None


def _check_pair(cert: Path, key: Path) -> None:
    """Raises OSError where a file cannot be read; ConfigurationError where they are no certificate and its key."""
    for path in (cert, key):
        path.open("rb").close()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        why = (error.reason or str(error)).lower().replace("_", " ")
        said = f"{_TLS_FILES}: no PEM certificate and its key without a password ({why})"
        raise ConfigurationError([said]) from None
