"""The gRPC server: a port, perhaps TLS, and bounds on what it takes on at once."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import grpc
import structlog

from segue.api.google_grpc.messages import VERSIONS
from segue.api.google_grpc.service import TextToSpeech
from segue.api.google_grpc.stream import Waits
from segue.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.api.context import Context
    from segue.api.google.voices import Voices

_GRACE_S = 5.0
_STREAMS_PER_CONNECTION = 256
_IDENTITY_ONLY = 1
"""Bit 0 of gRPC's algorithms: messages come as they are. A compressed one may be a thousand times what its size
says, and gRPC bounds the size before it unpacks.
"""


class Tls(NamedTuple):
    """PEM, both; the chain begins with the server's own certificate."""

    private_key: bytes
    certificate_chain: bytes


class Listening(NamedTuple):
    """``port`` 0 picks a free one. ``shared``: other processes of this service listen on the same port.

    ``max_calls`` counts streams, too; more are refused at once with RESOURCE_EXHAUSTED, by gRPC itself.
    """

    host: str
    port: int
    tls: Tls | None = None
    shared: bool = False
    max_calls: int = 512


class GrpcDoor:
    """Serves while ``running`` is entered; ``port`` is where, once it is."""

    def __init__(self, context: Context, voices: Voices, listening: Listening, waits: Waits | None = None) -> None:
        self._context = context
        self._voices = voices
        self._listening = listening
        self._waits = waits or Waits()
        self.port = listening.port
        self._log = structlog.get_logger("segue.api")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """On leaving, calls under way get some seconds to end.

        Raises:
            Unavailable: the port cannot be had, or the certificate not be used.
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
            ),
            maximum_concurrent_rpcs=listening.max_calls,
        )
        services = [TextToSpeech(self._context, self._voices, version, self._waits) for version in VERSIONS]
        server.add_generic_rpc_handlers(tuple(service.handlers() for service in services))
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
                f"Google's gRPC cannot listen on {address} ({error}); another port is set with "
                "SEGUE_GOOGLE_GRPC_PORT, and where it has TLS, certificate and key must be of one another"
            ) from None
        return port
