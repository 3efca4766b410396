"""Decides which of ``*``, ``_`` and ``~~`` around words are Markdown and which are text.

It is stricter than CommonMark where a text would lose something (``5*3*2``, ``f*ck``, kaomoji), and more lenient
in Chinese, which is written without spaces (``**「重點」**內容``): CommonMark's punctuation rule would not
recognize such marks.
"""

from __future__ import annotations

from dataclasses import dataclass

from segue.speech.core.text.edits import Edit
from segue.speech.core.text.graphemes import unspaced

_LONGEST_RUN = 3
_PAIR = 2
_OPENING = "\"'“‘「『《【（([<`$€£¥"


@dataclass(slots=True)
class _Run:
    """Signs from ``start`` on, of which ``left`` have no partner yet. ``inner``: within a word."""

    start: int
    length: int
    left: int
    inner: bool


class SignRuns:
    """The runs of such signs, paragraph by paragraph, in text order."""

    def __init__(self, text: str, edits: list[Edit]) -> None:
        self._text = text
        self._edits = edits
        self._open: dict[str, list[_Run]] = {"*": [], "_": [], "~": []}
        self._lone: list[_Run] = []

    def add(self, start: int, end: int) -> None:
        text, sign, length = self._text, self._text[start], end - start
        if length > _LONGEST_RUN or (sign == "~" and length != _PAIR):
            return
        before, after = text[start - 1 : start] or " ", text[end : end + 1] or " "
        if sign == "*" and length > 1:
            opens, closes = _wide(before, after)
        else:
            opens, closes = _narrow(before, after, any_sign=length > 1)
        run = _Run(start, length, length, _is_word(before) and _is_word(after))
        if closes and self._closes(sign, run):
            if run.left:
                self._mark(run)
            return
        if opens:
            self._open[sign].append(run)
        elif closes and sign == "*" and length == _PAIR:
            self._lone.append(run)

    def begin(self) -> None:
        """Ends a paragraph. Two asterisks on one side of a word are a mark without its partner."""
        for run in (*self._open["*"], *self._lone):
            if run.left == run.length == _PAIR and not run.inner:
                run.left = 0
            self._mark(run)
        for sign in "_~":
            for run in self._open[sign]:
                self._mark(run)
        for runs in (*self._open.values(), self._lone):
            runs.clear()

    def _closes(self, sign: str, run: _Run) -> bool:
        """Whether the run closed an open one."""
        openers = self._open[sign]
        while run.left and openers:
            opener = openers[-1]
            if opener.inner and run.inner:
                break
            paired = min(opener.left, run.left)
            opener.left -= paired
            run.left -= paired
            if not opener.left:
                self._mark(openers.pop())
                self._drop_after(opener.start)
        if run.left == run.length:
            return False
        if not run.left:
            self._mark(run)
        return True

    def _drop_after(self, start: int) -> None:
        """Marks that were opened within a pair that is closed now stay text."""
        for openers in self._open.values():
            while openers and openers[-1].start > start:
                self._mark(openers.pop())

    def _mark(self, run: _Run) -> None:
        used = run.length - run.left
        if used:
            self._edits.append(Edit(run.start, run.start + used))


def _is_word(sign: str) -> bool:
    return sign.isalnum() and not unspaced(sign)


def _narrow(before: str, after: str, *, any_sign: bool) -> tuple[bool, bool]:
    """Whether a single sign can open or close: at the edge of a word only."""
    opens = not _is_word(before) and (after.isalnum() or after in _OPENING or (any_sign and not after.isspace()))
    return opens and after != "|", not before.isspace() and not _is_word(after)


def _wide(before: str, after: str) -> tuple[bool, bool]:
    """The same for two or more asterisks.

    They can be within a word, but not between digits, where they are exponents.
    """
    if before.isdigit() and after.isdigit():
        return False, False
    return not (after.isspace() or after == "|"), not before.isspace()
