"""The capabilities of ElevenLabs' models.

Facts as of 2026-11, from https://elevenlabs.io/docs/models (languages), its help centre (articles 19572237925521:
characters of a request; 24352686926609: phoneme tags), and the types of its client (elevenlabs 2.78.0: language
codes). The help centre and https://elevenlabs.io/docs/eleven-agents/customization/voice/pronunciation-dictionary
disagree on which models support phoneme tags; the help centre's three are used.
"""

from __future__ import annotations

from dataclasses import dataclass

from segue.speech.core.catalogue import primary_language

_V2 = frozenset(
    ("en ja zh de hi fr ko pt it es id nl tr fil pl sv bg ro ar cs el fi hr ms sk da ta uk ru").split()
)
_V25 = _V2 | {"hu", "no", "vi"}
_ENGLISH = frozenset({"en"})
_UNKNOWN_MOST_CHARS = 5_000
"""For models that are not known here. No known model accepts fewer."""


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """The capabilities of a model.

    ``languages`` are ISO 639 codes, empty if there are too many to list. ``takes_language``: it supports
    ``language_code``. ``takes_phonemes``: it supports phoneme tags in IPA.
    """

    max_chars: int = _UNKNOWN_MOST_CHARS
    languages: frozenset[str] = frozenset()
    takes_language: bool = False
    takes_phonemes: bool = False

    def speaks(self, language: str) -> bool:
        """Whether it speaks a language (BCP 47), as far as its languages are known."""
        return not self.languages or primary_language(language) in map(primary_language, self.languages)


MODELS = {
    "eleven_v3": SpeechModel(5_000, takes_language=True),
    "eleven_multilingual_v2": SpeechModel(10_000, _V2),
    "eleven_flash_v2_5": SpeechModel(40_000, _V25, takes_language=True),
    "eleven_turbo_v2_5": SpeechModel(40_000, _V25, takes_language=True),
    "eleven_flash_v2": SpeechModel(30_000, _ENGLISH, takes_phonemes=True),
    "eleven_turbo_v2": SpeechModel(30_000, _ENGLISH, takes_phonemes=True),
    "eleven_multilingual_v1": SpeechModel(10_000, frozenset({"en", "fr", "de", "hi", "it", "pl", "pt", "es"})),
    "eleven_monolingual_v1": SpeechModel(10_000, _ENGLISH, takes_phonemes=True),
}

_AS_SENT = {"cmn": "zh", "yue": "zh", "nb": "no"}


def language_code(language: str) -> str | None:
    """A language in the format of ``language_code`` (ISO 639-1, but ``fil``); None if there is no such code."""
    primary = primary_language(language)
    code = _AS_SENT.get(primary, primary)
    return code if len(code) == len("en") or code == "fil" else None
