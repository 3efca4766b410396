"""Reads request bodies with limits on size and time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException

from segue.api.asgi import ClientGone
from segue.api.packed import coding_of, unpacked
from segue.api.refusals import BodyTooLarge, BodyTooSlow, HttpRefusal
from segue.kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from segue.api.asgi import Message, Receive

_LONGEST_S = 60.0
_LOOKS = 8


class Bodies:
    """Reads bodies in one event loop; each must arrive within ``longest_s``.

    One timer serves all bodies and checks eight times in that period, because a timer for each body would cost
    more than reading it.
    """

    def __init__(self, longest_s: float = _LONGEST_S) -> None:
        self._longest_s = longest_s
        self._look = 0
        self._last_looks: dict[asyncio.Task[Any], int] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._watched: asyncio.AbstractEventLoop | None = None

    async def read(self, receive: Receive, max_bytes: int, content_encoding: bytes | None = None) -> bytes:
        """The whole body, decompressed as ``content_encoding``, the header of that name, says.

        Raises:
            BodyTooLarge: it is larger than ``max_bytes``; at most this much is read and decompressed.
            BodyTooSlow: it did not arrive in time.
            UnknownCoding: its compression is not supported; nothing is read.
            InvalidRequest: it is not compressed as the header says.
            ClientGone: the client closed the connection before the end of the body.
        """
        coding = coding_of(content_encoding) if content_encoding else b""
        task = self._current_task()
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
            raise BodyTooSlow(f"the body did not arrive within {self._longest_s:g} s") from None
        finally:
            del self._last_looks[task]
        if message["type"] == "http.disconnect":
            raise ClientGone
        if len(body) > max_bytes:
            raise BodyTooLarge(f"the body is larger than {max_bytes} bytes")
        return unpacked(body, coding, max_bytes) if coding else body

    def bounded(self, receive: Receive, max_bytes: int, content_encoding: bytes | None = None) -> Receive:
        """A ``receive`` that returns the body in one message, for frameworks that read it before authentication.

        It raises ``HTTPException``: 413 for a body larger than ``max_bytes``, 415 for an unsupported compression,
        400 for a body that is too slow or not compressed as its header says.
        """
        arrived = False

        async def whole() -> Message:
            nonlocal arrived
            if arrived:
                return await receive()
            arrived = True
            try:
                body = await self.read(receive, max_bytes, content_encoding)
            except InvalidRequest as error:
                raise _framework_error(error) from None
            except ClientGone:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": body}

        return whole

    def _current_task(self) -> asyncio.Task[Any]:
        """The current task, whose loop is watched from now on.

        ``get_running_loop`` asks the operating system for the process's number in Python 3.11, which takes
        2 µs of a cache hit's 60. It is called only if the task is not one of the loop that is watched already.
        """
        task = None if self._watched is None else asyncio.current_task(self._watched)
        if task is None:
            loop = asyncio.get_running_loop()
            self._watch(loop)
            task = asyncio.current_task(loop)
        assert task is not None, "a body is read in a task"
        return task

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watched = loop
        loop.call_later(self._longest_s / _LOOKS, self._look_round, loop)

    def _look_round(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancels late reads, and schedules itself again while any read is pending."""
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


def _framework_error(error: InvalidRequest) -> HTTPException:
    if not isinstance(error, HttpRefusal):
        return HTTPException(400, str(error))
    headers = {name.decode(): value.decode() for name, value in error.headers}
    return HTTPException(error.status, str(error), headers)
