"""Joins texts that arrive in pieces, as from language models, into sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.text.abbreviations import Stop, full_stop
from segue.speech.core.text.pending import code_blocks, taken, whole_end
from segue.speech.core.text.quiet import may_sound

if TYPE_CHECKING:
    from segue.speech.core.speech import Loss

_CLOSING = r"""["'”’)\]]*"""
_END = re.compile(
    rf"""(?:[。！？…\n]|(?<![0-9])\.(?={_CLOSING}(?:\s|$))|[!?;](?={_CLOSING}(?:[^\x21-\x7e]|$)))"""
    r"""["'”’」』）)\]]*\s*"""
)
"""The end of a sentence. A full stop after a digit does not count, because it may be a decimal point with more
digits to come. ASCII marks also end a sentence without a following space if another script follows.
"""

_LONGEST_CHARS = 1000
"""A text of this length is spoken even if no sentence ends in it."""


def _may_go_on(text: str, end: re.Match[str]) -> bool:
    """Whether the full stop may end an abbreviation such as ``Dr.`` or ``No.``, which belongs to what follows."""
    at, follows = end.start(), end.end()
    if text[at] != ".":
        return False
    if follows < len(text):
        return full_stop(text, at, follows, 0) is Stop.NONE
    return any(full_stop(f"{text}{more}", at, follows, 0) is Stop.NONE for more in "a1")


class Scrap(NamedTuple):
    """A piece of a text. ``kind`` is its field, ``text`` or ``markup``; ``losses`` are those of its message."""

    kind: str
    text: str
    losses: tuple[Loss, ...] = ()


class Sentences:
    """Buffers incomplete sentences. With ``keeps_marks``, Markdown marks are never split."""

    def __init__(self, *, keeps_marks: bool = False) -> None:
        self._kept = Scrap("text", "")
        self._keeps_marks = keeps_marks
        self._unsaid: Scrap | None = None
        self._has_given = False

    @property
    def empty(self) -> bool:
        return not self._kept.text.strip()

    def push(self, scrap: Scrap) -> list[Scrap]:
        """Adds ``scrap``; returns what can be spoken now."""
        before = self.rest() if scrap.kind != self._kept.kind else []
        losses = tuple(dict.fromkeys((*self._kept.losses, *scrap.losses)))
        whole = self._kept.text + scrap.text
        ready, kept = taken(whole, self._end(whole))
        self._kept = Scrap(scrap.kind, kept, losses if not ready else ())
        return [*before, *self._given(Scrap(scrap.kind, ready, losses))]

    def rest(self) -> list[Scrap]:
        """The rest of the buffer, although its sentence is incomplete."""
        kept = self._kept
        ready, blank = taken(kept.text, len(kept.text))
        self._kept = Scrap(kept.kind, blank)
        return self._given(kept._replace(text=ready))

    def last(self) -> list[Scrap]:
        """The rest at the end of the text; the whole text if none of it could be spoken."""
        rest = self.rest()
        return rest if self._has_given or self._unsaid is None else [self._unsaid]

    def _given(self, scrap: Scrap) -> list[Scrap]:
        """The scrap, without parts that cannot be spoken, such as a single full stop, and leading blank lines."""
        if may_sound(scrap.text):
            text = scrap.text if self._has_given else scrap.text.lstrip("\r\n")
            self._has_given = True
            return [scrap._replace(text=text)]
        if not self._has_given and scrap.text:
            before = "" if self._unsaid is None else self._unsaid.text
            self._unsaid = scrap._replace(text=before + scrap.text)
        return []

    def _end(self, text: str) -> int:
        """The position up to which the text can be spoken; 0 if it cannot be spoken yet."""
        ends = [found.end() for found in _END.finditer(text) if not _may_go_on(text, found)]
        end = whole_end(text, ends) if self._keeps_marks else max(ends, default=0)
        if len(text) > _LONGEST_CHARS and not (self._keeps_marks and (end or code_blocks(text))):
            return len(text)
        return end if may_sound(text[:end]) else 0
