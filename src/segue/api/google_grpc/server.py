"""The gRPC server: its port, optional TLS, and limits."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import grpc
import structlog

from segue.api.google_grpc.calls import GrpcCalls
from segue.api.google_grpc.messages import VERSIONS
from segue.api.google_grpc.service import OtherMethods, TextToSpeech
from segue.api.google_grpc.stream import StreamTimeouts
from segue.kernel.connections import ConnectionLimits, Connections
from segue.kernel.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.api.context import Context
    from segue.api.google.voices import GoogleVoices

_GRACE_S = 5.0
_STREAMS_PER_CONNECTION = 256
_IDENTITY_ONLY = 1
"""Bit 0 of gRPC's algorithms: uncompressed messages only. gRPC checks the size limit before decompression, and a
compressed message may expand a thousandfold.
"""


class Tls(NamedTuple):
    """Key and certificates in PEM format; the chain begins with the server's own certificate."""

    private_key: bytes
    certificate_chain: bytes


class GrpcAddress(NamedTuple):
    """Where to listen. ``port`` 0 picks a free one. ``shared``: other processes of this service use the same port.

    ``max_calls`` includes streams; gRPC refuses further calls with RESOURCE_EXHAUSTED.
    """

    host: str
    port: int
    tls: Tls | None = None
    shared: bool = False
    max_calls: int = 512


class GrpcLimits(NamedTuple):
    """Limits on clients.

    ``calls`` limits calls in total and by address, because gRPC does not report connections by address;
    ``connections`` limits connections in total. ``header_s`` is the time limit for a handshake, ``idle_s`` for a
    connection without a call.
    """

    calls: Connections
    connections: int = 1024
    header_bytes: int = 64 * 1024
    header_s: float = 10.0
    idle_s: float = 300.0


class GrpcEndpoint:
    """Serves while the context ``running`` is active; ``port`` is then the actual port."""

    def __init__(
        self,
        context: Context,
        voices: GoogleVoices,
        listening: GrpcAddress,
        waits: StreamTimeouts | None = None,
        limits: GrpcLimits | None = None,
    ) -> None:
        self._limits = limits or GrpcLimits(Connections(ConnectionLimits(listening.max_calls)))
        self._context = context
        self._voices = voices
        self._listening = listening
        self._waits = waits or StreamTimeouts()
        self.port = listening.port
        self._log = structlog.get_logger("segue.api")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the server. At the end, open calls have a few seconds to finish.

        Raises:
            Unavailable: the port cannot be bound, or the certificate cannot be used.
        """
        server = self._server()
        self.port = self._bound(server)
        await server.start()
        self._log.info("google_grpc_listens", port=self.port, tls=self._listening.tls is not None)
        try:
            yield
        finally:
            await server.stop(_GRACE_S)

    def _server(self) -> grpc.aio.Server:
        listening = self._listening
        server = grpc.aio.server(
            options=(
                ("grpc.max_receive_message_length", self._context.max_body_bytes),
                ("grpc.max_concurrent_streams", _STREAMS_PER_CONNECTION),
                ("grpc.compression_enabled_algorithms_bitset", _IDENTITY_ONLY),
                ("grpc.so_reuseport", int(listening.shared)),
                ("grpc.max_allowed_incoming_connections", self._limits.connections),
                ("grpc.max_metadata_size", self._limits.header_bytes),
                ("grpc.absolute_max_metadata_size", self._limits.header_bytes),
                ("grpc.server_handshake_timeout_ms", round(self._limits.header_s * 1000)),
                ("grpc.max_connection_idle_ms", round(self._limits.idle_s * 1000)),
            ),
            maximum_concurrent_rpcs=listening.max_calls,
        )
        calls = GrpcCalls(self._context, self._limits.calls)
        services = [TextToSpeech(self._context, self._voices, version, self._waits, calls) for version in VERSIONS]
        server.add_generic_rpc_handlers((*(service.handlers() for service in services), OtherMethods(calls)))
        return server

    def _bound(self, server: grpc.aio.Server) -> int:
        listening = self._listening
        host = f"[{listening.host}]" if ":" in listening.host else listening.host
        address = f"{host}:{listening.port}"
        try:
            if listening.tls is None:
                port = server.add_insecure_port(address)
            else:
                port = server.add_secure_port(address, grpc.ssl_server_credentials([listening.tls]))
        except RuntimeError as error:
            raise Unavailable(
                f"Google's gRPC API cannot listen on {address} ({error}); choose another port with "
                "SEGUE_GOOGLE_GRPC_PORT, and if it uses TLS, check that certificate and key match"
            ) from None
        return port
