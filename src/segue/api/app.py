"""All APIs as one ASGI application.

The synthesis endpoints are on the hot path and are plain ASGI; everything else goes through FastAPI. One OpenAPI
document covers both.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import structlog

from segue.api.asgi import headers_of
from segue.api.native import audio as native_audio
from segue.api.native import errors as native_errors
from segue.kernel.errors import InternalFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segue.api.asgi import App, Receive, Scope, Send
    from segue.api.bodies import Bodies

_MOST_CONTROL_BYTES = 1024 * 1024
"""Limit for bodies of the FastAPI routes; the largest is a plan."""


class Dialect(Protocol):
    """A dialect whose requests are not recognized by an exact path."""

    def door_for(self, scope: Scope) -> App | None:
        """The endpoint for the request; None if it belongs to another dialect."""
        ...


class ApiApp:
    """Routes each request to its endpoint by path. ``posts``: for each path, the endpoint for POST and for others.

    ``dialects`` share paths with other dialects; each decides whether a request belongs to it.
    """

    def __init__(
        self,
        posts: Mapping[str, tuple[App, App]],
        audio: App,
        rest: App,
        dialects: Sequence[Dialect] = (),
        *,
        bodies: Bodies,
    ) -> None:
        self._posts = dict(posts)
        self._dialects = tuple(dialects)
        self._audio = audio
        self._rest = rest
        self._bodies = bodies
        self._log = structlog.get_logger("segue.api")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        door = self._door(scope)
        if door is self._rest:
            coding = headers_of(scope).get(b"content-encoding")
            receive = self._bodies.bounded(receive, _MOST_CONTROL_BYTES, coding)
        try:
            await door(scope, receive, send)
        except Exception:  # noqa: BLE001 - the request's edge: every request gets a response
            self._log.exception("request_failed", path=scope["path"])
            failure = InternalFailure("unexpected error; the service's log has the details")
            with suppress(RuntimeError):  # the response had begun: the server can only abort it
                await native_errors.refused(failure, "")._replace(status=500)(send)

    def _door(self, scope: Scope) -> App:
        path: str = scope["path"]
        post = self._posts.get(path)
        if post is not None:
            return post[0] if scope["method"] == "POST" else post[1]
        for dialect in self._dialects:
            door = dialect.door_for(scope)
            if door is not None:
                return door
        return self._audio if path.startswith(native_audio.PREFIX) else self._rest
