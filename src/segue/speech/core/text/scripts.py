"""Finds the scripts that a text uses, and those that a language is written in (ISO 15924 codes).

Uses the data of Unicode and CLDR (``script_data``). Signs that occur with letters of any script (Unicode's Common
and Inherited) belong to no script. Neither does a single Greek letter, because voices that do not read Greek can
still read ``5 Ω``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from segue.speech.core.catalogue import primary_language
from segue.speech.core.text.script_data import LANGUAGES, LETTERS, NAMES


class _Range(NamedTuple):
    first: int
    last: int
    script: str


def _ranges(script: str, written: str) -> list[_Range]:
    ends = [part.partition("-") for part in written.split()]
    return [_Range(int(first, 16), int(last or first, 16), script) for first, _, last in ends]


_RANGES = sorted(found for script, written in LETTERS.items() for found in _ranges(script, written))
_FIRSTS = [found.first for found in _RANGES]
_GREEK = "".join(f"{chr(found.first)}-{chr(found.last)}" for found in _RANGES if found.script == "Grek")
_GREEK_WORD = re.compile(f"[{_GREEK}]{{2}}|(?![Α-Ωα-ω])[{_GREEK}]")
_ASCII_LETTER = re.compile("[A-Za-z]")
_LATIN_ONLY: frozenset[str] = frozenset({"Latn"})
_NONE: frozenset[str] = frozenset()

_OF_LANGUAGE = {tag: script for script, tags in LANGUAGES.items() for tag in tags.split()}
_WRITTEN_WITH = {
    "Hans": ("Hani", "Bopo"),
    "Hant": ("Hani", "Bopo"),
    "Jpan": ("Hira", "Kana", "Hani"),
    "Kore": ("Hang",),
}
"""CLDR's codes for several scripts, or for variants of one."""


@lru_cache(4096)
def script_of(sign: str) -> str:
    """The script of a letter, or of a digit that belongs to one script; empty for signs that belong to none."""
    code = ord(sign)
    at = bisect_right(_FIRSTS, code) - 1
    return _RANGES[at].script if at >= 0 and code <= _RANGES[at].last else ""


def scripts_of(text: str) -> frozenset[str]:
    """The scripts of the text's letters. Digits and punctuation belong to every script."""
    if text.isascii():
        return _LATIN_ONLY if _ASCII_LETTER.search(text) else _NONE
    found = set(map(script_of, set(text)))
    found.discard("")
    if "Grek" in found and _GREEK_WORD.search(text) is None:
        found.discard("Grek")
    return frozenset(found)


def letters_by_script(text: str) -> Counter[str]:
    """The number of letters in each script. The empty string counts what any voice can say, such as digits."""
    found: Counter[str] = Counter()
    for sign, count in Counter(text).items():
        script = "" if sign.isdecimal() else script_of(sign)
        if script or sign.isalnum():
            found[script] += count
    if "Grek" in found and "Grek" not in scripts_of(text):
        found[""] += found.pop("Grek")
    return found


def first_outside(text: str, scripts: frozenset[str]) -> str:
    """The text's first letter outside these scripts, or an empty string."""
    missing = scripts_of(text) - scripts
    if not missing:
        return ""
    greek = _GREEK_WORD.search(text) if "Grek" in missing else None
    at = len(text) if greek is None else greek.start()
    others = missing - {"Grek"}
    return next((sign for sign in text[:at] if script_of(sign) in others), text[at : at + 1])


def script_names(text: str) -> tuple[str, ...]:
    """The English names of the scripts of the text's letters, in alphabetical order."""
    return tuple(sorted(NAMES[script] for script in scripts_of(text)))


def scripts_of_language(language: str) -> tuple[str, ...]:
    """The scripts that a voice of this language (BCP 47) reads, its main script first. Every voice reads Latin.

    A script in the tag takes precedence over CLDR's usual script for the language in its region.
    """
    language = language.lower()
    primary = primary_language(language)
    named = [part.capitalize() for part in language.split("-")[1:] if len(part) == len("Latn")]
    usual = _usual_script("zh" if primary == "cmn" else primary, language.split("-")[1:])
    found = [*(script for script in named if script in NAMES), *_WRITTEN_WITH.get(usual, (usual,)), "Latn"]
    return tuple(dict.fromkeys(found))


def _usual_script(language: str, subtags: list[str]) -> str:
    regions = (f"{language}_{part}" for part in subtags)
    return next((_OF_LANGUAGE[tag] for tag in (*regions, language) if tag in _OF_LANGUAGE), "Latn")
