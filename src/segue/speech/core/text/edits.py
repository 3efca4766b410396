"""Replaces parts of a text, adds full stops and rests, and moves pauses and spans with their text."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.speech import Loss, Marked, Pause
from segue.speech.core.text.marks import NAMED_PAUSES_MS
from segue.speech.core.text.segment import clause_mark, full_stop_for

if TYPE_CHECKING:
    from collections.abc import Iterable


class Rest(IntEnum):
    """The pause between two parts of a text, from none to a long silence.

    ``CLAUSE`` and ``SENTENCE`` are punctuation, which needs no call of its own and scales with the rate like the
    voice's other pauses. ``PARAGRAPH`` and ``SECTION`` are the end of a sentence followed by a named pause.
    """

    NONE = 0
    CLAUSE = 1
    SENTENCE = 2
    PARAGRAPH = 3
    SECTION = 4


_PAUSES = {Rest.PARAGRAPH: "medium", Rest.SECTION: "long"}


class Edit(NamedTuple):
    """Replaces characters ``start`` up to ``end`` of a text with ``rest``, followed by ``say``."""

    start: int
    end: int
    say: str = ""
    rest: Rest = Rest.NONE


FREE_RESTS = 20
CHARS_A_REST = 40
"""A text may have this many rests with a pause, and one more for every so many characters.

The others become punctuation only; otherwise a text of blank lines would be hours of silence.
"""

_UNSPACED = frozenset("。！？｡；：，、」』）》】")
"""Marks that are not followed by a space."""

_TAIL_CHARS = 32
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
_CLOSING = "\"'”’」』)）]】》*_"
_ENDED = frozenset(".!?。！？｡…⋯;；:：,，、､—–-~～،؛۔।॥።。|")


def edited(marked: Marked, edits: Iterable[Edit], *, keeps_ends: bool = False) -> Marked:
    """The text after the edits. If edits overlap, the first one applies.

    ``keeps_ends``: rests at the very beginning and end are kept, because this text is part of another.
    """
    out = _Output(FREE_RESTS + len(marked.text) // CHARS_A_REST, keeps_ends=keeps_ends)
    moves = _Moves()
    at = 0
    for edit in sorted(edits, key=_place):
        if edit.start < at:
            continue
        out.say(marked.text[at : edit.start])
        before = out.length
        out.rest(edit.rest)
        out.say(edit.say)
        moves.add(edit, before, out.length)
        at = edit.end
    out.say(marked.text[at:])
    return Marked(
        out.text(),
        (*(replace(pause, position=moves.moved(pause.position)) for pause in marked.pauses), *out.pauses()),
        tuple(
            replace(span, start=moves.moved(span.start), end=moves.moved(span.end, ends=True))
            for span in marked.spans
        ),
        (*marked.losses, *out.losses()),
    )


def _place(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.end


class _Moves:
    """The new positions of the text's characters."""

    def __init__(self) -> None:
        self._edits: list[Edit] = []
        self._starts: list[int] = []
        self._outputs: list[tuple[int, int]] = []

    def add(self, edit: Edit, before: int, after: int) -> None:
        self._edits.append(edit)
        self._starts.append(edit.start)
        self._outputs.append((before, after))

    def moved(self, position: int, *, ends: bool = False) -> int:
        """The new position.

        ``ends``: it is the end of a span, which does not include text that an edit inserts after it.
        """
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return position
        edit, (before, after) = self._edits[index], self._outputs[index]
        if position == edit.start and (ends or (edit.say and not edit.rest)):
            return before
        return after + max(position - edit.end, 0)


class _Output:
    def __init__(self, most_pauses: int, *, keeps_ends: bool) -> None:
        self.length = 0
        self._parts: list[str] = []
        self._tail = ""
        self._keeps_ends = keeps_ends
        self._most_pauses = most_pauses
        self._rests: list[tuple[int, Rest]] = []
        self._said_since = False

    def say(self, text: str) -> None:
        if not text:
            return
        self._parts.append(text)
        self.length += len(text)
        if not text.isspace():
            self._said_since = True
        self._tail = (self._tail + text)[-_TAIL_CHARS:]

    def rest(self, rest: Rest) -> None:
        if rest is Rest.NONE:
            return
        self.say(_stop(self._tail, rest))
        if rest not in _PAUSES or not (self._keeps_ends or self._tail.strip()):
            return
        if self._rests and not self._said_since:
            rest = max(rest, self._rests.pop()[1])
        self._rests.append((self.length, rest))
        self._said_since = False

    def text(self) -> str:
        return "".join(self._parts)

    def pauses(self) -> Iterable[Pause]:
        for position, rest in self._made()[: self._most_pauses]:
            name = _PAUSES[rest]
            yield Pause(position, NAMED_PAUSES_MS[name], name)

    def losses(self) -> Iterable[Loss]:
        over = len(self._made()) - self._most_pauses
        if over > 0:
            why = f"a text of this length may have {self._most_pauses} pauses at blank lines"
            yield Loss("pause", f"at {over} more blank lines", "ends of sentences", why)

    def _made(self) -> list[tuple[int, Rest]]:
        if self._keeps_ends or not self._rests or self._said_since:
            return self._rests
        return self._rests[:-1]


def _stop(tail: str, rest: Rest) -> str:
    """The punctuation that ends the clause or sentence so far, and a space.

    If there is a mark already, none is added.
    """
    said = tail.rstrip()
    last = said.rstrip(_CLOSING)[-1:]
    if not last or last in _ENDED:
        return " " if said and said[-1] not in _UNSPACED else ""
    sign = script_sign(said)
    mark = clause_mark(sign) if rest is Rest.CLAUSE else full_stop_for(sign)
    return mark if mark in _UNSPACED else f"{mark} "


def script_sign(said: str) -> str:
    """The character that determines the punctuation: an ideograph among Latin words, else the last character."""
    found = _IDEOGRAPH.search(said)
    last = said.rstrip(_CLOSING)[-1:]
    return found.group() if found and last.isascii() else last
