"""Transliterates words of other scripts to Latin letters, if a standard romanisation can be read aloud.

This works for alphabets and syllabaries, which write their vowels. It does not work for scripts that omit vowels
(Arabic, Hebrew), write them as marks (Devanagari, Thai) or write words (Chinese characters).
"""

from __future__ import annotations

import re
import unicodedata

from segue.speech.core.text.script_data import LOOKALIKES, ROMANISED
from segue.speech.core.text.scripts import script_of

_LATIN = {letter: said for said, letters in ROMANISED.items() for letter in letters}
_ALIKE = str.maketrans({letter: plain for plain, letters in LOOKALIKES.items() for letter in letters})
_KANA = ("Hira", "Kana")
_SMALL_Y = re.compile("i(?=y[auo])")
_HANGUL_FIRST, _HANGUL_LAST = 0xAC00, 0xD7A3
_VOWELS, _FINALS = 21, 28
_LEADS = "g kk n d tt r m b pp s ss - j jj ch k t p h".split()
_MIDDLES = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()
_TAILS = "- k k ks n nj nh t l lk lm lb ls lt lp lh m p ps t t ng t t k t p t".split()
"""Revised Romanisation of Korean (2000), by syllable. Sound changes between syllables are not written."""


def romanised(word: str) -> str | None:
    """The word in Latin letters and ASCII digits; None if its letters do not determine its sound."""
    parts: list[str] = []
    for sign in _without_accents(word):
        said = _said(sign)
        if said is None:
            return None
        parts.append(said)
    said = _kana(word, parts) if _is_kana(word) else "".join(parts)
    if script_of(word[0]) == "Grek":
        said = said.replace("oy", "ou").replace("ey", "ev").replace("ay", "av")
    return said.upper() if len(word) > 1 and word.isupper() else said


def look_alike(word: str) -> str | None:
    """The word with each letter that looks like a Latin one replaced by it; None if other letters remain."""
    said = word.translate(_ALIKE)
    return said if said != word and all(script_of(sign) in ("Latn", "") for sign in said) else None


def _without_accents(word: str) -> str:
    """Removes the accents of Greek, which only mark stress. In other scripts, they make different letters."""
    if script_of(word[0]) != "Grek":
        return word
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))


def _said(sign: str) -> str | None:
    """The Latin letters for a sign. Marks and modifier letters (such as the sign for a long vowel) are dropped."""
    if sign in _LATIN:
        return _LATIN[sign]
    if _HANGUL_FIRST <= ord(sign) <= _HANGUL_LAST:
        return _syllable(ord(sign) - _HANGUL_FIRST)
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    return None if script_of(sign) else ""


def _syllable(index: int) -> str:
    lead, rest = divmod(index, _VOWELS * _FINALS)
    middle, tail = divmod(rest, _FINALS)
    return f"{_LEADS[lead]}{_MIDDLES[middle]}{_TAILS[tail]}".replace("-", "")


def _is_kana(word: str) -> bool:
    return script_of(word[0]) in _KANA


def _kana(word: str, parts: list[str]) -> str:
    """Merges a small vowel into the previous syllable. A small tsu doubles the next consonant."""
    joined: list[str] = []
    doubles = False
    for sign, said in zip(word, parts, strict=True):
        if sign in "っッ":
            doubles = True
            continue
        if sign in "ゃゅょャュョ" and joined and joined[-1].endswith("i"):
            lead = joined.pop()[:-1]
            said = said[1:] if lead.endswith(("sh", "ch", "j")) else said  # noqa: PLW2901 - the same syllable
            joined.append(lead + said)
            continue
        joined.append(said[:1] + said if doubles else said)
        doubles = False
    return "".join(joined)
