"""Connections to the server: opened with a time limit, reused for texts of the same kind, and never shared."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from segue.kernel.errors import DeadlineExceeded, InternalFailure, Unavailable
from segue.speech.engines.wyoming.events import MOST_LINE_BYTES, MalformedEvent, packed, read_event

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Sequence

    from segue.speech.engines.wyoming.events import WyomingEvent
    from segue.speech.engines.wyoming.options import WyomingOptions

CLOSED = "the engine was closed before the server had sent all audio"


class Lost(Unavailable):
    """The server has closed the connection. ``before_answer``: before it answered anything."""

    def __init__(self, message: str, *, before_answer: bool) -> None:
        super().__init__(message)
        self.before_answer = before_answer


class ServerConnection:
    """Used for one exchange at a time. ``kind`` is the kind of its last use, because a server may remember it."""

    def __init__(self, reader: StreamReader, writer: StreamWriter, kind: str, read_timeout_s: float) -> None:
        self.kind = kind
        self.is_reused = False
        self.rested_s = 0.0
        self._reader = reader
        self._writer = writer
        self._read_timeout_s = read_timeout_s
        self._has_answered = False
        self._is_ours = False

    async def ask(self, events: Sequence[WyomingEvent]) -> None:
        """Sends the events.

        Raises:
            Lost: the server has closed the connection.
            DeadlineExceeded: the server does not read.
        """
        self._has_answered = False
        try:
            async with asyncio.timeout(self._read_timeout_s):
                self._writer.write(b"".join(packed(event) for event in events))
                await self._writer.drain()
        except TimeoutError:
            raise DeadlineExceeded(
                f"the Wyoming server did not accept the request within {self._read_timeout_s:g} s (read_timeout_s)"
            ) from None
        except OSError as error:
            raise self._lost() from error

    async def next(self) -> WyomingEvent:
        """The next event of the response.

        Raises:
            Lost: the server has closed the connection.
            DeadlineExceeded: the server sent nothing in time.
            InternalFailure: the server does not follow the protocol.
        """
        try:
            async with asyncio.timeout(self._read_timeout_s):
                event = await read_event(self._reader)
        except TimeoutError:
            raise DeadlineExceeded(
                f"the Wyoming server sent nothing for {self._read_timeout_s:g} s (read_timeout_s)"
            ) from None
        except MalformedEvent as error:
            raise InternalFailure(f"the Wyoming server sent {error}") from None
        except (asyncio.IncompleteReadError, OSError) as error:
            raise self._lost() from error
        if event is None:
            raise self._lost()
        self._has_answered = True
        return event

    async def is_usable(self) -> bool:
        """Whether it is open, and no unexpected data has arrived."""
        if self._writer.is_closing() or self._reader.at_eof():
            return False
        try:
            async with asyncio.timeout(0):
                await self._reader.read(1)
        except TimeoutError:
            return True
        except OSError:
            return False
        return False

    def abort(self, *, is_ours: bool = False) -> None:
        """Closes it immediately, which also tells the server to stop. ``is_ours``: the engine is being closed."""
        self._is_ours = self._is_ours or is_ours
        self._writer.transport.abort()

    async def gone(self) -> None:
        """Returns when it is closed."""
        try:
            await self._writer.wait_closed()
        except OSError:
            return

    def _lost(self) -> Unavailable:
        if self._is_ours:
            return Unavailable(CLOSED)
        return Lost(
            "the Wyoming server closed the connection before its answer was complete",
            before_answer=not self._has_answered,
        )


class ServerConnections:
    """Up to ``connections`` at the same time. Requests that find none free wait in order of arrival."""

    def __init__(self, options: WyomingOptions) -> None:
        self._options = options
        self._places = asyncio.Semaphore(options.connections)
        self._resting: list[ServerConnection] = []
        self._open: set[ServerConnection] = set()
        self._is_closed = False

    async def taken(self, kind: str, *, fresh: bool = False) -> ServerConnection:
        """A connection for one exchange of that kind. Return it with ``give_back`` or ``drop``.

        Raises:
            Unavailable: the server cannot be reached, or the engine is closed.
        """
        await self._places.acquire()
        try:
            connection = None if fresh else await self._kept(kind)
            return connection or await self._opened(kind)
        except BaseException:
            self._places.release()
            raise

    def give_back(self, connection: ServerConnection) -> None:
        """Its exchange was successful."""
        if self._is_closed or not self._options.keep_s:
            self.drop(connection)
            return
        connection.rested_s = time.monotonic()
        self._resting.append(connection)
        self._places.release()

    def drop(self, connection: ServerConnection) -> None:
        """Its exchange was not completed, or failed."""
        self._abort(connection)
        self._places.release()

    async def close(self) -> None:
        """Ends all exchanges."""
        self._is_closed = True
        ending = tuple(self._open)
        for connection in ending:
            self._abort(connection, is_ours=True)
        self._resting.clear()
        await asyncio.gather(*(connection.gone() for connection in ending))

    async def _kept(self, kind: str) -> ServerConnection | None:
        """The idle connection that was used last. Unusable ones are closed."""
        self._close_stale()
        while (connection := self._last_of(kind)) is not None:
            self._resting.remove(connection)
            try:
                connection.is_reused = await connection.is_usable()
            except asyncio.CancelledError:
                self._abort(connection)
                raise
            if connection.is_reused:
                return connection
            self._abort(connection)
        return None

    def _close_stale(self) -> None:
        """Closes connections that have been idle too long, because their server may be about to close them."""
        oldest_s = time.monotonic() - self._options.keep_s
        for connection in [item for item in self._resting if item.rested_s < oldest_s]:
            self._resting.remove(connection)
            self._abort(connection)

    def _last_of(self, kind: str) -> ServerConnection | None:
        return next((item for item in reversed(self._resting) if item.kind == kind), None)

    async def _opened(self, kind: str) -> ServerConnection:
        self._refuse_if_closed()
        while len(self._open) >= 2 * self._options.connections:  # of the other kind, at rest
            self._abort(self._resting.pop(0))
        address = self._options.address
        try:
            async with asyncio.timeout(self._options.connect_timeout_s):
                if address.path:
                    reader, writer = await asyncio.open_unix_connection(address.path, limit=MOST_LINE_BYTES)
                else:
                    reader, writer = await asyncio.open_connection(
                        address.host, address.port, limit=MOST_LINE_BYTES
                    )
        except (OSError, TimeoutError) as error:
            raise Unavailable(f"the Wyoming server at {address} cannot be reached ({_why(error)})") from error
        connection = ServerConnection(reader, writer, kind, self._options.read_timeout_s)
        self._open.add(connection)
        if self._is_closed:
            self._abort(connection, is_ours=True)
        return connection

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise Unavailable("the engine is closed")

    def _abort(self, connection: ServerConnection, *, is_ours: bool = False) -> None:
        self._open.discard(connection)
        connection.abort(is_ours=is_ours)


def _why(error: OSError | TimeoutError) -> str:
    return getattr(error, "strerror", None) or (
        "no answer in time" if isinstance(error, TimeoutError) else str(error)
    )
