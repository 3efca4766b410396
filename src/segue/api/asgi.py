"""Plain ASGI for the hot doors: a body read within bounds, an answer sent, a caller who left noticed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from fastapi import HTTPException

from segue.core.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, MutableMapping, Sequence
    from typing import TypeAlias

    Scope: TypeAlias = MutableMapping[str, Any]
    Message: TypeAlias = MutableMapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[Message]]
    Send: TypeAlias = Callable[[Message], Awaitable[None]]
    App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
    Header: TypeAlias = tuple[bytes, bytes]

T = TypeVar("T")

_NOT_MODIFIED = 304


class ClientGone(Exception):  # noqa: N818 - a condition, not a fault
    """The caller closed the connection before the answer was ready."""


class BodyTooLarge(InvalidRequest):
    """The request's body is larger than the service accepts."""


class BodyTooSlow(InvalidRequest):
    """The request's body did not come in the time that there is for it."""


class Response(NamedTuple):
    """An answer in one piece. ``headers`` need no content-length."""

    status: int
    headers: Sequence[Header]
    body: bytes

    async def __call__(self, send: Send) -> None:
        headers = self.headers
        if self.status != _NOT_MODIFIED:
            headers = [*headers, (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The request's headers by lower-case name; of repeated ones the last."""
    return dict(scope["headers"])


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """The whole body.

    Raises:
        BodyTooLarge: it is larger than ``max_bytes``; no more than that is read.
        ClientGone: the caller left in the middle of it.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        if len(body) > max_bytes:
            break
        message = await receive()
        body += message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise ClientGone
    if len(body) > max_bytes:
        raise BodyTooLarge(f"the body is larger than {max_bytes} bytes")
    return body


def bounded(receive: Receive, max_bytes: int) -> Receive:
    """The same, for frameworks that read a whole body before they ask who sent it.

    What it gives raises ``HTTPException`` 413 once more than ``max_bytes`` have come.
    """
    seen_bytes = 0

    async def counted() -> Message:
        nonlocal seen_bytes
        message = await receive()
        seen_bytes += len(message.get("body", b""))
        if seen_bytes > max_bytes:
            raise HTTPException(413, f"the body is larger than {max_bytes} bytes")
        return message

    return counted


class Patience:
    """A request whose body has ``longest_s`` to come; who takes longer is told so and their connection closed."""

    def __init__(self, receive: Receive, send: Send, longest_s: float) -> None:
        self._receive = receive
        self._send = send
        self._longest_s = longest_s
        self._deadline = 0.0
        self._waits_for_body = True
        self._lost = False

    async def receive(self) -> Message:
        """The next message.

        Raises:
            BodyTooSlow: the body is not there, and its time is over.
        """
        if not self._waits_for_body:
            return await self._receive()
        if not self._deadline:
            self._deadline = asyncio.get_running_loop().time() + self._longest_s
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            self._lost = True
            raise BodyTooSlow(f"the body did not come within {self._longest_s:g} s") from None
        self._waits_for_body = bool(message.get("more_body"))
        return message

    async def send(self, message: Message) -> None:
        """Hands on; from a caller who was too slow nothing more is read."""
        if self._lost and message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await self._send(message)


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The work's result; the work is cancelled when the caller closes the connection.

    Raises:
        ClientGone: they did.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(disconnected(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGone
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def disconnected(receive: Receive) -> None:
    """Returns once the caller has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
