"""An answer on its way to a listener, as a door sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from segue.service.found import Answer
    from segue.service.router import Route


class Stream:
    """The bytes of the request's container, in order; close it when done, whether or not it was read to its end.

    Iterating raises SegueError where the sound had to be cut off; all that came before is to be played. ``heard``
    says what answers at its beginning, with no audio in it yet.
    """

    def __init__(
        self,
        heard: Answer,
        content: AsyncGenerator[bytes, None],
        close: Callable[[], Awaitable[None]],
        duration_s: Callable[[], float],
    ) -> None:
        self.heard = heard
        self._content = content
        self._close = close
        self._duration_s = duration_s

    @property
    def route(self) -> Route:
        return self.heard.route

    @property
    def duration_s(self) -> float:
        """How long the sound lasts that has come so far: all of it, at the end."""
        return self._duration_s()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was asked and not done, in plain words."""
        return self.heard.warnings

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._content)

    async def aclose(self) -> None:
        """Stops the work for it, where some is left. May be called twice."""
        await self._content.aclose()
        await self._close()


def of_whole(answer: Answer) -> Stream:
    """Audio that is there already, as a stream of one piece."""

    async def content() -> AsyncGenerator[bytes, None]:
        yield answer.found.audio.data

    async def close() -> None:
        pass

    return Stream(answer, content(), close, lambda: answer.found.audio.duration_s)
