"""Bopomofo (注音符號): syllables by their spelling, and single symbols by their names."""

from __future__ import annotations

import re

from segue.speech.core.text.mandarin.syllables import NEUTRAL, Syllable, syllable

_INITIALS = dict(
    zip(
        "ㄅㄆㄇㄈㄉㄊㄋㄌㄍㄎㄏㄐㄑㄒㄓㄔㄕㄖㄗㄘㄙ",
        "b p m f d t n l g k h j q x zh ch sh r z c s".split(),
        strict=True,
    )
)
_NAMES = dict(
    zip(
        _INITIALS,
        "bo po mo fo de te ne le ge ke he ji qi xi zhi chi shi ri zi ci si".split(),
        strict=True,
    )
)
_FINALS = dict(
    pair.split(":")
    for pair in (
        "ㄚ:a ㄛ:o ㄜ:e ㄝ:ê ㄞ:ai ㄟ:ei ㄠ:ao ㄡ:ou ㄢ:an ㄣ:en ㄤ:ang ㄥ:eng ㄦ:er ㄧ:i ㄧㄚ:ia ㄧㄛ:io ㄧㄝ:ie "
        "ㄧㄞ:iai ㄧㄠ:iao ㄧㄡ:iou ㄧㄢ:ian ㄧㄣ:in ㄧㄤ:iang ㄧㄥ:ing ㄨ:u ㄨㄚ:ua ㄨㄛ:uo ㄨㄞ:uai ㄨㄟ:uei "
        "ㄨㄢ:uan ㄨㄣ:uen ㄨㄤ:uang ㄨㄥ:ong ㄩ:v ㄩㄝ:ve ㄩㄢ:van ㄩㄣ:vn ㄩㄥ:iong"
    ).split()
)
_TONES = {"ˉ": 1, "ˊ": 2, "ˇ": 3, "ˋ": 4, "˙": NEUTRAL, "": 1}
_ANY_FINAL = "|".join(sorted(_FINALS, key=len, reverse=True))
_WRITTEN = re.compile(
    rf"(?P<light>˙)?(?P<initial>[{''.join(_INITIALS)}])?(?P<final>{_ANY_FINAL})?(?P<tone>[ˉˊˇˋ˙])?"
)
_APICAL = frozenset("ㄓㄔㄕㄖㄗㄘㄙ")


def syllables_of(text: str) -> list[Syllable]:
    """The syllables that the symbols spell. Other characters are skipped."""
    found = [_syllable(written) for written in _WRITTEN.finditer(text) if written["initial"] or written["final"]]
    return [said for said in found if said is not None]


def _syllable(written: re.Match[str]) -> Syllable | None:
    initial, final = written["initial"] or "", written["final"] or ""
    tone = NEUTRAL if written["light"] else _TONES[written["tone"] or ""]
    if not final and initial not in _APICAL:
        named = syllable(_NAMES[initial])
        return named and named.with_tone(tone)
    sound = _FINALS[final] if final else "i"
    if not initial and final == "ㄨㄥ":
        sound = "ueng"
    return Syllable(_INITIALS.get(initial, ""), sound, tone)
