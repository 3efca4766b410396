"""Syllables in Pinyin and their sounds.

The sounds are those of Lin (2007), "The Sounds of Chinese", in the notation of Kokoro's symbols: affricates are
one letter, the apical vowels are ``ɨ``, and the tone follows its vowel.
"""

from __future__ import annotations

import re
from typing import NamedTuple

NEUTRAL = 5
"""The tone of a syllable without one."""

_INITIALS = dict(
    pair.split(":")
    for pair in (
        "b:p p:pʰ m:m f:f d:t t:tʰ n:n l:l g:k k:kʰ h:x j:ʨ q:ʨʰ x:ɕ zh:ꭧ ch:ꭧʰ sh:ʂ r:ɻ z:ʦ c:ʦʰ s:s"
    ).split()
)
_FINALS = dict(
    pair.split(":")
    for pair in (
        "a:a* o:wo* e:ɤ* ê:ɛ* ai:ai* ei:ei* ao:au* ou:ou* an:a*n en:ə*n ang:a*ŋ eng:ə*ŋ ong:ʊ*ŋ er:ɚ* "
        "i:i* ia:ja* ie:je* iao:jau* iou:jou* ian:jɛ*n in:i*n iang:ja*ŋ ing:i*ŋ iong:jʊ*ŋ io:jo* iai:jai* "
        "u:u* ua:wa* uo:wo* uai:wai* uei:wei* uan:wa*n uen:wə*n uang:wa*ŋ ueng:wə*ŋ "
        "v:y* ve:ɥe* van:ɥɛ*n vn:y*n m:m* n:n* ng:ŋ*"
    ).split()
)
"""The asterisk marks the place of the tone."""
_APICAL = frozenset(("zh", "ch", "sh", "r", "z", "c", "s"))
_TONES = ("", "→", "↗", "↓", "↘", "")
_SHORTENED = {"iu": "iou", "ui": "uei", "un": "uen"}
_SYLLABLE = re.compile(
    r"(?P<initial>zh|ch|sh|[bpmfdtnlgkhjqxrzcs])?(?P<final>[a-zvê]+?)(?P<r>(?<!^e)r)?(?P<tone>[1-5])?"
)
_ALONE = {
    "yi": "i", "ya": "ia", "ye": "ie", "yao": "iao", "you": "iou", "yan": "ian", "yin": "in", "yang": "iang",
    "ying": "ing", "yong": "iong", "yo": "io", "yai": "iai", "wu": "u", "wa": "ua", "wo": "uo", "wai": "uai",
    "wei": "uei", "wan": "uan", "wen": "uen", "wang": "uang", "weng": "ueng", "wong": "ueng", "yu": "v",
    "yue": "ve", "yuan": "van", "yun": "vn",
}  # fmt: skip


class Syllable(NamedTuple):
    """``tone`` is 1 to 4, or 5 for the neutral tone. ``is_rhotic``: 兒 has merged into the syllable."""

    initial: str
    final: str
    tone: int
    is_rhotic: bool = False

    def with_tone(self, tone: int) -> Syllable:
        return self._replace(tone=tone)


def syllable(pinyin: str) -> Syllable | None:
    """A syllable such as ``zhong1``, with ``v`` for ü; None if it is not valid."""
    found = _SYLLABLE.fullmatch(pinyin.replace("ü", "v"))
    if found is None:
        return None
    tone = int(found["tone"] or NEUTRAL)
    initial, final = found["initial"] or "", found["final"]
    final = _full_final(initial, final)
    if final not in _FINALS:
        return None
    return Syllable(initial, final, tone, found["r"] is not None)


def _full_final(initial: str, final: str) -> str:
    """The final without the spelling rules of Pinyin that depend on the initial."""
    if not initial:
        return _ALONE.get(final, final)
    final = _SHORTENED.get(final, final)
    if initial in {"j", "q", "x"} and final.startswith("u"):
        return f"v{'n' if final == 'uen' else final[1:]}"
    return final


def sounds(said: Syllable) -> str:
    """The syllable in the symbols of Kokoro's vocabulary."""
    tone = _TONES[said.tone]
    final = "ɨ*" if said.final == "i" and said.initial in _APICAL else _FINALS[said.final]
    return f"{_INITIALS.get(said.initial, '')}{final.replace('*', tone)}{'ɻ' if said.is_rhotic else ''}"
