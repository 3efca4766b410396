"""Buffers the text of one exchange, which may arrive in chunks, and returns complete sentences."""

from __future__ import annotations

import asyncio

from segue.kernel.errors import InvalidRequest
from segue.speech.core.text.breaks import find_breaks
from segue.speech.core.text.evidence import is_markdown
from segue.speech.core.text.pending import code_blocks, taken, whole_end
from segue.speech.core.text.quiet import may_sound
from segue.speech.core.text.written import TextFormat

_LONGEST_CHARS = 1000
"""A text of this length is spoken even if no sentence ends in it."""

_QUIET_S = 0.5
"""A sentence is complete if text follows (``3.`` may become ``3.14``), or if none arrives for this time."""


class Script:
    """Connects the task that reads the connection with the task that speaks.

    With ``whole_first`` nothing is returned before the end of the text. With ``keeps_marks``, Markdown marks are
    never split.

    ``add`` raises InvalidRequest if the whole text is longer than ``max_chars``.
    """

    def __init__(self, max_chars: int, *, whole_first: bool = False, keeps_marks: bool = False) -> None:
        self._is_markdown = False
        self._keeps_marks = keeps_marks
        self._max_chars = max_chars
        self._whole_first = whole_first
        self._kept = ""
        self._chars = 0
        self._has_given = False
        self._unsaid: str | None = None
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

    def format_of(self, piece: str, text_format: TextFormat) -> TextFormat:
        """How to read the piece: once a piece is certainly Markdown, all later pieces are read as Markdown."""
        if text_format is not TextFormat.AUTO:
            return text_format
        self._is_markdown = self._is_markdown or is_markdown(piece)
        return TextFormat.MARKDOWN if self._is_markdown else text_format

    async def next(self) -> str | None:
        """Everything that can be spoken now; waits if there is nothing. None at the end.

        Text that cannot be spoken is left out, unless the whole text is like that; then it is returned at the end.
        """
        while not self.ended:
            ready = "" if self._whole_first else self._taken(self._end())
            if self._is_given(ready):
                return ready
            if await self._quiet() and self._is_given(ready := self._taken(self._end_if_quiet())):
                return ready
        rest = self._taken(len(self._kept))
        if self._is_given(rest):
            return rest
        unsaid, self._unsaid, self._has_given = self._unsaid, None, True
        return unsaid

    def _is_given(self, text: str) -> bool:
        if may_sound(text):
            self._unsaid = None
            self._has_given = True
            return True
        if not self._has_given:
            self._unsaid = (self._unsaid or "") + text
        return False

    def _taken(self, end: int) -> str:
        ready, kept = taken(self._kept, end)
        if ready.isspace():
            return ""  # blank lines belong to what follows
        self._kept = kept
        return ready.lstrip() if may_sound(ready) and not self._has_given else ready

    def _end(self) -> int:
        return _end(self._kept, keeps_marks=self._keeps_marks)

    def _end_if_quiet(self) -> int:
        return _end_if_quiet(self._kept, keeps_marks=self._keeps_marks)

    async def _quiet(self) -> bool:
        """Waits for more text; true if none has arrived for a while and there may be something to speak."""
        self._news.clear()
        may_be_ready = not self._whole_first and self._end_if_quiet() > 0
        try:
            async with asyncio.timeout(_QUIET_S if may_be_ready else None):
                await self._news.wait()
        except TimeoutError:
            return True
        return False


def _end(text: str, *, keeps_marks: bool) -> int:
    """The position up to which the text can be spoken, whatever follows; 0 if it cannot be spoken yet."""
    said_chars = len(text.rstrip())
    sentences = [end for end in find_breaks(text).sentences if end < said_chars]
    line_end = text.rfind("\n", 0, said_chars) + 1
    if not keeps_marks:
        end = max(line_end, sentences[-1] if sentences else 0)
        return len(text) if not end and len(text) > _LONGEST_CHARS else end
    ends = sorted({line_end, *sentences} - {0})
    end = whole_end(text, ends)
    if end or len(text) <= _LONGEST_CHARS:
        return end
    return 0 if code_blocks(text) else len(text)


def _end_if_quiet(text: str, *, keeps_marks: bool) -> int:
    sentences = find_breaks(text).sentences
    end = whole_end(text, sentences) if keeps_marks else max(sentences, default=0)
    return end if may_sound(text[:end]) else 0
