"""A response that is being streamed, as the APIs use it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from segue.speech.service.answers import Answer
    from segue.speech.service.router import Route


class Speaking(Protocol):
    """The source of a stream's bytes."""

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
    """The bytes of the request's container, in order. Close it when done, whether or not it was read to its end.

    Iterating raises SegueError if the audio had to be cut off. Everything before that can be played.
    """

    def __init__(self, speaking: Speaking) -> None:
        self._speaking = speaking
        self._content = speaking.content()

    @property
    def heard(self) -> Answer:
        """The answer's metadata, without audio."""
        return self._speaking.answer

    @property
    def route(self) -> Route:
        return self.heard.route

    @property
    def rate_hz(self) -> int:
        """The sample rate of the audio in the container."""
        return self.heard.result.audio.rate_hz

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was requested but not done, in plain words."""
        return self.heard.warnings

    @property
    def beginning(self) -> int:
        """Changes when what follows replaces everything before it.

        This happens only if one voice throughout was requested.
        """
        return self._speaking.beginning

    @property
    def said_chars(self) -> int:
        """How many characters of the text have been said."""
        return self._speaking.said_chars

    @property
    def duration_s(self) -> float:
        """The duration of the audio so far, in seconds."""
        return self._speaking.duration_s

    def head_of_file(self, head: bytes, file_bytes: int) -> bytes:
        """The first bytes as in a file of ``file_bytes``, with the correct sizes.

        There are ``segue.speech.audio.sized.HEAD_BYTES`` of them. Call it once everything has been read.
        """
        return self._speaking.head_of_file(head, file_bytes)

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._content)

    async def aclose(self) -> None:
        """Stops the remaining work for the stream.

        Completes even if the caller is cancelled meanwhile. May be called twice.
        """
        try:
            await self._content.aclose()
        finally:
            await asyncio.shield(asyncio.ensure_future(self._speaking.close()))


class WholeAnswer:
    """Complete audio, sent in one piece."""

    beginning = 0

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    @property
    def said_chars(self) -> int:
        return len(self.answer.route.request.text)

    @property
    def duration_s(self) -> float:
        return self.answer.result.audio.duration_s

    def head_of_file(self, head: bytes, file_bytes: int) -> bytes:
        del file_bytes
        return head

    async def content(self) -> AsyncGenerator[bytes, None]:
        yield self.answer.result.audio.data

    async def close(self) -> None:
        pass
