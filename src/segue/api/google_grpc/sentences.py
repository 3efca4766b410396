"""Texts that arrive in scraps, as language models make them, put together into sentences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from segue.core.speech import Loss

_CLOSING = r"""["'”’)\]]*"""
_END = re.compile(
    rf"""(?:[。！？…\n]|(?<![0-9])\.(?={_CLOSING}(?:\s|$))|[!?;](?={_CLOSING}(?:[^\x21-\x7e]|$)))"""
    r"""["'”’」』）)\]]*\s*"""
)
"""Where a sentence ends. A point after a digit may be a decimal's, whose rest is to come; and marks of ASCII end a
sentence in other scripts, too, where no blank follows.
"""

_SPEAKABLE = re.compile(r"[^\W_]")
_LONGEST_CHARS = 1000
"""A text without the end of a sentence is spoken when it is this long."""


class Scrap(NamedTuple):
    """A part of a text. ``kind`` is the field it came in, ``text`` or ``markup``; ``losses`` came with it."""

    kind: str
    text: str
    losses: tuple[Loss, ...] = ()


class Sentences:
    """Keeps what is not yet a sentence."""

    def __init__(self) -> None:
        self._kept = Scrap("text", "")

    @property
    def empty(self) -> bool:
        return not self._kept.text

    def push(self, scrap: Scrap) -> list[Scrap]:
        """What can be spoken now that ``scrap`` has come."""
        before = self.rest() if scrap.kind != self._kept.kind else []
        losses = tuple(dict.fromkeys((*self._kept.losses, *scrap.losses)))
        whole = self._kept.text + scrap.text
        end = _end(whole)
        self._kept = Scrap(scrap.kind, whole[end:], losses if not end else ())
        return [*before, *_spoken(Scrap(scrap.kind, whole[:end], losses))]

    def rest(self) -> list[Scrap]:
        """What is left when no more comes."""
        kept, self._kept = self._kept, Scrap(self._kept.kind, "")
        return _spoken(kept)


def _end(text: str) -> int:
    """Up to where it can be spoken; 0: not yet."""
    if len(text) > _LONGEST_CHARS:
        return len(text)
    ends = [found.end() for found in _END.finditer(text)]
    return ends[-1] if ends and _SPEAKABLE.search(text[: ends[-1]]) else 0


def _spoken(scrap: Scrap) -> list[Scrap]:
    """Nothing of what nobody can speak, such as a lone full stop."""
    return [scrap] if _SPEAKABLE.search(scrap.text) else []
