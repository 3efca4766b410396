"""Tones that change with the next syllable: 一, 不, and third tones.

After Chao (1968), "A Grammar of Spoken Chinese", 1.3.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.text.mandarin.syllables import NEUTRAL, Syllable

if TYPE_CHECKING:
    from collections.abc import Sequence


class Sign(NamedTuple):
    """A character with its reading. ``opens``: a word begins with it."""

    character: str
    said: Syllable
    opens: bool = True


_ONE, _NOT = "一", "不"
_DIGITS = frozenset("零〇一二三四五六七八九")
_BEFORE_WHOLE_ONE = frozenset("第初十零百唯惟統统單单專专之期週周拜逐劃划萬万")
"""After these, 一 ends a word or a number: 第一, 十一, 統一, 星期一."""
_BEHIND_WHOLE_ONE = frozenset("月號号樓楼")
"""Before these, 一 is an ordinal: 一月, 一樓."""
_DAY = "日"


def spoken(signs: Sequence[Sign]) -> list[Syllable]:
    """The syllables of a run of characters, as they are spoken in sequence."""
    return _third_tones(signs, [_one_or_not(signs, at) for at in range(len(signs))])


def _one_or_not(signs: Sequence[Sign], at: int) -> Syllable:
    sign = signs[at]
    if sign.character not in {_ONE, _NOT} or sign.said.tone == NEUTRAL:
        return sign.said
    after = signs[at + 1].said.tone if at + 1 < len(signs) else 0
    if sign.character == _NOT:
        return sign.said.with_tone(2 if after == _FOURTH else 4)
    if not after or _is_whole_one(signs, at):
        return sign.said.with_tone(1)
    return sign.said.with_tone(2 if after == _FOURTH or _was_fourth(signs[at + 1]) else 4)


_THIRD, _FOURTH = 3, 4


def _was_fourth(sign: Sign) -> bool:
    """Whether it is 個 in the neutral tone, which counts as the fourth tone."""
    return sign.said.tone == NEUTRAL and sign.character in {"個", "个"}


def _is_whole_one(signs: Sequence[Sign], at: int) -> bool:
    before = signs[at - 1].character if at else ""
    after = signs[at + 1].character
    if before in _DIGITS or after in _DIGITS or before in _BEFORE_WHOLE_ONE or after in _BEHIND_WHOLE_ONE:
        return True
    return after == _DAY and before in {"月", "十"}


def _third_tones(signs: Sequence[Sign], said: list[Syllable]) -> list[Syllable]:
    """Changes the first of two third tones to the second tone: within words first, then between words."""
    changed = list(said)
    for within in (True, False):
        for at in range(len(changed) - 1):
            meets = changed[at].tone == _THIRD == changed[at + 1].tone
            if meets and (not within or not signs[at + 1].opens):
                changed[at] = changed[at].with_tone(2)
    return changed
