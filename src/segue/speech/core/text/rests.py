"""The lines of a text and the pauses between them: a rest at a blank line, and none where a line was wrapped."""

from __future__ import annotations

import re
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.text.edits import Edit, Rest
from segue.speech.core.text.normalize import is_speakable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LINE = re.compile("[^\n\r\u2028\u2029]+")
_ITEM = re.compile(r"\A(?:[-–—*+•◦▪‣][ \t]|\(?[0-9]{1,3}[.)][ \t]|[一二三四五六七八九十]{1,3}、)")
_BULLET = re.compile(r"\A[•◦▪‣][ \t]*")
_SEPARATOR = re.compile(r"\A(?:[-*_=~·•—–＊☆★◇◆○●※＝－][ \t]*){3,200}\Z")
_WIDE_FROM = "\u2e80"
_NARROWEST_PAGE = 60
_WIDEST_PAGE = 120
"""Columns. Wrapped prose has lines between these widths."""


class LineKind(IntEnum):
    """The kind of a line."""

    TEXT = 0
    ITEM = 1
    HEADING = 2
    ROW = 3


class SpokenLine(NamedTuple):
    """A line that is spoken: characters ``start`` up to ``end``, without its mark and the white space around it.

    ``after`` is the minimum rest before this line. ``breaks``: it certainly begins here, such as an item with its
    Markdown mark; otherwise it may continue the previous line.
    """

    start: int
    end: int
    kind: LineKind = LineKind.TEXT
    after: Rest = Rest.NONE
    breaks: bool = False


def raw_lines(text: str) -> Iterator[tuple[int, int]]:
    """The ranges of the lines that are not blank, without white space around them."""
    for found in _LINE.finditer(text):
        line = found.group()
        bare = line.strip()
        if bare:
            start = found.start() + len(line) - len(line.lstrip())
            yield start, start + len(bare)


def is_separator(line: str) -> bool:
    """Whether the line is an ornament between two parts of a text."""
    return _SEPARATOR.match(line) is not None and not is_speakable(line)


def plain_lines(text: str, *, cleans: bool) -> list[SpokenLine]:
    """The lines of a text without markup. ``cleans``: ornaments and bullets are not spoken."""
    lines: list[SpokenLine] = []
    rest = Rest.NONE
    for start, end in raw_lines(text):
        line = text[start:end]
        if cleans and is_separator(line):
            is_under = bool(lines) and not is_blank(text[lines[-1].end : start])
            rest = max(rest, Rest.PARAGRAPH if is_under else Rest.SECTION)
            continue
        kind = LineKind.ITEM if _ITEM.match(line) else LineKind.TEXT
        bullet = _BULLET.match(line) if cleans else None
        lines.append(SpokenLine(start + bullet.end() if bullet else start, end, kind, rest))
        rest = Rest.NONE
    return lines


def rests_between(text: str, lines: Sequence[SpokenLine], *, keeps_ends: bool = False) -> Iterator[Edit]:
    """An edit for everything outside these lines: before the first, between any two, after the last.

    ``keeps_ends``: blank lines at the beginning and end become rests as well.
    """
    first, last = lines[0], lines[-1]
    outer = Rest.PARAGRAPH if keeps_ends else Rest.NONE
    if first.start:
        yield Edit(0, first.start, "", max(outer if is_blank(text[: first.start]) else Rest.NONE, first.after))
    begins = _beginnings(text, lines)
    for (before, line), begins_here in zip(pairwise(lines), begins[1:], strict=True):
        rest = _rest(text, before, line, begins_here=begins_here)
        yield Edit(before.end, line.start, "" if rest else " ", rest)
    if last.end < len(text):
        yield Edit(last.end, len(text), "", outer if is_blank(text[last.end :]) else Rest.NONE)


def is_blank(between: str) -> bool:
    """Whether it contains a blank line."""
    ends = between.replace("\r\n", "\n")
    return ends.count("\n") + ends.count("\r") + ends.count("\u2028") > 1 or "\u2029" in ends


def _rest(text: str, before: SpokenLine, line: SpokenLine, *, begins_here: bool) -> Rest:
    if LineKind.HEADING in (before.kind, line.kind):
        return max(Rest.PARAGRAPH, line.after)
    if LineKind.ROW in (before.kind, line.kind):
        least = Rest.SENTENCE if before.kind is line.kind else Rest.PARAGRAPH
        return max(least, line.after)
    if is_blank(text[before.end : line.start]):
        return max(Rest.PARAGRAPH, line.after)
    if not (begins_here or line.breaks):
        return line.after
    return max(Rest.SENTENCE if line.kind is LineKind.ITEM else Rest.CLAUSE, line.after)


def _beginnings(text: str, lines: Sequence[SpokenLine]) -> list[bool]:
    """For each line, whether it begins something instead of continuing the previous line."""
    found: list[bool] = []
    paragraph: list[SpokenLine] = []
    for line in lines:
        if paragraph and is_blank(text[paragraph[-1].end : line.start]):
            found += _begins(text, paragraph)
            paragraph = []
        paragraph.append(line)
    return found + _begins(text, paragraph)


def _begins(text: str, paragraph: list[SpokenLine]) -> list[bool]:
    if len(paragraph) == 1:
        return [True]
    is_list = sum(line.kind is LineKind.ITEM for line in paragraph) > 1
    is_wrapped = _is_wrapped(text, paragraph)
    return [
        (is_list and line.kind is LineKind.ITEM) or not (is_wrapped or text[line.start].islower())
        for line in paragraph
    ]


def _is_wrapped(text: str, paragraph: list[SpokenLine]) -> bool:
    """Whether the lines were wrapped to fit a page: no line had room for the first word of the next."""
    widths = [_width(text[line.start : line.end]) for line in paragraph]
    page = max(_NARROWEST_PAGE, *widths)
    if page > _WIDEST_PAGE:
        return False
    first_words = [_first_word_width(text, line) for line in paragraph]
    return all(width + 1 + word > page for width, word in zip(widths[:-1], first_words[1:], strict=True))


def _first_word_width(text: str, line: SpokenLine) -> int:
    if text[line.start] >= _WIDE_FROM:
        return _width(text[line.start])
    word = text[line.start : min(line.end, line.start + _WIDEST_PAGE)].split(maxsplit=1)[0]
    return _width(word)


def _width(line: str) -> int:
    """The width in columns; ideographs take two."""
    return len(line) + (0 if line.isascii() else sum(sign >= _WIDE_FROM for sign in line))
