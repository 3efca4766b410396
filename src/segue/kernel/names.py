"""Names that match regardless of spelling: ``Pip-Boy``, ``pip boy`` and ``PIP_BOY`` are the same name. And for
names that nothing has, the nearest that something has.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORT_CHARS = 64
_MOST_REMEMBERED = 1024
_LIKENESS = 0.65
"""Of two names, as ``difflib`` measures it: ``cmn-TW`` and ``cmn-CN`` are like each other."""


def folded(name: str) -> str:
    """The name without case; blanks, hyphens and underscores are equivalent.

    Short names are cached, because apps send the same few with every request.
    """
    return _remembered(name) if len(name) <= _SHORT_CHARS else _folded(name)


def _folded(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())


_remembered = lru_cache(_MOST_REMEMBERED)(_folded)


class Names:
    """Maps names to meanings, in any spelling. ``meanings`` are pairs of a name and its meaning."""

    def __init__(self, meanings: Iterable[tuple[str, str]]) -> None:
        self._by_folded: dict[str, dict[str, str]] = {}
        for name, meaning in meanings:
            self._by_folded.setdefault(folded(name), {}).setdefault(meaning, name)

    def meant(self, name: str) -> dict[str, str]:
        """Each meaning that the name can have, with the exact name for it; empty if there is none."""
        return self._by_folded.get(folded(name), {})


def nearest(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Up to ``most`` of the known names that are like the wrong one, the likest first."""
    return get_close_matches(name, list(known), n=most, cutoff=_LIKENESS)


def hint(name: str, known: Iterable[str]) -> str:
    """The nearest of the known names, as the end of a message; empty if none is near."""
    near = nearest(name, known, most=2)
    return f"; did you mean {' or '.join(near)}?" if near else ""
