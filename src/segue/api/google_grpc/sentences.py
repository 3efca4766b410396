"""Texts that arrive in scraps, as language models make them, put together into sentences."""

from __future__ import annotations

import re
from typing import NamedTuple

_END = re.compile(r"""(?:[。！？…\n]|(?:(?<![0-9])\.|[!?;])(?=["'”’)\]]*(?:\s|$)))["'”’」』）)\]]*\s*""")
"""Where a sentence ends: a point after a digit at the very end may be a decimal's, whose rest is to come."""

_SPEAKABLE = re.compile(r"[^\W_]")
_LONGEST_CHARS = 1000
"""A text without the end of a sentence is spoken when it is this long."""


class Scrap(NamedTuple):
    """A part of a text. ``kind`` is the field it came in: ``text`` or ``markup``."""

    kind: str
    text: str


class Sentences:
    """Keeps what is not yet a sentence."""

    def __init__(self) -> None:
        self._kept = Scrap("text", "")

    @property
    def empty(self) -> bool:
        return not self._kept.text

    def push(self, scrap: Scrap) -> list[Scrap]:
        """What can be spoken now that ``scrap`` has come."""
        ready = self.rest() if scrap.kind != self._kept.kind else []
        whole = self._kept.text + scrap.text
        ends = [found.end() for found in _END.finditer(whole)]
        end = len(whole) if len(whole) > _LONGEST_CHARS else (ends[-1] if ends else 0)
        if _SPEAKABLE.search(whole[:end]) is None:
            end = 0
        self._kept = Scrap(scrap.kind, whole[end:])
        return [*ready, *_spoken(Scrap(scrap.kind, whole[:end]))]

    def rest(self) -> list[Scrap]:
        """What is left when no more comes."""
        kept, self._kept = self._kept, Scrap(self._kept.kind, "")
        return _spoken(kept)


def _spoken(scrap: Scrap) -> list[Scrap]:
    """Without what nobody can speak, such as a lone full stop."""
    return [scrap] if _SPEAKABLE.search(scrap.text) else []
