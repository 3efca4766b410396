"""Texts that arrive in pieces: how much can be spoken without splitting one of Markdown's marks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.speech.core.text.normalize import is_speakable
from segue.speech.core.text.rests import is_blank

if TYPE_CHECKING:
    from collections.abc import Sequence

_FENCE = re.compile(r"(?m)^[ \t>]{0,12}(`{3,50}|~{3,50})[^`\n]{0,200}$")
_OPEN_LINK = re.compile(
    r"\[[^\[\]\n]{0,300}\Z|\]\([^()\s]{0,2048}\Z|<[A-Za-z/!][^<>\n]{0,500}\Z|&[A-Za-z0-9#]{0,31}\Z"
)
_OPENS = re.compile(r"(?<![\w*])\*(?=\w)")
_CLOSES = re.compile(r"(?<=[\w.,!?…。！？])\*(?![\w*])")
_LONGEST_MARK_CHARS = 1000
"""A line with an open mark is held back up to this length. After that, its signs are taken as text."""


def torn(text: str, end: int) -> bool:
    """Whether a mark that begins before ``end`` is closed after it, as far as that is known now."""
    line_start = text.rfind("\n", 0, end) + 1
    line = text[line_start:end]
    if not line or len(line) > _LONGEST_MARK_CHARS or "\n" in text[end - 1 : end]:
        return False
    if line.count("**") % 2 or line.count("`") % 2 or line.count("~~") % 2:
        return True
    if _OPEN_LINK.search(line[-2400:]):
        return True
    return len(_OPENS.findall(line)) > len(_CLOSES.findall(line))


def whole_end(text: str, ends: Sequence[int]) -> int:
    """The last of these ordered places at which no mark is split and no block of code is open; 0 if there is none.

    A block of code alone is not a piece. It is combined with the text before or after it, as in a complete text.
    """
    blocks = code_blocks(text) if "```" in text or "~~~" in text else []
    for end in reversed(ends):
        if any(start < end < stop for start, stop in blocks):
            continue
        if torn(text, end):
            continue
        return end if not blocks or is_speakable(_without(text[:end], blocks)) else 0
    return 0


def code_blocks(text: str) -> list[tuple[int, int]]:
    """The ranges of blocks of code, with their fences. A block that is still open ends after the text."""
    found: list[tuple[int, int]] = []
    opened: tuple[int, str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence.start(), fence[1]
        elif fence[1].startswith(opened[1]) and fence.group().strip(" \t>") == fence[1]:
            found.append((opened[0], fence.end()))
            opened = None
    if opened is not None:
        found.append((opened[0], len(text) + 1))
    return found


def _without(text: str, blocks: list[tuple[int, int]]) -> str:
    kept, at = [], 0
    for start, stop in blocks:
        kept.append(text[at:start])
        at = stop
    kept.append(text[at:])
    return "".join(kept)


def taken(text: str, end: int) -> tuple[str, str]:
    """The piece up to ``end``, and the rest.

    Blank lines between them belong to the rest, which begins with a rest there.
    """
    bare = len(text[:end].rstrip())
    if bare and is_blank(text[bare:end]):
        end = bare
    return text[:end], text[end:]
