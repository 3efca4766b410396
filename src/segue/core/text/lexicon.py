"""Phrases that are to be said otherwise than they are written: found in texts, however many there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from segue.core.catalogue import primary_language
from segue.core.text.normalize import one_spelling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segue.core.speech import Pronunciation

_JOINED = r"[0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u024f\u0370-\u03ff\u0400-\u052f\u0590-\u06ff]"
"""Letters of scripts that set words apart; in the others, a phrase may stand anywhere."""
_IS_JOINED = re.compile(_JOINED)


class Entry(NamedTuple):
    """How one phrase is said: by ``pronunciation``, or as ``say`` is read.

    ``language`` is the primary one, empty for all.
    """

    phrase: str
    pronunciation: Pronunciation | None = None
    say: str = ""
    language: str = ""


class Found(NamedTuple):
    """Where an entry's phrase stands in a text."""

    start: int
    end: int
    entry: Entry


class Lexicon:
    """Entries by their beginnings. Case is not minded; the longest phrase at a place is taken, words only whole.

    A text costs one look per word, whatever the number of entries.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}
        lengths: dict[str, set[int]] = {}
        for entry in entries:
            phrase = _phrase(entry.phrase)
            self._entries[phrase, primary_language(entry.language) if entry.language else ""] = entry
            lengths.setdefault(phrase[:1], set()).add(len(phrase))
        self._phrases = frozenset(phrase for phrase, _ in self._entries)
        self._lengths = {head: sorted(found, reverse=True) for head, found in lengths.items()}

    def __len__(self) -> int:
        return len(self._entries)

    def has(self, phrase: str) -> bool:
        """Whether any language has an entry of that phrase."""
        return _phrase(phrase) in self._phrases

    def touches(self, text: str) -> bool:
        """Whether any language's entry stands in the text."""
        return bool(self._entries) and next(self._places(text), None) is not None

    def find(self, text: str, language: str) -> list[Found]:
        """The entries of a language (BCP 47) that stand in the text, in order, none over another."""
        spoken = primary_language(language)
        lowered = _lowered(text)
        found: list[Found] = []
        end = 0
        for start, length in self._places(text):
            phrase = lowered[start : start + length]
            entry = self._entries.get((phrase, spoken)) or self._entries.get((phrase, ""))
            if start >= end and entry is not None:
                end = start + length
                found.append(Found(start, end, entry))
        return found

    def _places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where phrases of any language stand, the longest at a place first."""
        lowered = _lowered(text)
        for start, sign in enumerate(lowered):
            for length in self._lengths.get(sign, ()):
                if self._stands(lowered, start, length):
                    yield start, length

    def _stands(self, lowered: str, start: int, length: int) -> bool:
        return lowered[start : start + length] in self._phrases and is_whole(lowered, start, start + length)


def is_whole(text: str, start: int, end: int) -> bool:
    """Whether the phrase from ``start`` to ``end`` is not merely part of a longer word."""
    if start and _IS_JOINED.match(text[start]) and _IS_JOINED.match(text[start - 1]):
        return False
    return not (end < len(text) and _IS_JOINED.match(text[end - 1]) and _IS_JOINED.match(text[end]))


def _phrase(written: str) -> str:
    """As a text holds it that has been cleaned for speaking."""
    return _lowered(written if written.isascii() else one_spelling(written))


def _lowered(text: str) -> str:
    """In lower case, character for character."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(sign.lower()[:1] for sign in text)
