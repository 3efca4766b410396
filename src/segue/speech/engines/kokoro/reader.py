"""Converts a text to tokens that Kokoro can say: syllables, words and marks in Kokoro's symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.speech.core.catalogue import primary_language
from segue.speech.core.text.mandarin.bopomofo import syllables_of
from segue.speech.core.text.mandarin.latin import is_spelled
from segue.speech.core.text.mandarin.parts import PartKind, parts
from segue.speech.core.text.mandarin.sandhi import spoken
from segue.speech.core.text.mandarin.syllables import sounds
from segue.speech.core.text.phonetics import as_ipa, in_sounds
from segue.speech.core.text.runs import pronounced
from segue.speech.core.text.scripts import scripts_of
from segue.speech.core.text.verbalize.mandarin_words import is_simplified
from segue.speech.engines.espeak_library import library
from segue.speech.engines.kokoro import english
from segue.speech.engines.kokoro.readings import Readings
from segue.speech.engines.kokoro.symbols import SOUNDS

if TYPE_CHECKING:
    from segue.speech.core.speech import Pronunciation, Utterance
    from segue.speech.core.text.mandarin.parts import TextPart

_MANDARIN = "cmn"
_AMERICAN = "en-us"
_MAINLAND_READINGS = frozenset(("cn", "sg", "my", "hans"))
_LATIN = frozenset({"Latn"})


class KokoroReader:
    """Loads its dictionaries when it is created. Can be used from any thread."""

    def __init__(self) -> None:
        self._library = library()
        self._readings = Readings()

    def tokens(self, utterance: Utterance, locale: str) -> list[str]:
        """The tokens for the utterance in a voice of this locale.

        Raises:
            Unsupported: the reading of a character is unknown.
            InvalidRequest: a pronunciation is not valid in its alphabet, or the text contains a lone surrogate.
        """
        found: list[str] = []
        taiwan, is_english = _is_taiwan(utterance), scripts_of(utterance.text) == _LATIN
        for run in pronounced(utterance.text, utterance.pronunciations, utterance.spans):
            if run.said is not None:
                found += _pronounced(run.said, primary_language(locale))
            elif primary_language(locale) != _MANDARIN or is_english:
                found += self._english(run.text, "en-gb" if locale == "en-GB" else _AMERICAN)
            else:
                found += self._mandarin(run.text, taiwan=taiwan)
        return found

    def _english(self, text: str, code: str) -> list[str]:
        return english.tokens(self._library.clauses(code, text), code)

    def _mandarin(self, text: str, *, taiwan: bool) -> list[str]:
        found: list[str] = []
        for part in parts(text):
            found += self._part(part, taiwan=taiwan)
        return found

    def _part(self, part: TextPart, *, taiwan: bool) -> list[str]:
        if part.kind is PartKind.MARK:
            return [part.text]
        if part.kind is PartKind.LATIN:
            said = english.spelled(part.text) if is_spelled(part.text) else self._english(part.text, _AMERICAN)
            return [*said, " "]
        if part.kind is PartKind.BOPOMOFO:
            return [sounds(said) for said in syllables_of(part.text)]
        signs = self._readings.of(part.text, taiwan=taiwan)
        return [sounds(said) for said in spoken(signs)]


def _is_taiwan(utterance: Utterance) -> bool:
    """By the requested language, or by the characters if that has no region."""
    subtags = utterance.language.lower().replace("_", "-").split("-")[1:]
    if "tw" in subtags or "hant" in subtags:
        return True
    return _MAINLAND_READINGS.isdisjoint(subtags) and not is_simplified(utterance.text, utterance.language)


def _pronounced(said: Pronunciation, language: str) -> list[str]:
    written = {**SOUNDS[language], "ˈ": "ˈ", "ˌ": "ˌ"}
    known, _ = in_sounds(as_ipa(said.pronunciation, said.alphabet), SOUNDS[language].keys())
    return [f" {''.join(written[sound] for sound in known)}"]
