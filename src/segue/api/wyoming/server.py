"""The TCP server: a port, and bounds on what it takes on at once."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import structlog

from segue.api.wyoming.connection import Connection, Waits
from segue.core.errors import Overloaded, Unavailable

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Coroutine
    from typing import Any

    from segue.api.context import Context
    from segue.api.wyoming.voices import Voices

_GRACE_S = 15.0
_MOST_REFUSALS = 64
_RETRY_AFTER_S = 1.0
_AHEAD_BYTES = 64 * 1024
"""What the kernel takes for each listener, doubled by it: some seconds of sound. Left to itself it would take
minutes, and engines would work for them while others wait.
"""


class Listening(NamedTuple):
    """``port`` 0 picks a free one. ``shared``: other processes of this service listen on the same port."""

    host: str
    port: int
    shared: bool = False
    max_connections: int = 512


class WyomingDoor:
    """Serves while ``running`` is entered; ``port`` is where, once it is."""

    def __init__(self, context: Context, voices: Voices, listening: Listening, waits: Waits | None = None) -> None:
        self._context = context
        self._voices = voices
        self._listening = listening
        self._waits = waits or Waits()
        self._attended: dict[asyncio.Task[None], Connection] = {}
        self._refused: set[asyncio.Task[None]] = set()
        self.port = listening.port
        self._log = structlog.get_logger("segue.api")

    @property
    def connections(self) -> int:
        """How many clients are attended to."""
        return len(self._attended)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """On leaving, texts that are being said get some seconds to end.

        Raises:
            Unavailable: the port cannot be had.
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
            for listener in server.sockets:  # what is accepted inherits it
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _AHEAD_BYTES)
            await server.start_serving()
        except OSError as error:
            raise Unavailable(
                f"Wyoming cannot listen on {listening.host}, port {listening.port} ({error.strerror}); another "
                "port is set with SEGUE_WYOMING_PORT"
            ) from None
        return server

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        connection = Connection(self._context, self._voices, reader, writer, self._waits)
        if len(self._attended) < self._listening.max_connections:
            task = _task(connection.attend())
            self._attended[task] = connection
            task.add_done_callback(lambda done: self._attended.pop(done, None))
        elif len(self._refused) < _MOST_REFUSALS:
            most = self._listening.max_connections
            error = Overloaded(
                f"{most} connections are open already; try again in a moment", retry_after_s=_RETRY_AFTER_S
            )
            task = _task(connection.refuse(error))
            self._refused.add(task)
            task.add_done_callback(self._refused.discard)
        else:
            writer.transport.abort()

    async def _leave(self) -> None:
        await asyncio.gather(*(_settled(task, connection) for task, connection in self._attended.items()))
        left = [*self._attended, *self._refused]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _settled(task: asyncio.Task[None], connection: Connection) -> None:
    """Waits until the connection is over, or its client waits for nothing, but not for long."""
    settled = asyncio.create_task(connection.settled())
    try:
        await asyncio.wait({task, settled}, timeout=_GRACE_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        settled.cancel()


def _task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.create_task(work, name="wyoming connection")
