"""The readings of Chinese characters, from pypinyin's dictionary of Simplified ones. OpenCC converts the text."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from segue.kernel.errors import Unsupported
from segue.speech.core.text.mandarin.sandhi import Sign
from segue.speech.core.text.mandarin.syllables import syllable
from segue.speech.core.text.mandarin.taiwan import with_readings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.speech.core.text.mandarin.syllables import Syllable

_MOST_CHARS = 100
"""The length that is converted at once, because OpenCC's time grows with the square of the length."""


class Readings:
    """Loaded when it is created, which takes 0.2 s and 20 MB. Can be used from any thread."""

    def __init__(self) -> None:
        import opencc
        import pypinyin
        from pypinyin.contrib.mmseg import seg
        from pypinyin.pinyin_dict import pinyin_dict

        self._pinyin = pypinyin.lazy_pinyin
        self._style = pypinyin.Style.TONE3
        self._known = pinyin_dict
        self._words = seg
        self._simplified = opencc.OpenCC("tw2s")
        self._turn = threading.Lock()

    def of(self, text: str, *, taiwan: bool) -> list[Sign]:
        """Each character of the text with its reading. The text must contain only Chinese characters.

        Raises:
            Unsupported: the reading of a character is unknown; the message names it.
        """
        found: list[Sign] = []
        for start in range(0, len(text), _MOST_CHARS):
            found += self._run(text[start : start + _MOST_CHARS], taiwan=taiwan)
        return found

    def _run(self, text: str, *, taiwan: bool) -> Iterator[Sign]:
        plain = self._as_simplified(text)
        with self._turn:
            said = self._pinyin(plain, style=self._style, neutral_tone_with_five=True, v_to_u=False, errors=str)
            openings = _openings(self._words.cut(plain))
        if taiwan:
            said = with_readings(text, said)
        return (
            Sign(sign, _syllable(sign, reading), at in openings)
            for at, (sign, reading) in enumerate(zip(text, said, strict=True))
        )

    def _as_simplified(self, text: str) -> str:
        with self._turn:
            plain: str = self._simplified.convert(text)
            if len(plain) != len(text):
                plain = "".join(self._simplified.convert(sign)[:1] or sign for sign in text)
        return "".join(
            simple if ord(simple) in self._known else sign for sign, simple in zip(text, plain, strict=True)
        )


def _openings(words: Iterator[str]) -> frozenset[int]:
    """The positions where words begin."""
    found, at = [], 0
    for word in words:
        found.append(at)
        at += len(word)
    return frozenset(found)


def _syllable(sign: str, reading: str) -> Syllable:
    found = syllable(reading)
    if found is None:
        raise Unsupported(
            f"Kokoro knows no reading of {sign!r} (U+{ord(sign):04X}); give its pronunciation, or use another "
            "character"
        )
    return found
