"""Which writing systems a text uses, and which of them a language is written in (ISO 15924 codes)."""

from __future__ import annotations

import re

from segue.core.catalogue import primary_language

_RANGES = {
    "Latn": "A-Za-zªºÀ-ÖØ-öø-ʸḀ-ỿⱠ-ⱿꜢ-ꞇＡ-Ｚａ-ｚ",
    "Hani": "々〇㐀-䶿一-鿿豈-龎\U00020000-\U0003ffff",
    "Bopo": "ㄅ-ㄯㆠ-ㆿ",
    "Hira": "ぁ-ゖゝゞ",
    "Kana": "ァ-ヺヽヾㇰ-ㇿｦ-ﾝ",
    "Hang": "ᄀ-ᇿㄱ-ㆎ가-힣",
    "Cyrl": "Ѐ-ԯᲀ-ᲈ",
    "Grek": "Ͱ-ͽΆ-Ͽἀ-῾",
    "Arab": "ؠ-ي٠-ۓݐ-ݿﭐ-ﻼ",
    "Hebr": "א-ײ",
    "Deva": "ऄ-ॿ",
    "Thai": "ก-ฺเ-๛",
}
_ONE_OF = {script: re.compile(f"[{ranges}]") for script, ranges in _RANGES.items()}
_OTHER_LETTER = re.compile(rf"[^\W\d_{''.join(_RANGES.values())}]")
_ASCII_LETTER = re.compile("[A-Za-z]")

UNKNOWN = "Zzzz"
"""Stands for any script that is not told apart here."""

_LATIN_ONLY: frozenset[str] = frozenset({"Latn"})
_NONE: frozenset[str] = frozenset()

_SCRIPTS_OF_LANGUAGE = {
    "cmn": ("Hani", "Bopo", "Latn"),
    "yue": ("Hani", "Bopo", "Latn"),
    "ja": ("Hira", "Kana", "Hani", "Latn"),
    "ko": ("Hang", "Latn"),
    "ru": ("Cyrl", "Latn"),
    "uk": ("Cyrl", "Latn"),
    "bg": ("Cyrl", "Latn"),
    "sr": ("Cyrl", "Latn"),
    "el": ("Grek", "Latn"),
    "ar": ("Arab", "Latn"),
    "ur": ("Arab", "Latn"),
    "fa": ("Arab", "Latn"),
    "he": ("Hebr", "Latn"),
    "hi": ("Deva", "Latn"),
    "mr": ("Deva", "Latn"),
    "th": ("Thai", "Latn"),
}


def scripts_of(text: str) -> frozenset[str]:
    """The scripts of the text's letters; digits and punctuation belong to every script."""
    if text.isascii():
        return _LATIN_ONLY if _ASCII_LETTER.search(text) else _NONE
    found = {script for script, pattern in _ONE_OF.items() if pattern.search(text)}
    if _OTHER_LETTER.search(text):
        found.add(UNKNOWN)
    return frozenset(found)


def scripts_of_language(language: str) -> tuple[str, ...]:
    """The scripts that a voice of this language reads, its own first. Others than those listed: Latin."""
    return _SCRIPTS_OF_LANGUAGE.get(primary_language(language), ("Latn",))
