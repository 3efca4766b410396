"""Fills values into words of a command line such as ``--voice={voice}``. No shell reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_BRACES = {"{{": "{", "}}": "}"}

RATES = frozenset({"rate_ratio", "rate_percent", "length_ratio", "words_per_minute"})
PITCHES = frozenset({"pitch_semitones", "pitch_ratio"})
KNOWN = RATES | PITCHES | {"voice", "language"}


def names_in(words: Iterable[str]) -> frozenset[str]:
    """The placeholders in these words.

    Raises:
        ValueError: a placeholder is unknown, or there is a single brace.
    """
    found = set()
    for word in words:
        for place in _PLACE.finditer(word):
            if place.group() in _BRACES:
                continue
            name = place.group(1)
            if name not in KNOWN:
                raise ValueError(
                    f"{place.group()!r} in {word!r} is no placeholder; known: {', '.join(sorted(KNOWN))}; "
                    "write {{ and }} for braces"
                )
            found.add(name)
    return frozenset(found)


def filled(word: str, values: Mapping[str, str]) -> str:
    """The word with its placeholders replaced."""

    def value(place: re.Match[str]) -> str:
        return _BRACES.get(place.group()) or values[place.group(1)]

    return _PLACE.sub(value, word)
