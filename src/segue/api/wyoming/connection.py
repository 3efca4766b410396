"""One client's connection, from its first event to its last.

Events are read all the while, so that a client who leaves is noticed at once and what is made for them stops.
What is asked for is said in turn. An error ends the connection after it has been told: Home Assistant does not
know the event, and would wait for its audio forever.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import structlog
from wyoming.error import Error
from wyoming.event import async_write_event
from wyoming.ping import Pong

from segue.api.wyoming import wire
from segue.api.wyoming.incoming import HungUp, event_of, next_header
from segue.api.wyoming.request import DIALECT, Reader
from segue.api.wyoming.script import Script
from segue.api.wyoming.speaking import Order, speak
from segue.core.errors import InternalFailure, InvalidRequest, SegueError

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

    from wyoming.event import Event

    from segue.api.context import Context
    from segue.api.wyoming.incoming import Incoming
    from segue.api.wyoming.voices import Voices

_MOST_ORDERS = 8
_FAREWELL_S = 2.0
_SIP_BYTES = 16 * 1024


class Waits(NamedTuple):
    """How long a client may do nothing: ``idle_s`` while it waits for nothing, ``writing_s`` in the middle of a
    text of its own, ``stall_s`` with what it is sent.
    """

    idle_s: float = 120.0
    writing_s: float = 120.0
    stall_s: float = 60.0


class Connection:
    """Attends to one client."""

    def __init__(
        self, context: Context, voices: Voices, reader: StreamReader, writer: StreamWriter, waits: Waits
    ) -> None:
        self._context = context
        self._voices = voices
        self._incoming = reader
        self._outgoing = writer
        self._waits = waits
        peer = writer.get_extra_info("peername")
        self._reader = Reader(context, voices, str(peer[0]) if peer else "")
        self._orders: asyncio.Queue[Order] = asyncio.Queue(_MOST_ORDERS)
        self._unanswered = 0
        self._writing: Script | None = None
        self._log = structlog.get_logger("segue.api")

    async def settled(self) -> None:
        """Returns when the client waits for nothing."""
        await self._orders.join()

    async def attend(self) -> None:
        """Until the client leaves, or an error has been told."""
        try:
            await self._converse()
        except HungUp as gone:
            await self._tell_half_closed(gone)
        except SegueError as error:
            self._context.note_refusal(DIALECT, error)
            await self._tell(error)
        except Exception:  # noqa: BLE001 - the request's edge: it is answered whatever happens
            self._log.exception("request_failed", path=DIALECT)
            await self._tell(InternalFailure("an unexpected error; the service's log has it"))
        finally:
            await self._part()

    async def refuse(self, error: SegueError) -> None:
        """Tells why nobody attends."""
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
        """Answers what is asked for, in turn; ends only by raising."""
        while True:
            order = await self._orders.get()
            await speak(self._context.pipeline, self._reader, order, self._send)
            self._unanswered -= 1
            self._orders.task_done()

    async def _listen(self) -> None:
        """Reads and takes up events; ends by raising, or when the client has been idle too long."""
        while (header := await self._next_header()) is not None:
            await self._take(await event_of(header, self._incoming, self._context.max_body_bytes))

    async def _next_header(self) -> bytes | None:
        while True:
            wait_s = self._waits.idle_s if self._writing is None else self._waits.writing_s
            try:
                async with asyncio.timeout(wait_s):
                    return await next_header(self._incoming)
            except TimeoutError:
                if self._writing is not None:
                    raise InvalidRequest(f"{wire.STOP} has not come, nor more text, for {wait_s:g} s") from None
                if not self._unanswered:
                    return None

    async def _take(self, event: Incoming) -> None:
        match event.type:
            case wire.DESCRIBE:
                await self._send(self._voices.info().event())
            case wire.PING:
                await self._send(Pong(text=wire.said(wire.Ping, event).text).event())
            case wire.SYNTHESIZE if self._writing is None:
                asked = wire.said(wire.Synthesize, event)
                script = self._ordered(asked, streamed=False)
                script.add(asked.text)
                script.end()
            case wire.START:
                if self._writing is not None:
                    raise InvalidRequest(f"{wire.START} before the {wire.STOP} of the text before")
                self._writing = self._ordered(wire.said(wire.Start, event), streamed=True)
            case wire.CHUNK:
                self._written(event).add(wire.said(wire.Chunk, event).text)
            case wire.STOP:
                self._written(event).end()
                self._writing = None
            case _:
                # What others of the protocol's services are asked; or, within a text in chunks, all of it once
                # more for servers that take no chunks.
                pass

    def _written(self, event: Incoming) -> Script:
        if self._writing is None:
            raise InvalidRequest(f"{event.type} without a {wire.START} before it")
        return self._writing

    def _ordered(self, asked: wire.Start, *, streamed: bool) -> Script:
        if self._orders.full():
            raise InvalidRequest(f"more than {_MOST_ORDERS} texts wait on this connection: open another")
        setting = self._reader.setting(asked)
        script = Script(self._reader.max_chars(setting), whole_first=setting.is_ssml)
        self._orders.put_nowait(Order(setting, script, streamed))
        self._unanswered += 1
        return script

    async def _send(self, event: Event) -> None:
        """Returns when the client has taken it, but for what the network holds.

        Raises:
            HungUp: the client is gone, or takes nothing.
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
        """For those who closed their half of the connection only, and those who were cut off."""
        if gone.midway:
            error = InvalidRequest("the connection ended in the middle of an event")
            self._context.note_refusal(DIALECT, error)
            await self._tell(error)
        elif self._unanswered:
            await self._tell(
                InvalidRequest("the connection was closed before the answer was whole: keep it open until then")
            )

    async def _tell(self, error: SegueError) -> None:
        with suppress(ConnectionError, TimeoutError):
            await self._write(Error(text=str(error), code=str(error.code)).event(), _FAREWELL_S)

    async def _part(self) -> None:
        """Closes the connection. What the client still sends is thrown away for a moment: closed with bytes
        unread, the connection would be reset, and the error lost on its way.
        """
        transport = self._outgoing.transport
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):
                if not transport.is_closing():
                    self._outgoing.write_eof()
                while await self._incoming.read(_SIP_BYTES):
                    pass
        if transport.get_write_buffer_size():
            transport.abort()  # a client that takes nothing would hold it in memory
        else:
            transport.close()
