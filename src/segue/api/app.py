"""All doors as one ASGI application.

The synthesis doors are hot and plain ASGI; everything else goes through FastAPI. One OpenAPI document covers
both.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from segue.api.asgi import Response, bounded
from segue.api.native import audio as native_audio
from segue.api.native import errors as native_errors
from segue.core.errors import InternalFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.api.asgi import App, Receive, Scope, Send


_MOST_CONTROL_BYTES = 1024 * 1024
"""Bodies for the routes that are not hot; the largest is a plan."""


class Doors:
    """Sends each request to its door by path; doors for POST or GET answer 405 to other methods."""

    def __init__(self, posts: Mapping[str, App], gets: Mapping[str, App], audio: App, rest: App) -> None:
        self._posts = dict(posts)
        self._gets = dict(gets)
        self._audio = audio
        self._rest = rest
        self._log = structlog.get_logger("segue.api")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        door = self._door(scope)
        if door is self._rest:
            receive = bounded(receive, _MOST_CONTROL_BYTES)
        try:
            await door(scope, receive, send)
        except Exception:  # noqa: BLE001 - the request's edge: it is answered whatever happens
            self._log.exception("request_failed", path=scope["path"])
            failure = InternalFailure("an unexpected error; the service's log has it")
            with suppress(RuntimeError):  # the answer had begun: the server can only cut it off
                await native_errors.refused(failure, "")._replace(status=500)(send)

    def _door(self, scope: Scope) -> App:
        path: str = scope["path"]
        post = self._posts.get(path)
        if post is not None:
            return post if scope["method"] == "POST" else _only_post
        get = self._gets.get(path)
        if get is not None:
            return get if scope["method"] == "GET" else _only_get
        return self._audio if path.startswith(native_audio.PREFIX) else self._rest


async def _only_post(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await Response(405, [(b"allow", b"POST")], b"")(send)


async def _only_get(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await Response(405, [(b"allow", b"GET")], b"")(send)
