"""A stream sent over ASGI: as fast as the caller reads, and no longer than they are there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from segue.api.asgi import ClientGone, disconnected
from segue.core.errors import SegueError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from typing import TypeAlias

    from segue.api.asgi import Header, Receive, Send
    from segue.service.stream import Stream

    Framing: TypeAlias = Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]

_STALL_S = 60.0
"""A caller who takes nothing for so long is taken for gone."""


async def send_stream(
    stream: Stream, headers: Sequence[Header], receive: Receive, send: Send, framing: Framing | None = None
) -> None:
    """Sends the stream as the answer's body, in chunks, and closes it. ``framing`` wraps its chunks, as events do.

    A stream that is cut off ends without its last chunk: whoever reads it learns that it is not whole. Servers
    hold ``send`` back while the caller does not read, and so nothing more is asked of the stream.
    """
    try:
        await send_chunks(stream if framing is None else framing(stream), headers, receive, send)
    except SegueError as error:
        structlog.get_logger("segue.api").warning("stream_cut_off", code=error.code, reason=str(error))
    finally:
        await stream.aclose()


async def send_chunks(
    chunks: AsyncIterator[bytes], headers: Sequence[Header], receive: Receive, send: Send
) -> None:
    """Sends chunks as they come; whoever leaves is sent nothing more, and what makes the chunks is cancelled.

    Errors of the chunks' are handed on, and the answer is left without its end.
    """
    gone = asyncio.ensure_future(disconnected(receive))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
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
        ClientGone: the caller left while it was waited for; the work for it has been cancelled.
    """
    waiting = asyncio.ensure_future(_or_none(chunks))
    either: set[asyncio.Future[Any]] = {waiting, gone}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return waiting.result()
        raise ClientGone
    finally:
        if not waiting.done():  # also where the server ends: what is still at work cannot be closed
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)


async def _or_none(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)
