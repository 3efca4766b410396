"""Converts sounds between eSpeak NG's mnemonics and the International Phonetic Alphabet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.speech.core.text.phonetics import is_vowel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MNEMONICS = (
    'p b t d k g m n N f v s z h l r j w T D S Z tS dZ x C X Q q R r" B J c n^ l^ ? ts dz tS; dZ; S; Z; s. z. t. '
    "d. n. l. r. v# w# R2 * ph th kh tsh ts.h tS;h ts. "
    '@ a A A: aa E E: e e: I i i: O O: o o: U u u: V 3 3: 0 a# I# y y: Y Y: W W2 W: u" i" o- a: E~ A~ O~ W~ '
    "aI aU eI oU OI e@ i@ U@ @U A@ O@ o@ aI@ aU@ ai au ei ou"
).split()
"""Sounds as eSpeak NG writes them in its many languages; none has all of them. Of two for one sound, the first."""
TONES = {"˥˥": "55", "˥": "55", "˧˥": "35", "˨˩˦": "214", "˨˩": "21", "˥˩": "51", "˩": "11"}
WITH_TONES = frozenset({"cmn"})
STRESSES = {"ˈ": "'", "ˌ": ","}
UNSHADED = str.maketrans("", "", "\u200d\u0361\u0308\u031eᵝ")
"""Joiners, and marks that transcriptions of Japanese add to vowels although there is only one of each."""
WRITTEN_OUT = {
    "s.": "ʂ",
    "r.": "ɽ",
    "o-": "ɤ",
    "ph": "pʰ",
    "th": "tʰ",
    "kh": "kʰ",
    "sh": "sʰ",
    "ʂh": "ʂʰ",
    "ɕh": "ɕʰ",
}
"""Where a transcription is left in mnemonics."""


def is_consonant(ipa: str) -> bool:
    return ipa[:1].isalpha() and not is_vowel(ipa)


def spelled(sounds: Mapping[str, str], said: Sequence[str]) -> str:
    """The sounds in mnemonics. A bar prevents two of them from being read as a third one."""
    spelled = before = ""
    for sound in said:
        mnemonic = STRESSES.get(sound) or sounds[sound]
        both = before + mnemonic
        run_together = any(both.startswith(other) and len(other) > len(before) for other in MNEMONICS)
        spelled += f"|{mnemonic}" if before and run_together else mnemonic
        before = mnemonic
    return spelled
