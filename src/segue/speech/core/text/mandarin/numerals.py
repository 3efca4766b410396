"""Replaces the digits that the rules for written forms have left in a Chinese text with words."""

from __future__ import annotations

import re

from segue.speech.core.text.verbalize.mandarin_words import by_digit, words

_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)*")
_MOST_DIGITS = 16
_NAMES = re.compile(r"[A-Za-z]-?$")
_FEWEST_NAMED = 3
"""A number after letters is read digit by digit from this length on: F-16 is 十六, A380 is 三八零."""


def with_numerals(text: str) -> str:
    """The text with every ASCII digit in words."""
    return _NUMBER.sub(_in_words, text)


def _in_words(found: re.Match[str]) -> str:
    whole, *parts = found.group().replace(",", "").split(".")
    if len(parts) > 1:
        return "點".join(by_digit(part) for part in (whole, *parts))
    said = by_digit(whole) if _is_code(whole, found) else words(int(whole))
    return f"{said}點{by_digit(parts[0])}" if parts else said


def _is_code(whole: str, found: re.Match[str]) -> bool:
    if len(whole) > _MOST_DIGITS or (whole[0] == "0" and len(whole) > 1):
        return True
    before = found.string[max(0, found.start() - 2) : found.start()]
    return len(whole) >= _FEWEST_NAMED and _NAMES.search(before) is not None
