"""Requests' bodies, read within bounds of size and of time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException

from segue.api.asgi import ClientGone
from segue.core.errors import InvalidRequest

if TYPE_CHECKING:
    from segue.api.asgi import Message, Receive

_LONGEST_S = 60.0
_LOOKS = 8


class BodyUnread(InvalidRequest):
    """The request's body was not read to its end: nothing more can be asked over the same connection."""


class BodyTooLarge(BodyUnread):
    """The request's body is larger than the service accepts."""


class BodyTooSlow(BodyUnread):
    """The request's body did not come in the time that there is for it."""


class Bodies:
    """Reads bodies, each of which has ``longest_s`` to come.

    One timer for all of them, which looks eight times in that while: a timer for each would cost more than all the
    rest of reading it.
    """

    def __init__(self, longest_s: float = _LONGEST_S) -> None:
        self._longest_s = longest_s
        self._look = 0
        self._last_looks: dict[asyncio.Task[Any], int] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._watched: asyncio.AbstractEventLoop | None = None

    async def read(self, receive: Receive, max_bytes: int) -> bytes:
        """The whole body.

        Raises:
            BodyTooLarge: it is larger than ``max_bytes``; no more than that is read.
            BodyTooSlow: it is not there, and its time is over.
            ClientGone: the caller left in the middle of it.
        """
        loop = asyncio.get_running_loop()
        if self._watched is not loop:
            self._watch(loop)
        task: Any = asyncio.current_task(loop)
        self._last_looks[task] = self._look + _LOOKS
        try:
            message = await receive()
            body: bytes = message.get("body", b"")
            while message.get("more_body") and len(body) <= max_bytes:
                message = await receive()
                body += message.get("body", b"")
        except asyncio.CancelledError:
            if task not in self._late or task.uncancel():
                raise
            raise BodyTooSlow(f"the body did not come within {self._longest_s:g} s") from None
        finally:
            del self._last_looks[task]
        if message["type"] == "http.disconnect":
            raise ClientGone
        if len(body) > max_bytes:
            raise BodyTooLarge(f"the body is larger than {max_bytes} bytes")
        return body

    def bounded(self, receive: Receive, max_bytes: int) -> Receive:
        """For frameworks that read a body themselves, before they ask who sent it: the body in one message.

        What it gives raises ``HTTPException``: 413 for a body larger than ``max_bytes``, 400 for a slow one.
        """
        arrived = False

        async def whole() -> Message:
            nonlocal arrived
            if arrived:
                return await receive()
            arrived = True
            try:
                return {"type": "http.request", "body": await self.read(receive, max_bytes)}
            except BodyUnread as error:
                status = 413 if isinstance(error, BodyTooLarge) else 400
                raise HTTPException(status, str(error), {"connection": "close"}) from None
            except ClientGone:
                return {"type": "http.disconnect"}

        return whole

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watched = loop
        loop.call_later(self._longest_s / _LOOKS, self._look_round, loop)

    def _look_round(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancels what is late; comes again as long as anything is awaited."""
        self._look += 1
        self._late &= self._last_looks.keys()
        for task, last_look in self._last_looks.items():
            if last_look < self._look and task not in self._late:
                self._late.add(task)
                task.cancel()
        if self._last_looks:
            self._watch(loop)
        else:
            self._watched = None
