"""Sends a stream over ASGI, as fast as the client reads and only while it is connected."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from segue.api.asgi import ClientGone, disconnected
from segue.kernel.errors import SegueError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from typing import TypeAlias

    from segue.api.asgi import Header, Receive, Send
    from segue.speech.service.stream import Stream

    Framing: TypeAlias = Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]

_STALL_S = 60.0
"""A client that reads nothing for this long is treated as disconnected."""


async def send_stream(
    stream: Stream, headers: Sequence[Header], receive: Receive, send: Send, framing: Framing | None = None
) -> None:
    """Sends the stream as the response's body, in chunks, and closes it. ``framing`` wraps chunks, as events do.

    If the stream fails, the last chunk is not sent, so that the client can tell that the response is incomplete.
    ``send`` blocks while the client does not read, and then no more data is requested from the stream.
    """
    try:
        await send_chunks(stream if framing is None else framing(stream), headers, receive, send)
    except SegueError as error:
        structlog.get_logger("segue.api").warning("stream_cut_off", code=error.code, reason=str(error))
    finally:
        await stream.aclose()


async def send_chunks(
    chunks: AsyncIterator[bytes], headers: Sequence[Header], receive: Receive, send: Send, status: int = 200
) -> None:
    """Sends chunks as they arrive. If the client disconnects, sending stops and the source is cancelled.

    Errors of the source are raised, and the response is left incomplete.
    """
    gone = asyncio.ensure_future(disconnected(receive))
    try:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        while (data := await _next(chunks, gone)) is not None:
            async with asyncio.timeout(_STALL_S):
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except (ClientGone, TimeoutError):
        pass
    finally:
        gone.cancel()


async def _next(chunks: AsyncIterator[bytes], gone: asyncio.Future[None]) -> bytes | None:
    """The next chunk, None after the last.

    Raises:
        ClientGone: the client disconnected while waiting; the source has been cancelled.
    """
    waiting = asyncio.ensure_future(_or_none(chunks))
    either: set[asyncio.Future[Any]] = {waiting, gone}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        raise ClientGone
    finally:
        if not waiting.done():  # also if the server stops: a running generator cannot be closed
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)


async def _or_none(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)
