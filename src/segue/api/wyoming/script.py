"""The text of one exchange, which may still be being written: taken out in sentences as they become whole."""

from __future__ import annotations

import asyncio

from segue.core.errors import InvalidRequest
from segue.core.text.breaks import find_breaks
from segue.core.text.normalize import is_speakable

_LONGEST_CHARS = 1000
"""A text without the end of a sentence is spoken when it is this long."""

_QUIET_S = 0.5
"""A sentence is whole when something follows it, for ``3.`` may become ``3.14``; or when so long nothing does."""


class Script:
    """Written by who reads the connection, read by who speaks; ``whole_first`` holds all back to its end.

    Raises InvalidRequest from ``add`` where the text is longer than ``max_chars`` altogether.
    """

    def __init__(self, max_chars: int, *, whole_first: bool = False) -> None:
        self._max_chars = max_chars
        self._whole_first = whole_first
        self._kept = ""
        self._chars = 0
        self._news = asyncio.Event()
        self.ended = False

    def add(self, text: str) -> None:
        self._chars += len(text)
        if self._chars > self._max_chars:
            raise InvalidRequest(
                f"text has more than {self._max_chars} characters (SEGUE_MAX_INPUT_CHARS)", field="text"
            )
        self._kept += text
        self._news.set()

    def end(self) -> None:
        self.ended = True
        self._news.set()

    async def next(self) -> str | None:
        """What can be spoken next, as much as there is of it; None when there is nothing more.

        Text in which nothing can be spoken is left out, unless it is all there was.
        """
        while not self.ended:
            ready = "" if self._whole_first else self._taken(_end(self._kept))
            if is_speakable(ready):
                return ready
            if await self._quiet() and is_speakable(ready := self._taken(_end_if_quiet(self._kept))):
                return ready
        rest = self._taken(len(self._kept))
        return rest if is_speakable(rest) else None

    def _taken(self, end: int) -> str:
        ready, self._kept = self._kept[:end], self._kept[end:]
        return ready

    async def _quiet(self) -> bool:
        """Waits for news; true where none have come for a while and there may be something to say without."""
        self._news.clear()
        may_be_ready = not self._whole_first and _end_if_quiet(self._kept) > 0
        try:
            async with asyncio.timeout(_QUIET_S if may_be_ready else None):
                await self._news.wait()
        except TimeoutError:
            return True
        return False


def _end(text: str) -> int:
    """Up to where it can be spoken, however it goes on; 0: not yet."""
    said_chars = len(text.rstrip())
    sentences = [end for end in find_breaks(text).sentences if end < said_chars]
    line_end = text.rfind("\n", 0, said_chars) + 1
    end = max(line_end, sentences[-1] if sentences else 0)
    return len(text) if not end and len(text) > _LONGEST_CHARS else end


def _end_if_quiet(text: str) -> int:
    sentences = find_breaks(text).sentences
    return sentences[-1] if sentences and is_speakable(text[: sentences[-1]]) else 0
