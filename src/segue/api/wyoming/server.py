"""The TCP server: its port and its limits."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import structlog

from segue.api.wyoming.connection import ConnectionTimeouts, WyomingConnection
from segue.api.wyoming.request import DIALECT
from segue.kernel.connections import ConnectionLimits, ConnectionRefusal, Connections
from segue.kernel.errors import Overloaded, Unavailable

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Coroutine
    from typing import Any

    from segue.api.context import Context
    from segue.api.wyoming.voices import WyomingVoices

_GRACE_S = 15.0
_MOST_REFUSALS = 64
_RETRY_AFTER_S = 1.0
_BY_ADDRESS = "too many open connections from this address; close some, or reuse them"
_AHEAD_BYTES = 64 * 1024
"""The kernel's send buffer for each connection, which it doubles: some seconds of sound. The default would hold
minutes, and engines would produce them while other clients wait.
"""


class WyomingAddress(NamedTuple):
    """Where to listen. ``port`` 0 picks a free one. ``shared``: other processes of the service use it too."""

    host: str
    port: int
    shared: bool = False
    max_connections: int = 512


class WyomingEndpoint:
    """Serves while the context ``running`` is active; ``port`` is then the actual port."""

    def __init__(
        self,
        context: Context,
        voices: WyomingVoices,
        listening: WyomingAddress,
        waits: ConnectionTimeouts | None = None,
        connections: Connections | None = None,
    ) -> None:
        self._context = context
        self._voices = voices
        self._listening = listening
        self._waits = waits or ConnectionTimeouts()
        self._places = connections or Connections(ConnectionLimits(listening.max_connections))
        self._attended: dict[asyncio.Task[None], WyomingConnection] = {}
        self._refused: set[asyncio.Task[None]] = set()
        self.port = listening.port
        self._log = structlog.get_logger("segue.api")

    @property
    def connections(self) -> int:
        """The number of connected clients."""
        return len(self._attended)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Runs the server. At the end, texts that are being spoken have some seconds to finish.

        Raises:
            Unavailable: the port cannot be bound.
        """
        server = await self._listen()
        self.port = server.sockets[0].getsockname()[1]
        self._log.info("wyoming_listens", port=self.port)
        try:
            yield
        finally:
            server.close()
            await self._leave()

    async def _listen(self) -> asyncio.Server:
        listening = self._listening
        try:
            server = await asyncio.start_server(
                self._accept,
                listening.host,
                listening.port,
                limit=self._context.max_body_bytes,
                backlog=listening.max_connections,
                reuse_port=listening.shared or None,
                start_serving=False,
            )
            for listener in server.sockets:  # accepted connections inherit it
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _AHEAD_BYTES)
            await server.start_serving()
        except OSError as error:
            raise Unavailable(
                f"Wyoming cannot listen on {listening.host}, port {listening.port} ({error.strerror}); choose "
                "another port with SEGUE_WYOMING_PORT"
            ) from None
        return server

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        connection = WyomingConnection(self._context, self._voices, reader, writer, self._waits)
        address = _address(writer)
        full = len(self._attended) >= self._listening.max_connections
        refusal = ConnectionRefusal.IN_ALL if full else self._places.enter(address)
        if refusal is not None:
            self._refuse(connection, refusal, writer)
            return
        task = _task(connection.attend())
        self._attended[task] = connection
        task.add_done_callback(lambda done: self._left(done, address))

    def _left(self, task: asyncio.Task[None], address: str) -> None:
        self._attended.pop(task, None)
        self._places.leave(address)

    def _refuse(self, connection: WyomingConnection, refusal: ConnectionRefusal, writer: StreamWriter) -> None:
        self._context.recorder.turned_away(DIALECT, refusal.value)
        if len(self._refused) >= _MOST_REFUSALS:
            writer.transport.abort()
            return
        told = _BY_ADDRESS
        if refusal is ConnectionRefusal.IN_ALL:
            most = min(self._listening.max_connections, self._places.open)
            told = f"all {most} connections are in use; try again in a moment"
        error = Overloaded(told, retry_after_s=_RETRY_AFTER_S)
        task = _task(connection.refuse(error))
        self._refused.add(task)
        task.add_done_callback(self._refused.discard)

    async def _leave(self) -> None:
        await asyncio.gather(*(_settled(task, connection) for task, connection in self._attended.items()))
        left = [*self._attended, *self._refused]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _settled(task: asyncio.Task[None], connection: WyomingConnection) -> None:
    """Waits for a short time until the connection has ended or its client's requests have been answered."""
    settled = asyncio.create_task(connection.settled())
    try:
        await asyncio.wait({task, settled}, timeout=_GRACE_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        settled.cancel()


def _address(writer: StreamWriter) -> str:
    peer = writer.get_extra_info("peername")
    return str(peer[0]) if peer else ""


def _task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work, name="wyoming connection")
