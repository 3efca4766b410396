"""Characters that engines skip or read by number, replaced by equivalents that all of them read: ``Ⅳ`` as IV.

Uses Unicode's compatibility forms (NFKC), but only for characters that were found to need it: ``10²`` is not 102,
and engines read ``½``.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from typing import NamedTuple

_ONE_FOR_ONE = {
    "\u02bb": "'",
    "\u02bc": "'",
    "\u02c8": "'",
    "\u02b9": "'",
    "\u0374": "'",
    "\u02ba": '"',
    "\u212a": "K",
}
_CHINESE_MARKS = "！（），．－：；？［］｛｝～"
"""Marks that the splitting of sentences recognizes.

Two of them are replaced by narrow forms among letters or digits.
"""
_WIDE = {wide: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if (wide := chr(code)) not in _CHINESE_MARKS}
_UPRIGHT = dict(
    zip(
        "︐︑︒︓︔︕︖︗︘︙︰︱︲︳︵︶︷︸︹︺︻︼︽︾︿﹀﹁﹂﹃﹄﹇﹈﹐﹑﹒﹔﹕﹖﹗﹘﹙﹚﹛﹜﹝﹞",
        "，、。：；！？〖〗…：—–_（）｛｝〔〕【】《》〈〉「」『』［］，、．；：？！—（）｛｝〔〕",
        strict=True,
    )
)
"""The wide forms of Chinese marks for vertical and small type (Unicode's compatibility forms).

The name of ``︰`` is two dot leader, but Big5 keyboards produce it for a colon.
"""
_ALIKE = str.maketrans(_ONE_FOR_ONE | _WIDE | _UPRIGHT)
_COMPATIBLE = (
    "￠￡￥￦﹟﹠﹡﹢﹣﹤﹥﹦﹨﹩﹪﹫"
    "ĲĳǄ-ǌǱ-ǳϐϑϕϖϰϱϵﬀ-ﬆ"
    "ℂℊ-ℓℕℙ-ℝℤℨℬℭℯ-ℱℳℴℼ-ℿⅅ-ⅉ"
    "℀℁℃℅℆℉℠℡℻"
    "Ⅰ-ⅿ㈀-㈞㈠-㉇㊀-㊖㊘㊚-㊰㋀-㏿"
    "\U0001d400-\U0001d7ff⒜-ⓩ"
)
"""Emoji are excluded."""
_COUNTERS = "①-⒛⓪⓫-⓿❶-➓㉑-㉟㊱-㊿"
_FRACTIONS = "⅐-⅒⅕-⅞"

_MAY_GROW = re.compile(f"[{_COMPATIBLE}{_COUNTERS}{_FRACTIONS}]")
_FOLDED = re.compile(
    f"[{''.join(_ONE_FOR_ONE)}{re.escape(''.join(_WIDE))}{''.join(_UPRIGHT)}．－]|{_MAY_GROW.pattern}"
)
_NUMBER = re.compile(f"[{_COUNTERS}{_FRACTIONS}]")
_JOINS_A_NUMBER = re.compile(f"[0-9０-９{_COUNTERS}{_FRACTIONS}]")
_AMONG_LETTERS = re.compile("(?<=[0-9A-Za-z])[．－]+|(?<![．－])[．－]+(?=[0-9A-Za-z])")
"""Elsewhere they separate names (``馬克．吐溫``) and thoughts.

A run is matched only from its beginning; otherwise a long one would take quadratic time.
"""
_NARROW = str.maketrans("．－", ".-")
_SLASHES = str.maketrans("\u2044\u2215", "//")


class Growth(NamedTuple):
    """For each of ``ends``, how many characters have been added up to there."""

    ends: list[int]
    extra: list[int]

    def moved(self, position: int) -> int:
        """The new position of a position in the text."""
        index = bisect_right(self.ends, position)
        return position + (self.extra[index - 1] if index else 0)


def plain_signs(text: str) -> str:
    """The text with such characters replaced, one by one, except for ligatures, numerals and units.

    A number in one character does not merge with the next: ``①②`` is not twelve.
    """
    if text.isascii() or _FOLDED.search(text) is None:
        return text
    return _AMONG_LETTERS.sub(_narrow, _MAY_GROW.sub(_plain, text.translate(_ALIKE)))


def growth(text: str) -> Growth:
    """Where :func:`plain_signs` makes the text longer."""
    ends, extra = [], []
    grown = 0
    for found in () if text.isascii() else _MAY_GROW.finditer(text):
        more = len(_plain(found)) - 1
        if more:
            grown += more
            ends.append(found.end())
            extra.append(grown)
    return Growth(ends, extra)


def _plain(found: re.Match[str]) -> str:
    sign = found.group()
    if _NUMBER.match(sign) is None:
        return unicodedata.normalize("NFKC", sign).translate(_SLASHES)
    return _apart(_written(sign), found)


def _written(number: str) -> str:
    plain = unicodedata.normalize("NFKC", number).translate(_SLASHES)
    return f"{unicodedata.numeric(number):.0f}" if plain == number else plain


def _apart(said: str, found: re.Match[str]) -> str:
    text, start, end = found.string, found.start(), found.end()
    before = " " if start and _JOINS_A_NUMBER.match(text[start - 1]) else ""
    after = " " if end < len(text) and text[end] in "0123456789０１２３４５６７８９" else ""
    return f"{before}{said}{after}"


def _narrow(found: re.Match[str]) -> str:
    return found.group().translate(_NARROW)
