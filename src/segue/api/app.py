"""All doors as one ASGI application.

The synthesis doors are hot and plain ASGI; everything else goes through FastAPI. One OpenAPI document covers
both.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import structlog

from segue.api.asgi import Response
from segue.api.native import audio as native_audio
from segue.api.native import errors as native_errors
from segue.core.errors import InternalFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segue.api.asgi import App, Receive, Scope, Send
    from segue.api.bodies import Bodies

_MOST_CONTROL_BYTES = 1024 * 1024
"""Bodies for the routes that are not hot; the largest is a plan."""


class Dialect(Protocol):
    """A dialect whose requests are told by more than their path."""

    def door_for(self, scope: Scope) -> App | None:
        """Who answers; None where the request is another's."""
        ...


class Doors:
    """Sends each request to its door by path; doors for POST answer 405 to other methods.

    ``dialects`` share addresses with others, and are asked whether a request is theirs.
    """

    def __init__(
        self,
        posts: Mapping[str, App],
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
            receive = self._bodies.bounded(receive, _MOST_CONTROL_BYTES)
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
        for dialect in self._dialects:
            door = dialect.door_for(scope)
            if door is not None:
                return door
        return self._audio if path.startswith(native_audio.PREFIX) else self._rest


async def _only_post(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await Response(405, [(b"allow", b"POST")], b"")(send)
