"""``GET /api/v1/audio/{id}.{ext}``: audio made earlier, as files are served (RFC 9110: ETag, Range)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.api.asgi import Response, headers_of
from segue.api.native.errors import refused
from segue.core.errors import InvalidRequest
from segue.core.speech import CONTENT_TYPES, Container

if TYPE_CHECKING:
    from segue.api.asgi import Header, Receive, Scope, Send
    from segue.api.context import Context
    from segue.ports.cache import CacheEntry

PREFIX = "/api/v1/audio/"
_NAME = re.compile(rf"(?P<id>[0-9a-f]{{32,64}})\.(?P<ext>{'|'.join(Container)})")
_RANGE = re.compile(rb"bytes=(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})")


class AudioDoor:
    """The door as a plain ASGI application."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        headers = headers_of(scope)
        request_id = self._context.identity.request_id(headers)
        if scope["method"] not in ("GET", "HEAD"):
            await Response(405, [(b"allow", b"GET, HEAD")], b"")(send)
            return
        response = await self._respond(scope["path"].removeprefix(PREFIX), headers, request_id)
        if scope["method"] == "HEAD":
            await _head(response, send)
        else:
            await response(send)

    async def _respond(self, name: str, headers: dict[bytes, bytes], request_id: str) -> Response:
        wanted = _NAME.fullmatch(name)
        found = await self._context.cache.get(wanted["id"]) if wanted else None
        if wanted is None or found is None or found[0].audio.container != wanted["ext"]:
            gone = refused(InvalidRequest("no such audio, or no longer kept: ask for it again"), request_id)
            return gone._replace(status=404)
        return _served(found[0], headers, self._common(found[0], request_id))

    def _common(self, entry: CacheEntry, request_id: str) -> list[Header]:
        age_s = self._context.clock.now_s() - entry.stored_at_s
        fresh_s = max(0, int(self._context.cache_max_age_s - age_s))
        return [
            (b"content-type", CONTENT_TYPES[entry.audio.container].encode()),
            (b"etag", _etag(entry)),
            (b"accept-ranges", b"bytes"),
            (b"cache-control", b"public, max-age=%d" % fresh_s),
            (b"x-request-id", request_id.encode()),
        ]


def _etag(entry: CacheEntry) -> bytes:
    return b'"' + entry.audio.etag.encode() + b'"'


def _served(entry: CacheEntry, headers: dict[bytes, bytes], common: list[Header]) -> Response:
    etag = _etag(entry)
    if etag in headers.get(b"if-none-match", b""):
        return Response(304, common, b"")
    data = entry.audio.data
    wanted = _RANGE.fullmatch(headers.get(b"range", b""))
    if wanted is None or headers.get(b"if-range", etag) != etag:
        return Response(200, common, data)
    span = _span(wanted["first"], wanted["last"], len(data))
    if span is None:
        return Response(416, [*common, (b"content-range", b"bytes */%d" % len(data))], b"")
    first, last = span
    content_range = (b"content-range", b"bytes %d-%d/%d" % (first, last, len(data)))
    return Response(206, [*common, content_range], data[first : last + 1])


def _span(first: bytes, last: bytes, size: int) -> tuple[int, int] | None:
    """First and last byte of a range, both included; None where there is no such part."""
    if not first:
        tail = int(last) if last else 0
        return (max(0, size - tail), size - 1) if tail and size else None
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    return (start, end) if start <= end and start < size else None


async def _head(response: Response, send: Send) -> None:
    """The headers of a GET, its length included, without its body."""
    length = (b"content-length", b"%d" % len(response.body))
    await send({"type": "http.response.start", "status": response.status, "headers": [*response.headers, length]})
    await send({"type": "http.response.body", "body": b""})
