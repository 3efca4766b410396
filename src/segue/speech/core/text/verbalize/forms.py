"""Finds written forms in a text and what is said for them, and moves the marks of the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.text.lexicon import Entry, PhraseMatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

DIGITS = "0123456789"
NUMBER = r"(?>(?:\d{1,3}(?:,\d{3}){1,5}(?!\d)|\d{1,15})(?:\.\d{1,12})?)"
"""A number with or without thousands separators.

Its length is limited, so that matching from every position takes linear time.
"""

POINT_BEFORE_DIGIT = re.compile(r"\.\d")


class Rule(NamedTuple):
    """One kind of written form.

    ``near``, ``words`` and ``digit`` are quick checks: in every text in which ``pattern`` finds anything, there is
    one of the characters in ``near``, one of ``words`` if there are any, and a digit if ``digit`` is set. ``hint``
    finds something there, too. These checks are many times as fast as the pattern.

    A hint is fast if it begins with a character or a class of few characters: the search then skips all others. If
    ``digit`` is set, only the six characters before and after each number are searched.

    ``say`` returns what is said for a match. If it returns the same text, no later rule changes it. None leaves
    the match to later rules.
    """

    near: str
    pattern: re.Pattern[str]
    say: Callable[[re.Match[str]], str | None]
    words: tuple[str, ...] = ()
    digit: bool = False
    hint: re.Pattern[str] | None = None


def value_of(number: str) -> float:
    """The value of a match of ``NUMBER``."""
    return float(number.replace(",", ""))


def kept(found: re.Match[str]) -> str:
    """The ``say`` for forms that stay unchanged."""
    return found.group()


def find_forms(
    text: str, rules: Sequence[Rule], kept_parts: Iterable[tuple[int, int]] = (), marks: Iterable[int] = ()
) -> list[PhraseMatch]:
    """The replacements by these rules, in text order and without overlap. An earlier rule takes precedence.

    ``kept_parts`` (start, end) are not changed. Neither is a form with one of ``marks`` inside, because the mark
    refers to the letters. Takes time linear in the text's length.
    """
    taken = bytearray(len(text))
    for start, end in kept_parts:
        taken[start:end] = b"\1" * len(taken[start:end])
    places = sorted(set(marks))
    found: list[PhraseMatch] = []
    for rule in rules_for(text, rules):
        for form in rule.pattern.finditer(text):
            start, end = form.span()
            if taken.find(1, start, end) >= 0 or _is_divided(places, start, end):
                continue
            said = rule.say(form)
            if said is None:
                continue
            taken[start:end] = b"\1" * (end - start)
            if said != form.group():
                found.append(PhraseMatch(start, end, Entry(form.group(), say=said)))
    found.sort(key=_start)
    return found


def rules_for(text: str, rules: Sequence[Rule]) -> Iterator[Rule]:
    """The rules that may find something in the text, judged by its characters."""
    signs = frozenset(text)
    around_digits = _around_digits(text) if any(map(str.isdecimal, signs)) else ""
    for rule in rules:
        if signs.isdisjoint(rule.near) or (rule.digit and not around_digits):
            continue
        if rule.words and not _holds_any(text, signs, rule.words):
            continue
        if rule.hint is None or rule.hint.search(around_digits if rule.digit else text):
            yield rule


_NEAR_CHARS = 6
_DIGITS_IN_A_ROW = re.compile(r"\d+")


def _around_digits(text: str) -> str:
    """The digits of the text, each row of them with the characters around it: usually a small part of the text.

    What occurs several times, such as the same number in the same words, is there once.
    """
    padded = " " * _NEAR_CHARS + text
    rows = [padded[row.start() : row.end() + 2 * _NEAR_CHARS] for row in _DIGITS_IN_A_ROW.finditer(text)]
    return "\n".join(dict.fromkeys(rows))


def _holds_any(text: str, signs: frozenset[str], words: tuple[str, ...]) -> bool:
    return any(word[0] in signs and word in text for word in words)


def _is_divided(places: list[int], start: int, end: int) -> bool:
    after = bisect_right(places, start)
    return after < len(places) and places[after] < end


def _start(place: PhraseMatch) -> int:
    return place.start
