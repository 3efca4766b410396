"""An answer on its way to a listener, as a door sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from segue.service.found import Answer
    from segue.service.router import Route


class Speaking(Protocol):
    """Where a stream's bytes come from."""

    @property
    def answer(self) -> Answer: ...

    @property
    def beginning(self) -> int: ...

    @property
    def said_chars(self) -> int: ...

    @property
    def duration_s(self) -> float: ...

    def head_of_file(self, head: bytes, file_bytes: int) -> bytes: ...

    def content(self) -> AsyncGenerator[bytes, None]: ...

    async def close(self) -> None: ...


class Stream:
    """The bytes of the request's container, in order; close it when done, whether or not it was read to its end.

    Iterating raises SegueError where the sound had to be cut off; all that came before is to be played.
    """

    def __init__(self, speaking: Speaking) -> None:
        self._speaking = speaking
        self._content = speaking.content()

    @property
    def heard(self) -> Answer:
        """What answers, with no audio in it."""
        return self._speaking.answer

    @property
    def route(self) -> Route:
        return self.heard.route

    @property
    def rate_hz(self) -> int:
        """The sample rate of the sound in the container."""
        return self.heard.found.audio.rate_hz

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was asked and not done, in plain words."""
        return self.heard.warnings

    @property
    def beginning(self) -> int:
        """Changes when what follows is to be taken instead of all that came before; only ever where one voice
        throughout was asked for.
        """
        return self._speaking.beginning

    @property
    def said_chars(self) -> int:
        """How much of the text has been said."""
        return self._speaking.said_chars

    @property
    def duration_s(self) -> float:
        """How long the sound lasts so far."""
        return self._speaking.duration_s

    def head_of_file(self, head: bytes, file_bytes: int) -> bytes:
        """The first bytes (``segue.audio.sized.HEAD_BYTES`` of them), once all have been read: as a file of
        ``file_bytes`` begins, which can tell its own size.
        """
        return self._speaking.head_of_file(head, file_bytes)

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._content)

    async def aclose(self) -> None:
        """Stops the work for it, where some is left; all of it, even where who closes it is cancelled meanwhile.
        May be called twice.
        """
        try:
            await self._content.aclose()
        finally:
            await asyncio.shield(asyncio.ensure_future(self._speaking.close()))


class WholeAnswer:
    """Audio that is there already, spoken in one piece."""

    beginning = 0

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    @property
    def said_chars(self) -> int:
        return len(self.answer.route.request.text)

    @property
    def duration_s(self) -> float:
        return self.answer.found.audio.duration_s

    def head_of_file(self, head: bytes, file_bytes: int) -> bytes:
        del file_bytes
        return head

    async def content(self) -> AsyncGenerator[bytes, None]:
        yield self.answer.found.audio.data

    async def close(self) -> None:
        pass
