"""Reads Markdown tables row by row, with the name of the column before each cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.speech.core.text.edits import Edit, Rest, script_sign
from segue.speech.core.text.segment import clause_mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DELIMITER = re.compile(
    r"\A\|?[ \t]{0,99}:?-{1,200}:?[ \t]{0,99}(?:\|[ \t]{0,99}:?-{1,200}:?[ \t]{0,99}){0,99}\|?\Z"
)
_MARKS = re.compile(r"[*_`~]")
_LONGEST_NAMES_CHARS = 100
_MOST_REPEATED_CHARS = 400
"""How much the names of columns may add to a table, in addition to its own length. Otherwise they are said once.
"""


def is_delimiter(line: str) -> bool:
    """Whether the line is the delimiter row below a table's header."""
    return "|" in line and _DELIMITER.match(line) is not None


def row_edits(text: str, rows: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, list[Edit]]]:
    """The spoken rows, each with the edits between its cells. The first row contains the names of the columns."""
    cut = [_cells(text, start, end) for start, end in rows]
    names = [_MARKS.sub("", text[start:end]).strip() for start, end in cut[0]]
    said = cut[1:] if _may_be_repeated(names, cut[1:]) else cut
    for cells in said:
        spoken = [(number, start, end) for number, (start, end) in enumerate(cells) if start < end]
        if spoken:
            yield spoken[0][1], spoken[-1][2], list(_between(spoken, names if said is not cut else []))


def _between(cells: list[tuple[int, int, int]], names: list[str]) -> Iterator[Edit]:
    past = None
    for number, start, end in cells:
        name = names[number] if number < len(names) else ""
        say = name + ("" if not name else "：" if clause_mark(script_sign(name)) == "，" else ": ")
        if past is not None:
            yield Edit(past, start, say, Rest.CLAUSE)
        elif say:
            yield Edit(start, start, say)
        past = end


def _may_be_repeated(names: list[str], rows: list[list[tuple[int, int]]]) -> bool:
    """Whether there are cells to repeat the names for, and the result does not become too long."""
    if not rows or sum(map(len, names)) > _LONGEST_NAMES_CHARS:
        return False
    added = sum(
        len(names[number]) + 2
        for cells in rows
        for number, (start, end) in enumerate(cells)
        if start < end and number < len(names)
    )
    own = rows[-1][-1][1] - rows[0][0][0] if rows[-1] and rows[0] else 0
    return added <= own + _MOST_REPEATED_CHARS


def _cells(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The ranges of a row's cells, without the white space around them."""
    line = text[start:end]
    if line.startswith("|"):
        start += 1
    if line.endswith("|") and not line.endswith("\\|"):
        end -= 1
    cells = []
    at = start
    while at <= end:
        bar = text.find("|", at, end)
        while bar > 0 and text[bar - 1] == "\\":
            bar = text.find("|", bar + 1, end)
        stop = end if bar < 0 else bar
        cell = text[at:stop]
        lead = len(cell) - len(cell.lstrip())
        cells.append((at + lead, at + lead + len(cell.strip())))
        at = stop + 1
    return cells
