"""Finds places where a text may be cut without splitting what readers see as one character."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_JOINER = "\u200d"
_EXTENDS = re.compile(
    # Joiners, skin tones and tags of emoji, vowels and finals of decomposed Hangul, half-width voicing marks, Thai
    # and Lao AM: characters that belong to the previous one but are not combining marks.
    "[\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\u1160-\u11ff\ud7b0-\ud7ff\uff9e\uff9f\u0e33\u0eb3]"
)
_FLAG_LETTER = re.compile("[\U0001f1e6-\U0001f1ff]")
_UNSPACED_LETTERS = (
    "々〇㐀-䶿一-鿿豈-龎\U00020000-\U0003ffffぁ-ヿㄅ-ㄯㆠ-ㆿㇰ-ㇿｦ-ﾟ"
    "\u0e01-\u0e4e\u0e81-\u0edf\u1000-\u103f\u1050-\u109d\u1780-\u17dd"
)
_UNSPACED = re.compile(f"[{_UNSPACED_LETTERS}]")
_FIRST_MARK = "\u0300"

_NEVER_FIRST = (
    "。！？｡，、；：､…⋯—・·～%％‰℃」』”’）》〉】〕｝»›!?.,;:)\\]}"
    "々ーゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ"
    "\u0e30\u0e32\u0e45\u0e46\u0e2f"
)
"""Closing marks, signs that belong to the previous character, small kana, Thai vowels that follow a consonant."""
_NEVER_LAST = "「『“‘（《〈【〔｛«‹(\\[{$€£¥＄￥第\u0e40-\u0e44"
"""Opening marks, currencies, the sign of ordinals, Thai vowels that precede a consonant."""
_NUMERALS = "零〇○一二三四五六七八九十百千萬万億亿兆兩两點点廿卅壹貳參肆伍陸柒捌玖拾佰仟"
_KATAKANA = "ァ-ヺー"
_SEAM = re.compile(
    rf"(?:(?<=[\s{_UNSPACED_LETTERS}])|(?=[\s{_UNSPACED_LETTERS}]))"
    rf"(?![{_NEVER_FIRST}])(?<![{_NEVER_LAST}])(?!(?<=\d)\S)"
    rf"(?!(?<=[{_NUMERALS}])[{_NUMERALS}])(?!(?<=[{_KATAKANA}])[{_KATAKANA}])"
)
"""Between words, judged by one character on each side."""


def extends(character: str) -> bool:
    """Whether this character belongs to the one before it, as an accent does."""
    return character >= _FIRST_MARK and (
        unicodedata.category(character).startswith("M") or _EXTENDS.match(character) is not None
    )


def unspaced(character: str) -> bool:
    """Whether this is a letter of a script that is written without spaces between words."""
    return _UNSPACED.match(character) is not None


def is_apart(text: str, at: int) -> bool:
    """Whether the text before index ``at`` and the text after it can be composed (NFC) independently."""
    if not 0 < at < len(text) or text[at] < _FIRST_MARK:
        return True
    if unicodedata.combining(text[at]):
        return False
    before, after = text[max(0, at - 2) : at], text[at]  # a syllable of Hangul is composed of up to three
    apart = unicodedata.normalize("NFC", before) + unicodedata.normalize("NFC", after)
    return unicodedata.normalize("NFC", before + after) == apart


def is_grapheme_end(text: str, at: int, start: int = 0) -> bool:
    """Whether a user-perceived character may end before index ``at`` (0 < at < len(text)).

    Close to Unicode's extended grapheme clusters (UAX 29). Never inside one, unless one extends across ``start``:
    flags are pairs that are counted from there.
    """
    before, after = text[at - 1], text[at]
    if before < _FIRST_MARK and after < _FIRST_MARK:
        return before != "\r" or after != "\n"
    if before == _JOINER or extends(after) or unicodedata.combining(before) == _VIRAMA:
        return False
    return not (_FLAG_LETTER.match(after) and _flag_letters_before(text, at, start) % 2)


_VIRAMA = 9
"""The combining class of the sign that joins two Indic consonants."""


def _flag_letters_before(text: str, at: int, start: int) -> int:
    first = at
    while first > start and _FLAG_LETTER.match(text[first - 1]):
        first -= 1
    return at - first


_LOOKED_AT_ONCE_CHARS = 32


def seams_before(text: str, low: int, high: int) -> Iterator[int]:
    """Good places for a cut from ``high`` down to above ``low``: at white space or, in scripts without spaces
    between words, where the cut splits no number, no foreign word and nothing that belongs together.
    """
    while high > low:
        start = max(low + 1, high - _LOOKED_AT_ONCE_CHARS)
        found = [seam.start() for seam in _SEAM.finditer(text, start, min(high + 1, len(text)))]
        yield from (at for at in reversed(found) if at <= high and _holds(text, at))
        high = start - 1


def seams_after(text: str, low: int, high: int) -> Iterator[int]:
    """The same from ``low`` up to below ``high``."""
    found = (seam.start() for seam in _SEAM.finditer(text, low, high))
    return (at for at in found if at < high and _holds(text, at))


def blank_before(text: str, low: int, high: int) -> int | None:
    """The last space up to ``high`` and above ``low`` that is not within a number."""
    at = text.rfind(" ", low + 1, high + 1)
    while at > 0 and _in_spaced_number(text, at):
        at = text.rfind(" ", low + 1, at)
    return at if at > 0 else None


def _holds(text: str, at: int) -> bool:
    if text[at - 1].isspace() or text[at].isspace():
        return not _in_spaced_number(text, at)
    return is_grapheme_end(text, at)


def _in_spaced_number(text: str, at: int) -> bool:
    """Whether there are digits on both sides of one space: a telephone number, or thousands in French notation."""
    left = at - 1 if text[at - 1].isspace() else at
    return text[left - 1 : left].isdigit() and text[left + 1 : left + 2].isdigit()
