"""Reads Markdown for speech. Produces no tree, but the lines that are spoken and an edit for each mark in them.

docs/decisions/0015-markup-is-edited-not-parsed.md explains why it does not use a CommonMark parser.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.speech import Loss
from segue.speech.core.text.edits import Edit, Rest
from segue.speech.core.text.inline import Inline
from segue.speech.core.text.rests import LineKind, SpokenLine, is_blank, is_separator, raw_lines
from segue.speech.core.text.table import is_delimiter, row_edits

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_SPOKEN_CODE_CHARS = 80
"""A one-line block of code up to this length, such as a command, is read; longer ones are left out."""

_FENCE = re.compile(r"\A(?P<fence>`{3,50}|~{3,50})[ \t]*(?P<language>[^`\n]{0,200})\Z")
_QUOTE = re.compile(r"\A(?:>[ \t]{0,4}){1,20}(?![^\s\w\"'“‘「『（(*_\[`#|!<~-])")
_HEADING = re.compile(r"\A#{1,6}[ \t]{1,99}")
_BULLET = re.compile(r"\A[-*+•◦▪‣][ \t]{1,99}(?P<box>\[[ xX]\][ \t]{1,9})?")
_NUMBER = re.compile(r"\A[0-9]{1,9}[.)][ \t]{1,99}(?P<box>\[[ xX]\][ \t]{1,9})?")
_NOTE = re.compile(r"\A\[\^[^\[\]\s]{1,40}\]:[ \t]{0,99}")
_REFERENCE = re.compile(
    r"\A\[(?P<name>[^\[\]^][^\[\]]{0,200})\]:[ \t]{1,9}<?(?:[a-z]{2,10}:|[/#.])[^\s<>]{0,2048}>?"
    r"(?:[ \t]{1,9}[\"'(][^\n]{0,300})?\Z"
)
_UNDERLINE = re.compile(r"\A(?:={2,200}|-{2,200})\Z")


class SpokenParts(NamedTuple):
    """The spoken parts of a text, the edits within them, and what is left out."""

    lines: list[SpokenLine]
    edits: list[Edit]
    losses: tuple[Loss, ...]


def read_markdown(text: str) -> SpokenParts:
    """The text's lines without their marks. If the text contains only code, the code."""
    reader = _Reader(text)
    reader.read()
    if not reader.lines and reader.code:
        return SpokenParts(reader.code, [], ())
    inline = Inline(text, markdown=True, references=frozenset(reader.references))
    before = None
    for line in reader.lines:
        if line.start in reader.verbatim:
            before = None
            continue
        if before is None or line.kind is not LineKind.TEXT or is_blank(text[before.end : line.start]):
            inline.begin()
        inline.read(line.start, line.end)
        before = line if line.kind in (LineKind.TEXT, LineKind.ITEM) else None
    inline.begin()
    return SpokenParts(reader.lines, [*reader.edits, *inline.edits], (*inline.losses(), *reader.losses()))


