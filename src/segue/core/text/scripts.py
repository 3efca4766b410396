"""Which writing systems a text uses, and which of them a language is written in (ISO 15924 codes).

Signs that letters of any script may bring along (Unicode's Common and Inherited) are of none, and so is a Greek
letter that stands alone: ``5 Ω`` is read by voices that know no Greek.
"""

from __future__ import annotations

import re
import unicodedata

from segue.core.catalogue import primary_language

_RANGES = {
    "Latn": "A-Za-zªºÀ-ÖØ-öø-ʸᴀ-ᴥᵫ-ᵷᵹ-ᶚḀ-ỿⱠ-ⱿꜢ-ꞇꞋ-ꟿꬰ-ꭚꭜ-ꭤＡ-Ｚａ-ｚ",
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
_GREEK = f"[{_RANGES['Grek']}]"
_ONE_OF = {script: re.compile(f"[{ranges}]") for script, ranges in _RANGES.items()} | {
    "Grek": re.compile(f"{_GREEK}{{2}}|(?![Α-Ωα-ω]){_GREEK}")
}
_OTHER_LETTER = re.compile(rf"[^\W\d_{''.join(_RANGES.values())}]")
_OF_ANY_SCRIPT = re.compile(
    # Letters by Unicode's count that are Common: modifiers, marks of length and repetition, signs made of letters.
    "[ʹ-ˁˆ-ˑˬˮʹ〆〱-〵〼ーｰﾞﾟ\u2100-\u214f\ua717-\ua721\ua788-\ua78a\u1ce9-\u1cf6]"
)
_ASCII_LETTER = re.compile("[A-Za-z]")

UNKNOWN = "Zzzz"
"""Stands for any script that is not told apart here. Callers read :func:`script_names`."""

_NAMES = {
    "Latn": "Latin",
    "Hani": "Chinese characters",
    "Bopo": "Bopomofo",
    "Hira": "Hiragana",
    "Kana": "Katakana",
    "Hang": "Hangul",
    "Cyrl": "Cyrillic",
    "Grek": "Greek",
    "Arab": "Arabic",
    "Hebr": "Hebrew",
    "Deva": "Devanagari",
    "Thai": "Thai",
}
_NAME = re.compile(r"([A-Z -]+?) (?:CAPITAL |SMALL )?(?:LETTER|LIGATURE|SYLLAB|VOWEL|SIGN|IDEOGRAPH|HIEROGLYPH)")
"""Unicode's names of letters begin with their script."""

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
        for letter in set(_OTHER_LETTER.findall(text)):
            found |= _scripts_of_other(letter)
    return frozenset(found)


def first_outside(text: str, scripts: frozenset[str]) -> str:
    """The text's first letter of none of these scripts, or nothing."""
    missing = scripts_of(text) - scripts
    patterns = [_ONE_OF[script] for script in missing if script in _ONE_OF]
    places = [found.start() for pattern in patterns if (found := pattern.search(text))]
    if UNKNOWN in missing or not places:
        others = _OTHER_LETTER.finditer(text)
        places += [found.start() for found in others if not _scripts_of_other(found.group()) <= scripts][:1]
    return text[min(places)] if places else ""


def script_names(text: str) -> tuple[str, ...]:
    """The scripts of the text's letters by their English names, in order of the alphabet."""
    found = {_NAMES[script] for script in scripts_of(text) if script in _NAMES}
    others = (letter for letter in set(_OTHER_LETTER.findall(text)) if UNKNOWN in _scripts_of_other(letter))
    return tuple(sorted(found | {_name_of_other(letter) for letter in others}))


def _scripts_of_other(letter: str) -> frozenset[str]:
    """A compatibility character is of what it stands for."""
    if _OF_ANY_SCRIPT.match(letter) or not unicodedata.category(letter).startswith("L"):
        return _NONE
    plain = unicodedata.normalize("NFKC", letter)
    return frozenset({UNKNOWN}) if plain == letter else scripts_of(plain)


def _name_of_other(letter: str) -> str:
    named = _NAME.match(unicodedata.name(letter, ""))
    return named[1].title() if named else "an unknown script"


def scripts_of_language(language: str) -> tuple[str, ...]:
    """The scripts that a voice of this language reads, its own first. Others than those listed: Latin."""
    return _SCRIPTS_OF_LANGUAGE.get(primary_language(language), ("Latn",))
