"""``/api/v1/audio/{id}.{ext}``: serves stored audio as a file (RFC 9110: ETag, Range), or deletes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import structlog

from segue.api.asgi import Response, headers_of
from segue.api.caller import caller_name
from segue.api.client import client_address
from segue.api.native.errors import refused
from segue.api.ranges import NOWHERE, part_wanted
from segue.api.refusals import WrongMethod
from segue.kernel.errors import InvalidRequest, Unavailable
from segue.speech.core.speech import CONTENT_TYPES, Container

if TYPE_CHECKING:
    from segue.api.asgi import Header, Receive, Scope, Send
    from segue.api.context import Context
    from segue.speech.ports.cache import CacheEntry

PREFIX = "/api/v1/audio/"
_METHODS = ("GET", "HEAD", "DELETE")
_NAME = re.compile(rf"(?P<id>[0-9a-f]{{32,64}})\.(?P<ext>{'|'.join(Container)})")


class AudioEndpoint:
    """The endpoint as a plain ASGI application."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._log = structlog.get_logger("segue.api")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        headers = headers_of(scope)
        request_id = self._context.identity.request_id(headers)
        method = scope["method"]
        if method not in _METHODS:
            await refused(WrongMethod(method, *_METHODS), request_id)(send)
            return
        name = scope["path"].removeprefix(PREFIX)
        lasts_s = self._context.links.lasts_s(name, scope["query_string"])
        if method == "DELETE":
            await (await self._delete(name, request_id, lasts_s))(send)
            return
        response = await self._respond(name, headers, request_id, lasts_s)
        if method == "HEAD":
            await _head(response, send)
        else:
            await response(send)

    async def _respond(self, name: str, headers: dict[bytes, bytes], request_id: str, lasts_s: float) -> Response:
        wanted = _NAME.fullmatch(name) if lasts_s > 0 else None
        entry = await self._kept(wanted["id"]) if wanted else None
        if wanted is None or entry is None or entry.audio.container != wanted["ext"]:
            return _gone(request_id)
        return _served(entry, headers, self._common(entry, request_id, lasts_s))

    async def _kept(self, audio_id: str) -> CacheEntry | None:
        """The stored audio, unless any process has deleted it since it was stored."""
        dropped_at_s = await self._context.cache.dropped_at_s(audio_id)
        found = await self._context.cache.get(audio_id)
        return found[0] if found is not None and found[0].stored_at_s > dropped_at_s else None

    async def _delete(self, name: str, request_id: str, lasts_s: float) -> Response:
        """Deletes the audio; having the URL is the permission. Deleting it again has the same result."""
        wanted = _NAME.fullmatch(name) if lasts_s > 0 else None
        if wanted is None:
            return _gone(request_id)
        log = self._log.bind(
            actor=caller_name(), audio=wanted["id"], client=client_address(), request_id=request_id
        )
        if not await self._context.cache.drop(wanted["id"]):
            log.warning("audio_not_deleted", effect="its URL may still work; delete it again")
            return refused(Unavailable("the audio could not be deleted; try again later"), request_id)
        log.info("audio_deleted")
        return Response(204, [(b"x-request-id", request_id.encode())], b"")

    def _common(self, entry: CacheEntry, request_id: str, lasts_s: float) -> list[Header]:
        age_s = self._context.clock.now_s() - entry.stored_at_s
        fresh_s = max(0, int(min(self._context.cache_max_age_s - age_s, lasts_s)))
        return [
            (b"content-type", CONTENT_TYPES[entry.audio.container].encode()),
            (b"etag", _etag(entry)),
            (b"accept-ranges", b"bytes"),
            (b"cache-control", b"public, max-age=%d" % fresh_s),
            (b"x-request-id", request_id.encode()),
        ]


def _gone(request_id: str) -> Response:
    told = "the audio does not exist or is no longer stored, or its URL has expired; synthesize the text again"
    return refused(InvalidRequest(told), request_id)._replace(status=404)


def _etag(entry: CacheEntry) -> bytes:
    return b'"' + entry.audio.etag.encode() + b'"'


def _served(entry: CacheEntry, headers: dict[bytes, bytes], common: list[Header]) -> Response:
    etag = _etag(entry)
    if etag in headers.get(b"if-none-match", b""):
        return Response(304, common, b"")
    data = entry.audio.data
    part = part_wanted(headers, etag, len(data))
    if part is None:
        return Response(200, common, data)
    if part is NOWHERE:
        return Response(416, [*common, (b"content-range", b"bytes */%d" % len(data))], b"")
    first, last = part
    content_range = (b"content-range", b"bytes %d-%d/%d" % (first, last, len(data)))
    return Response(206, [*common, content_range], data[first : last + 1])


async def _head(response: Response, send: Send) -> None:
    """Sends the headers of a GET, including the content length, without the body."""
    length = (b"content-length", b"%d" % len(response.body))
    await send({"type": "http.response.start", "status": response.status, "headers": [*response.headers, length]})
    await send({"type": "http.response.body", "body": b""})