class _Reader:
    """Reads the lines once."""

    def __init__(self, text: str) -> None:
        self.lines: list[SpokenLine] = []
        self.edits: list[Edit] = []
        self.code: list[SpokenLine] = []
        self.references: set[str] = set()
        self.verbatim: set[int] = set()
        self._text = text
        self._raw = list(raw_lines(text))
        self._rest = Rest.NONE
        self._unclosed: set[str] = set()
        self._blocks = self._block_lines = self._boxes = 0

    def read(self) -> None:
        at = 0
        while at < len(self._raw):
            start, end = self._raw[at]
            start = self._without(_QUOTE, start, end)
            at = self._fenced(at, start, end) or self._table(at, start, end) or self._line(at, start, end)

    def losses(self) -> Iterable[Loss]:
        if self._blocks:
            blocks = "a block" if self._blocks == 1 else f"{self._blocks} blocks"
            lines = "1 line" if self._block_lines == 1 else f"{self._block_lines} lines"
            yield Loss("code", f"{blocks} of {lines}", "", "only code of one short line is read out")
        if self._boxes:
            yield Loss("tasks", str(self._boxes), "", "the words are read out, but not whether the task is done")

    def _without(self, mark: re.Pattern[str], start: int, end: int) -> int:
        found = mark.match(self._text[start:end])
        return start + found.end() if found else start

    def _say(self, start: int, end: int, kind: LineKind = LineKind.TEXT, *, breaks: bool = False) -> None:
        if start < end:
            self.lines.append(SpokenLine(start, end, kind, self._rest, breaks))
            self._rest = Rest.NONE

    def _pass_over(self, rest: Rest) -> None:
        self._rest = max(self._rest, rest)

    def _fenced(self, at: int, start: int, end: int) -> int:
        """The line after the block of code that begins here; 0 if none does."""
        found = _FENCE.match(self._text[start:end])
        if found is None:
            return 0
        fence = found["fence"]
        past = None if fence in self._unclosed else self._fence_end(at, fence)
        if past is None:
            if fence[0] == "~":
                return 0
            past = len(self._raw)
            inside = self._raw[at + 1 :]
        else:
            inside = self._raw[at + 1 : past - 1]
        self._pass_over(Rest.PARAGRAPH)
        self.code += [SpokenLine(*line) for line in inside]
        if len(inside) == 1 and inside[0][1] - inside[0][0] <= LONGEST_SPOKEN_CODE_CHARS:
            self.verbatim.add(inside[0][0])
            self._say(*inside[0])
            self._pass_over(Rest.PARAGRAPH)
        elif inside:
            self._blocks += 1
            self._block_lines += len(inside)
        return past

    def _fence_end(self, at: int, fence: str) -> int | None:
        for number in range(at + 1, len(self._raw)):
            start, end = self._raw[number]
            line = self._text[start:end].lstrip("> \t")
            if line.startswith(fence) and not line.strip(fence[0]):
                return number + 1
        self._unclosed.add(fence)
        return None

    def _table(self, at: int, start: int, end: int) -> int:
        """The line after the table that begins here; 0 if none does."""
        text = self._text
        if at + 1 >= len(self._raw) or "|" not in text[start:end]:
            return 0
        if not is_delimiter(text[slice(*self._raw[at + 1])].lstrip("> ")):
            return 0
        past = at + 2
        while past < len(self._raw) and "|" in text[slice(*self._raw[past])]:
            past += 1
        rows = [(start, end), *((self._without(_QUOTE, *row), row[1]) for row in self._raw[at + 2 : past])]
        for row_start, row_end, edits in row_edits(text, rows):
            self._say(row_start, row_end, LineKind.ROW)
            self.edits += edits
        return past

    def _line(self, at: int, start: int, end: int) -> int:
        line = self._text[start:end]
        past = at + 1
        if is_separator(line) or (_UNDERLINE.match(line) and self._is_under(at)):
            self._underline(at, line)
            return past
        if reference := _REFERENCE.match(line):
            self.references.add(reference["name"].casefold())
            return past
        if heading := _HEADING.match(line):
            self._say(start + heading.end(), start + len(line.rstrip("#").rstrip()), LineKind.HEADING)
            return past
        if bullet := _BULLET.match(line) or _NUMBER.match(line):
            self._item(start, end, bullet)
            return past
        note = _NOTE.match(line)
        breaks = self._broken_before(start)
        self._say(start + note.end() if note else start, end, breaks=breaks or note is not None)
        return past

    def _item(self, start: int, end: int, bullet: re.Match[str]) -> None:
        if bullet["box"]:
            self._boxes += 1
        if bullet.group()[0].isdigit():
            if bullet["box"]:
                self.edits.append(Edit(start + bullet.start("box"), start + bullet.end("box")))
        else:
            start += bullet.end()
            if heading := _HEADING.match(self._text[start:end]):
                start += heading.end()
        self._say(start, end, LineKind.ITEM, breaks=True)

    def _is_under(self, at: int) -> bool:
        """Whether the line is directly below another."""
        if not at or not self.lines or self.lines[-1].end != self._raw[at - 1][1]:
            return False
        return self._text.count("\n", self._raw[at - 1][1], self._raw[at][0]) == 1

    def _underline(self, at: int, line: str) -> None:
        """Handles the line under a heading, or a rule between parts."""
        if line[0] in "=-" and self._is_under(at) and self.lines[-1].kind is LineKind.TEXT:
            self.lines[-1] = self.lines[-1]._replace(kind=LineKind.HEADING)
            return
        self._pass_over(Rest.SECTION)

    def _broken_before(self, start: int) -> bool:
        """Whether the previous line ends with one of Markdown's marks for a line break."""
        if not self.lines:
            return False
        before = self.lines[-1]
        between = self._text[before.end : start]
        if self._text[before.end - 1] == "\\" and between.startswith(("\n", "\r")):
            self.edits.append(Edit(before.end - 1, before.end))
            return True
        return between.startswith("  ")
