"""Handles one client's connection.

Events are read continuously, so that a disconnection is detected immediately and stops the work. Texts are spoken
in order. After an error has been sent the connection is closed, because Home Assistant ignores the error event and
would wait for audio forever.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import structlog
from wyoming.error import Error
from wyoming.event import async_write_event
from wyoming.ping import Pong

from segue.access.roles import Api, Permission
from segue.api.caller import called_by, check_character, counting, current_caller
from segue.api.client import came_from
from segue.api.refusals import code_of
from segue.api.wyoming import wire
from segue.api.wyoming.incoming import LINE_S, HungUp, event_of, next_header
from segue.api.wyoming.request import DIALECT, WyomingReader
from segue.api.wyoming.script import Script
from segue.api.wyoming.speaking import WyomingExchange, speak
from segue.kernel.errors import InternalFailure, InvalidRequest, SegueError
from segue.speech.core.text.written import TextFormat

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

    from wyoming.event import Event

    from segue.api.context import Context
    from segue.api.wyoming.incoming import Incoming
    from segue.api.wyoming.voices import WyomingVoices

_MOST_ORDERS = 8
_FAREWELL_S = 2.0
_SIP_BYTES = 16 * 1024


class ConnectionTimeouts(NamedTuple):
    """Timeouts of a connection.

    ``idle_s``: without a request. ``writing_s``: between the chunks of a text. ``stall_s``: for the client to
    receive an event. ``line_s``: for the rest of an event's first line.
    """

    idle_s: float = 120.0
    writing_s: float = 120.0
    stall_s: float = 60.0
    line_s: float = LINE_S


class WyomingConnection:
    """The connection of one client."""

    def __init__(
        self,
        context: Context,
        voices: WyomingVoices,
        reader: StreamReader,
        writer: StreamWriter,
        waits: ConnectionTimeouts,
    ) -> None:
        self._context = context
        self._voices = voices
        self._incoming = reader
        self._outgoing = writer
        self._waits = waits
        peer = writer.get_extra_info("peername")
        self._address = str(peer[0]) if peer else ""
        self._reader = WyomingReader(context, voices, self._address)
        self._orders: asyncio.Queue[WyomingExchange] = asyncio.Queue(_MOST_ORDERS)
        self._unanswered = 0
        self._writing: Script | None = None
        self._key = b""
        self._log = structlog.get_logger("segue.api")

    async def settled(self) -> None:
        """Returns when all of the client's requests have been answered."""
        await self._orders.join()

    async def attend(self) -> None:
        """Serves the client until it disconnects or an error has been sent. Runs in its own task."""
        came_from(self._address)
        try:
            await self._converse()
        except HungUp as gone:
            await self._tell_half_closed(gone)
        except SegueError as error:
            self._context.note_refusal(DIALECT, error)
            await self._tell(error)
        except Exception:  # noqa: BLE001 - the request's edge: every request gets a response
            self._log.exception("request_failed", path=DIALECT)
            await self._tell(InternalFailure("unexpected error; the service's log has the details"))
        finally:
            await self._part()

    async def refuse(self, error: SegueError) -> None:
        """Sends the error and closes the connection."""
        try:
            await self._tell(error)
        finally:
            await self._part()

    async def _converse(self) -> None:
        speaking = asyncio.create_task(self._speak(), name="wyoming speaks")
        listening = asyncio.create_task(self._listen(), name="wyoming listens")
        try:
            await asyncio.wait({speaking, listening}, return_when=asyncio.FIRST_COMPLETED)
            for task in (speaking, listening):
                if task.done():
                    task.result()
        finally:
            speaking.cancel()
            listening.cancel()
            await asyncio.gather(speaking, listening, return_exceptions=True)

    async def _speak(self) -> None:
        """Answers requests in order; ends only by raising."""
        while True:
            order = await self._orders.get()
            await self._answer(order)
            self._unanswered -= 1
            self._orders.task_done()

    async def _answer(self, order: WyomingExchange) -> None:
        """Answers one request, which its caller's limits count."""
        if order.caller is not None:
            called_by(order.caller)
        with counting(self._context.limiter, order.caller):
            await speak(self._context, self._reader, order, self._send)

    async def _listen(self) -> None:
        """Reads and handles events; ends by raising, or when the client has been idle too long."""
        while (header := await self._next_header()) is not None:
            await self._take(await event_of(header, self._incoming, self._context.max_body_bytes))

    async def _next_header(self) -> bytes | None:
        while True:
            wait_s = self._waits.idle_s if self._writing is None else self._waits.writing_s
            try:
                async with asyncio.timeout(wait_s):
                    return await next_header(self._incoming, self._waits.line_s)
            except TimeoutError:
                if self._writing is not None:
                    raise InvalidRequest(
                        f"neither {wire.STOP} nor more text arrived within {wait_s:g} s"
                    ) from None
                if not self._unanswered:
                    return None

    async def _take(self, event: Incoming) -> None:
        match event.type:
            case wire.DESCRIBE:
                await self._admit(event, Permission.LIST)
                await self._send(self._voices.info().event())
            case wire.PING:
                await self._send(Pong(text=wire.said(wire.Ping, event).text).event())
            case wire.SYNTHESIZE if self._writing is None:
                await self._admit(event, Permission.SYNTHESIZE)
                asked = wire.said(wire.Synthesize, event)
                script = self._ordered(asked, streamed=False)
                script.add(asked.text)
                script.end()
            case wire.START:
                await self._admit(event, Permission.SYNTHESIZE)
                if self._writing is not None:
                    raise InvalidRequest(f"{wire.START} before the previous text's {wire.STOP}")
                self._writing = self._ordered(wire.said(wire.Start, event), streamed=True)
            case wire.CHUNK:
                self._check_again()
                self._written(event).add(wire.said(wire.Chunk, event).text)
            case wire.STOP:
                if self._writing is None:
                    self._check_again()
                self._written(event).end()
                self._writing = None
            case _:
                # Events for other services of the protocol; or, within a text in chunks, the whole text again,
                # which clients send for servers without support for chunks.
                pass

    async def _admit(self, event: Incoming, permission: Permission) -> None:
        """Checks the key in the event, otherwise the last one of this connection, which may be revoked by now.

        A ping needs none; pieces of a text belong to the ``synthesize-start`` that was admitted.
        """
        callers = self._context.callers
        if callers is None:
            return
        self._key = wire.key_in(event) or self._key
        called_by(await callers.admit(self._key, Api.WYOMING, permission, self._address))

    def _check_again(self) -> None:
        """Raises NotAuthenticated if the key was revoked, or expired, while its text is being written."""
        if self._context.callers is not None:
            self._context.callers.check_again(self._key, Api.WYOMING, self._address)

    def _written(self, event: Incoming) -> Script:
        if self._writing is None:
            raise InvalidRequest(f"{event.type} without a {wire.START} before it")
        return self._writing

    def _ordered(self, asked: wire.Start, *, streamed: bool) -> Script:
        if self._orders.full():
            raise InvalidRequest(
                f"more than {_MOST_ORDERS} texts are waiting on this connection; open another one"
            )
        setting = self._reader.setting(asked)
        check_character(self._context.catalogue, setting.character_key)
        script = Script(
            self._reader.max_chars(setting),
            whole_first=setting.is_ssml,
            keeps_marks=setting.text_format is not TextFormat.PLAIN,
        )
        self._orders.put_nowait(WyomingExchange(setting, script, streamed, current_caller()))
        self._unanswered += 1
        return script

    async def _send(self, event: Event) -> None:
        """Sends an event; returns when the client has received it, except for data in network buffers.

        Raises:
            HungUp: the client has disconnected, or does not read.
        """
        try:
            await self._write(event, self._waits.stall_s)
        except (ConnectionError, TimeoutError):
            raise HungUp(midway=False) from None

    async def _write(self, event: Event, timeout_s: float) -> None:
        if self._outgoing.is_closing():
            raise ConnectionResetError
        async with asyncio.timeout(timeout_s):
            await async_write_event(event, self._outgoing)

    async def _tell_half_closed(self, gone: HungUp) -> None:
        """Sends an error to a client that closed only its sending side, or stopped in the middle of an event."""
        if gone.midway:
            error = InvalidRequest("the connection ended in the middle of an event")
            self._context.note_refusal(DIALECT, error)
            await self._tell(error)
        elif self._unanswered:
            await self._tell(
                InvalidRequest(
                    "the connection was closed before the response was complete; keep it open until then"
                )
            )

    async def _tell(self, error: SegueError) -> None:
        with suppress(ConnectionError, TimeoutError):
            await self._write(Error(text=str(error), code=code_of(error)).event(), _FAREWELL_S)

    async def _part(self) -> None:
        """Closes the connection, after briefly discarding what the client still sends.

        If the connection were closed with unread bytes, it would be reset and the error could be lost.
        """
        transport = self._outgoing.transport
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                if not transport.is_closing():
                    self._outgoing.write_eof()
                while await self._incoming.read(_SIP_BYTES):
                    pass
        if transport.get_write_buffer_size():
            transport.abort()  # otherwise a client that does not read would keep the buffer in memory
        else:
            transport.close()
