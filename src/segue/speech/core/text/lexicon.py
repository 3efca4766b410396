"""Finds phrases in a text that are said differently from how they are written, however many there are."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.catalogue import primary_language
from segue.speech.core.text.normalize import one_spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segue.speech.core.speech import Pronunciation

_JOINED = r"[0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u024f\u0370-\u03ff\u0400-\u052f\u0590-\u06ff]"
"""Letters of scripts that separate words. In other scripts, a phrase can begin and end anywhere."""
_IS_JOINED = re.compile(_JOINED)


class Entry(NamedTuple):
    """How one phrase is said: with ``pronunciation``, or by reading ``say`` instead.

    ``language`` is a primary language; empty for all languages.
    """

    phrase: str
    pronunciation: Pronunciation | None = None
    say: str = ""
    language: str = ""


class PhraseMatch(NamedTuple):
    """An entry's phrase at a position in a text."""

    start: int
    end: int
    entry: Entry


class Lexicon:
    """Entries, found by the beginning of their phrases.

    Case is ignored, the longest phrase at a position is used, and phrases match whole words only.

    A text takes one lookup in the sorted phrases for each position where a phrase may begin, regardless of their
    length and of how many begin alike.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}
        for entry in entries:
            language = primary_language(entry.language) if entry.language else ""
            self._entries[_phrase(entry.phrase), language] = entry
        self._phrases = sorted({phrase for phrase, _ in self._entries if phrase})
        self._beginnings = _beginnings(self._phrases)
        self._heads = frozenset(phrase[:1] for phrase in self._phrases)
        self._longest = max(map(len, self._phrases), default=0)

    def __len__(self) -> int:
        return len(self._entries)

    def has(self, phrase: str) -> bool:
        """Whether any language has an entry for the phrase."""
        wanted = _phrase(phrase)
        index = bisect_right(self._phrases, wanted)
        return index > 0 and self._phrases[index - 1] == wanted

    def touches(self, text: str) -> bool:
        """Whether an entry of any language occurs in the text."""
        if not self._entries:
            return False
        lowered = _lowered(text)
        return any(True for start in self._starts(lowered) for _ in self._ends(lowered, start))

    def find(self, text: str, language: str) -> list[PhraseMatch]:
        """The entries of a language (BCP 47) that occur in the text, in order and without overlap."""
        if not self._entries:
            return []
        spoken = primary_language(language)
        lowered = _lowered(text)
        found: list[PhraseMatch] = []
        past = 0
        for start in self._starts(lowered):
            if start < past:
                continue
            for end in self._ends(lowered, start):
                phrase = lowered[start:end]
                entry = self._entries.get((phrase, spoken)) or self._entries.get((phrase, ""))
                if entry is not None:
                    past = end
                    found.append(PhraseMatch(start, end, entry))
                    break
        return found

    def _starts(self, lowered: str) -> Iterator[int]:
        """The positions where a phrase may begin."""
        heads = self._heads
        return (start for start, sign in enumerate(lowered) if sign in heads and not _is_inside(lowered, start))

    def _ends(self, lowered: str, start: int) -> Iterator[int]:
        """The ends of the phrases of any language at this position, longest first."""
        ahead = lowered[start : start + self._longest]
        index = bisect_right(self._phrases, ahead) - 1
        if index < 0:
            return
        # If the text begins with any phrase, then the last phrase that sorts before the text begins with it as
        # well.
        beginnings = self._beginnings[index]
        fitting = bisect_left(beginnings, True, key=lambda phrase: not ahead.startswith(phrase))  # noqa: FBT003
        for phrase in reversed(beginnings[:fitting]):
            end = start + len(phrase)
            if not _is_inside(lowered, end):
                yield end


def _beginnings(phrases: list[str]) -> list[list[str]]:
    """For each of the sorted phrases, those with which it begins. The last of them is the phrase itself."""
    found: list[list[str]] = []
    open_ones: list[str] = []
    for phrase in phrases:
        while open_ones and not phrase.startswith(open_ones[-1]):
            open_ones.pop()
        open_ones.append(phrase)
        found.append(open_ones.copy())
    return found


def _is_inside(text: str, at: int) -> bool:
    """Whether index ``at`` is within a word."""
    if not 0 < at < len(text) or _IS_JOINED.match(text[at]) is None:
        return False
    return _IS_JOINED.match(text[at - 1]) is not None


def _phrase(written: str) -> str:
    """The phrase after the normalization that texts go through."""
    return _lowered(written if written.isascii() else one_spelling(written))


def _lowered(text: str) -> str:
    """In lower case, with the same number of characters."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(sign.lower()[:1] for sign in text)
