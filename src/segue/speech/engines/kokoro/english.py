"""English as eSpeak NG reads it, in Kokoro's symbols.

Kokoro writes each diphthong as one capital letter and the American flap as ``T``. Source: misaki's description of
its phonemes (``EN_PHONES.md``).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.speech.engines.espeak_library import Clause

_SHARED = {
    "ʔˌn̩": "tᵊn",
    "ʔn̩": "tᵊn",
    "n̩": "ᵊn",
    "l̩": "ᵊl",
    "ə^l": "ᵊl",
    "a^ɪ": "I",
    "a^ʊ": "W",
    "e^ɪ": "A",
    "ɔ^ɪ": "Y",
    "d^ʒ": "ʤ",
    "t^ʃ": "ʧ",
    "e": "A",
    "r": "ɹ",
    "x": "k",
    "ç": "k",
    "ɬ": "l",
    "ɫ": "l",
    "ɐ": "ə",
    "ᵿ": "ʊ",
    "ʔ": "t",
    "^": "",
    "ʲ": "",
    "\u0303": "",
    "\u0329": "",
}
_AMERICAN = {**_SHARED, "o^ʊ": "O", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪ^ə": "iə", "ɚ": "əɹ", "ɾ": "T", "o": "ɔ", "ː": ""}
_BRITISH = {**_SHARED, "ə^ʊ": "Q", "e^ə": "ɛː", "i^ə": "ɪə", "ɚ": "ə"}
_CHANGES = {"en-us": _AMERICAN, "en-gb": _BRITISH}
_PATTERNS = {
    code: re.compile("|".join(map(re.escape, sorted(changes, key=len, reverse=True))))
    for code, changes in _CHANGES.items()
}
_LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (
            "ˈA bˈi sˈi dˈi ˈi ˈɛf ʤˈi ˈAʧ ˈI ʤˈA kˈA ˈɛl ˈɛm ˈɛn ˈO pˈi kjˈu ˈɑɹ ˈɛs tˈi jˈu vˈi dˈʌbᵊlju ˈɛks "
            "wˈI zˈi"
        ).split(),
        strict=True,
    )
)
_MARK = re.compile(r"(?P<mark>[.,;:!?…—–])[^\w.,;:!?…—–]*\w?$")
"""At the end of the text that eSpeak NG has read. eSpeak NG looks one character ahead."""


def tokens(clauses: Sequence[Clause], code: str) -> list[str]:
    """A token for each word, with the space before it, and for each mark."""
    found: list[str] = []
    for clause in clauses:
        found += [f" {word}" for word in _written(clause.ipa, code).split()]
        mark = _MARK.search(clause.read)
        if mark is not None and found:
            found.append(mark["mark"].replace("–", "—"))
    return found


def spelled(word: str) -> list[str]:
    """A token for each letter, by its American name."""
    plain = unicodedata.normalize("NFKD", word.lower())
    return [f" {_LETTERS[letter]}" for letter in plain if letter in _LETTERS]


def _written(ipa: str, code: str) -> str:
    changes = _CHANGES[code]
    return _PATTERNS[code].sub(lambda found: changes[found.group()], ipa)
