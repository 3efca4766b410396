"""Phonetic alphabets: converts X-SAMPA to IPA and back, and IPA to the sounds that a voice supports.

X-SAMPA after J. C. Wells, "Computer-coding the IPA" (1995/2000); IPA's chart of 2020.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import PhoneticAlphabet
from segue.speech.core.text.normalize import unpiled

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_LETTERS = {
    **{letter: letter for letter in "abcdefhijklmnopqrstuvwxyz"},
    **dict(
        pair.split()
        for pair in """g ɡ;b_< ɓ;d` ɖ;d_< ɗ;g_< ɠ;h\\ ɦ;j\\ ʝ;l` ɭ;l\\ ɺ;n` ɳ;p\\ ɸ;r` ɽ;r\\ ɹ;r\\` ɻ;s` ʂ;s\\ ɕ
        t` ʈ;v\\ ʋ;x\\ ɧ;z` ʐ;z\\ ʑ;A ɑ;B β;B\\ ʙ;C ç;D ð;E ɛ;F ɱ;G ɣ;G\\ ɢ;G\\_< ʛ;H ɥ;H\\ ʜ;I ɪ;I\\ ᵻ;J ɲ;J\\ ɟ
        J\\_< ʄ;K ɬ;K\\ ɮ;L ʎ;L\\ ʟ;M ɯ;M\\ ɰ;N ŋ;N\\ ɴ;O ɔ;O\\ ʘ;P ʋ;Q ɒ;R ʁ;R\\ ʀ;S ʃ;T θ;U ʊ;U\\ ᵿ;V ʌ;W ʍ;X χ
        X\\ ħ;Y ʏ;Z ʒ;@ ə;@\\ ɘ;@` ɚ;{ æ;} ʉ;1 ɨ;2 ø;3 ɜ;3\\ ɞ;3` ɝ;4 ɾ;5 ɫ;6 ɐ;7 ɤ;8 ɵ;9 œ;& ɶ;? ʔ
        ?\\ ʕ;<\\ ʢ;>\\ ʡ;!\\ ǃ;|\\ ǀ;|\\|\\ ǁ;=\\ ǂ""".replace("\n", ";").split(";")
    ),
}
_MARKS = dict(
    pair.split()
    for pair in """. .;" ˈ;% ˌ;: ː;:\\ ˑ;' ʲ;_j ʲ;^ ꜛ;! ꜜ;| |;|| ‖;-\\ ‿;` ˞;~ ̃;_~ ̃;= ̩;_= ̩;_" ̈;_+ ̟;_- ̠;_/ ̌;_0 ̥;_> ʼ
    _?\\ ˤ;_\\ ̂;_^ ̯;_} ̚;_A ̘;_a ̺;_B ̏;_B_L ᷅;_c ̜;_d ̪;_e ̴;<F> ↘;_F ̂;_G ˠ;_H ́;_H_T ᷄;_h ʰ;_k ̰;_L ̀;_l ˡ
    _M ̄;_m ̻;_N ̼;_n ⁿ;_O ̹;_o ̞;_q ̙;<R> ↗;_R ̌;_R_F ᷈;_r ̝;_T ̋;_t ̤;_v ̬;_w ʷ;_X ̆;_x ̽;_ ͡""".replace("\n", ";").split(";")
)
_TO_IPA = {**_LETTERS, **_MARKS, "-": "", " ": " "}
_TO_X_SAMPA = {ipa: sampa for sampa, ipa in reversed(_TO_IPA.items()) if ipa}
_IPA_ONLY = frozenset("˥˦˧˨˩ʧʤʦʣʨʥ͜ʱ͈͉̊̍̇ᵊˀⱱ")
_IPA = frozenset("".join(_TO_IPA.values())) | _IPA_ONLY | frozenset(" ")

_LONGEST = max(map(len, _TO_IPA))
_TYPED = str.maketrans({"g": "ɡ", ":": "ː", "'": "ˈ", "’": "ˈ", "ˊ": "ˈ", "͜": "͡"})
_ENCLOSED = (("/", "/"), ("[", "]"))
_STRESSES = "ˈˌ"
_VOWEL = re.compile("[iyɨʉɯuɪʏʊᵻᵿeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒɚɝ̩]")
_BREAKS = frozenset(". |‖")
_NAMED = {PhoneticAlphabet.IPA: "IPA", PhoneticAlphabet.X_SAMPA: "X-SAMPA"}

_INSTEAD: dict[str, tuple[str, ...]] = {
    "ɹ": ("r", "ɾ", "ʁ"),
    "r": ("ɹ", "ɾ", "ʁ"),
    "ɾ": ("t", "r"),
    "ɻ": ("ɹ", "r"),
    "ʁ": ("ʀ", "r", "ɹ"),
    "ɫ": ("l",),
    "ʧ": ("tʃ",),
    "ʤ": ("dʒ",),
    "ʦ": ("ts",),
    "ʣ": ("dz",),
    "ʍ": ("w",),
    "ɚ": ("əɹ", "ər"),
    "ɝ": ("ɜːɹ", "ɜː", "ɜɹ"),
    "ɜ": ("ɜː", "ə"),
    "ɒ": ("ɔ", "ɑ", "ɑː"),
    "ɑ": ("ɑː", "a"),
    "ɑː": ("ɑ", "aː", "a"),
    "a": ("æ", "ɑ", "ɐ"),
    "aː": ("ɑː", "a"),
    "æ": ("a", "ɛ"),
    "ɐ": ("ə", "a"),
    "ʌ": ("ɐ", "a"),
    "e": ("ɛ", "eɪ"),
    "ɛ": ("e",),
    "o": ("ɔ", "oʊ"),
    "ɔ": ("o",),
    "ɪ": ("i",),
    "i": ("iː", "ɪ"),
    "ʊ": ("u",),
    "u": ("uː", "ʊ", "ɯ"),
    "l": ("ɫ", "ɭ"),
    "ᵻ": ("ɪ",),
    "ᵿ": ("ʊ",),
    "əʊ": ("oʊ",),
    "χ": ("x", "h"),
    "x": ("χ", "h"),
    "ɱ": ("m",),
    "ʋ": ("v",),
}
"""Replacements for sounds that a voice does not support: what a speaker of its language would hear."""

_DROPPED = frozenset("ː.|‖͡ʰ̯̟̠̥̪̬̝̞̤̰̃̈̚˞ʲʷˠˤˑꜛꜜ↗↘‿ ") | frozenset(_STRESSES)
"""Signs that modify a sound without making it another one."""


def as_ipa(said: str, alphabet: PhoneticAlphabet) -> str:
    """The pronunciation in IPA, without slashes or brackets, and with IPA's own letters.

    Raises:
        InvalidRequest: a symbol is not in the alphabet; the message names it.
    """
    ipa = _from_x_sampa(said) if alphabet is PhoneticAlphabet.X_SAMPA else _cleaned(_disclosed(said.strip()))
    if not any(sign.isalpha() and sign not in _DROPPED for sign in ipa):
        raise _unreadable(said, alphabet, "it contains no sound")
    return ipa


def as_x_sampa(ipa: str) -> str:
    """The same in X-SAMPA; ``ipa`` must come from ``as_ipa``.

    Raises:
        InvalidRequest: X-SAMPA has no sign for a symbol; the message names it.
    """
    found = []
    for sign in ipa:
        sampa = _TO_X_SAMPA.get(sign)
        if sampa is None:
            raise InvalidRequest(f"X-SAMPA has no sign for {_shown(sign)}", field="custom_pronunciations")
        found.append(sampa)
    return "".join(found)


def in_sounds(ipa: str, known: AbstractSet[str]) -> tuple[tuple[str, ...], str]:
    """The pronunciation as sounds of ``known``, and the symbols for which no known sound is close.

    Stress marks are placed before the vowel, as engines require, and not before the syllable. A modifier is
    dropped if the voice does not support it.
    """
    look_up = _known_sounds if len(ipa) <= _MOST_CHARS_KNOWN else _sounds
    return look_up(ipa, frozenset(known))


def _sounds(ipa: str, known: frozenset[str]) -> tuple[tuple[str, ...], str]:
    longest = max(map(len, known), default=0) + 1  # there may be a tie inside
    found: list[str] = []
    missing: list[str] = []
    at = 0
    while at < len(ipa):
        sounds, taken = _next_sounds(ipa[at : at + longest], known)
        found += sounds
        if not taken and ipa[at] not in _DROPPED:
            missing.append(ipa[at])
        at += taken or 1
    return _stresses_at_vowels(found), "".join(missing)


_MOST_CHARS_KNOWN = 500
_known_sounds = lru_cache(4096)(_sounds)


def _next_sounds(rest: str, known: frozenset[str]) -> tuple[tuple[str, ...], int]:
    """The sounds for the longest beginning that can be converted, and its length; nothing and 0 if none can."""
    if rest[0] in _STRESSES:
        return (rest[0],), 1
    for length in range(len(rest), 0, -1):
        head = rest[:length]
        plain = head.replace("͡", "")
        if head in known or plain in known:
            return (head if head in known else plain,), length
        for instead in _INSTEAD.get(head, ()):
            if instead in known:
                return (instead,), length
            if len(instead) > 1 and all(sign in known for sign in instead):
                return tuple(instead), length
    return (), 0


def is_ipa(sound: str) -> bool:
    """Whether all of its signs are IPA."""
    return all(sign in _IPA for sign in sound)


def is_vowel(sound: str) -> bool:
    """Whether the sound (IPA) can be stressed."""
    return _VOWEL.search(sound) is not None


def _stresses_at_vowels(sounds: list[str]) -> tuple[str, ...]:
    placed: list[str] = []
    waiting = ""
    for sound in sounds:
        if sound in _STRESSES:
            waiting = sound
        elif waiting and is_vowel(sound):
            placed += [waiting, sound]
            waiting = ""
        else:
            placed.append(sound)
    return tuple(placed)


def _from_x_sampa(said: str) -> str:
    found = []
    sampa, at = said.strip(), 0
    while at < len(sampa):
        for length in range(min(_LONGEST, len(sampa) - at), 0, -1):
            ipa = _TO_IPA.get(sampa[at : at + length])
            if ipa is not None:
                break
        else:
            raise _unreadable(said, PhoneticAlphabet.X_SAMPA, f"{_shown(sampa[at])} is not one of its symbols")
        found.append(ipa)
        at += length
    return _apart("".join(found))


def _disclosed(said: str) -> str:
    """The pronunciation without slashes or brackets around it."""
    for opening, closing in _ENCLOSED:
        if len(said) > 1 and said[0] == opening and said[-1] == closing:
            return said[1:-1]
    return said


def _apart(ipa: str) -> str:
    """Letters and marks as separate characters in a fixed order. The cedilla of a c stays part of its letter."""
    return unicodedata.normalize("NFD", unpiled(ipa)).replace("c\u0327", "\u00e7")


def _cleaned(said: str) -> str:
    apart = _apart(said.strip()).translate(_TYPED)
    strange = next((sign for sign in apart if sign not in _IPA), None)
    if strange is not None:
        raise _unreadable(said, PhoneticAlphabet.IPA, f"{_shown(strange)} is not one of its symbols")
    return apart


def _unreadable(said: str, alphabet: PhoneticAlphabet, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"the pronunciation {said[:64]!r} is not valid {_NAMED[alphabet]}: {why}", field="custom_pronunciations"
    )


def _shown(sign: str) -> str:
    return f"{sign!r} (U+{ord(sign):04X})"
