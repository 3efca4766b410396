"""Sends the file of a finished job in pieces that are read as fast as the client receives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.api.asgi import Response
from segue.api.ranges import NOWHERE, ByteRange, part_wanted
from segue.api.streaming import send_chunks
from segue.speech.core.speech import CONTENT_TYPES, Container

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.api.asgi import App, Header, Receive, Scope, Send
    from segue.speech.ports.jobs import Job
    from segue.speech.service.jobs import Jobs

_PIECE_BYTES = 256 * 1024


async def job_file(jobs: Jobs, job: Job, headers: dict[bytes, bytes], common: list[Header]) -> App:
    """The response. The first piece is read before the response begins, so that a read error is reported.

    Raises:
        Unavailable: the file cannot be read.
    """
    etag = b'"%s"' % job.id.encode()
    described = [
        (b"content-type", CONTENT_TYPES[Container(job.container)].encode()),
        (b"etag", etag),
        (b"accept-ranges", b"bytes"),
        *common,
    ]
    if etag in headers.get(b"if-none-match", b""):
        return _bodiless(304, described)
    part = part_wanted(headers, etag, job.audio_bytes)
    if part is NOWHERE:
        return _bodiless(416, [*described, (b"content-range", b"bytes */%d" % job.audio_bytes)])
    status = 200 if part is None else 206
    if part is None:
        part = ByteRange(0, job.audio_bytes - 1)
    else:
        described.append((b"content-range", b"bytes %d-%d/%d" % (*part, job.audio_bytes)))
    described.append((b"content-length", b"%d" % (part.last - part.first + 1)))
    begun = await _piece(jobs, job, part)

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": status, "headers": described})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send_chunks(_pieces(jobs, job, part, begun), described, receive, send, status)

    return answered


def _bodiless(status: int, headers: list[Header]) -> App:
    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await Response(status, headers, b"")(send)

    return answered


async def _pieces(jobs: Jobs, job: Job, part: ByteRange, begun: bytes) -> AsyncIterator[bytes]:
    piece, first = begun, part.first
    while piece:
        yield piece
        first += len(piece)
        piece = await _piece(jobs, job, ByteRange(first, part.last))


async def _piece(jobs: Jobs, job: Job, part: ByteRange) -> bytes:
    most_bytes = min(_PIECE_BYTES, part.last - part.first + 1)
    return await jobs.read(job.id, part.first, most_bytes) if most_bytes > 0 else b""
