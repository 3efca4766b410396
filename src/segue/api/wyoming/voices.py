"""Lists the characters as voices of the protocol, and selects one for a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

from segue import __version__
from segue.kernel.arms import Arm
from segue.speech.core.catalogue import primary_language
from segue.speech.service.choosing import served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.api.wyoming.wire import VoiceChoice
    from segue.speech.core.catalogue import Catalogue, Character
    from segue.speech.ports.engine import Engine

PROGRAM = "segue"
_HOME = "https://github.com/segue-tts/segue"
_COMMON_NAMES = {"cmn": "zh", "yue": "zh-HK"}
"""Home Assistant's codes for the Chinese languages."""


class WyomingVoices:
    """The catalogue as Home Assistant sees it."""

    def __init__(self, catalogue: Catalogue, engines: Mapping[str, Engine]) -> None:
        self._catalogue = catalogue
        self._engines = engines

    def info(self) -> Info:
        """Segue as a program with a voice for each character, the default character first."""
        voices = [self._voice(character) for character in self._default_first()]
        return Info(
            tts=[
                TtsProgram(
                    name=PROGRAM,
                    attribution=Attribution("Segue", _HOME),
                    installed=True,
                    description="Segue, progressive delivery for text-to-speech",
                    version=__version__,
                    voices=voices,
                    supports_synthesize_streaming=True,
                )
            ]
        )

    def character_key(self, wanted: VoiceChoice) -> str:
        """The named character (which need not exist), else one that speaks the language, else the default one."""
        if wanted.name:
            return wanted.name
        if wanted.language:
            asked = primary_language(wanted.language)
            for character in self._default_first():
                if asked in {primary_language(locale) for locale in self._locales(character)}:
                    return character.key
        return self._catalogue.default_character

    def _voice(self, character: Character) -> TtsVoice:
        models = ", ".join(spec.model for spec in self._catalogue.arms.values())
        return TtsVoice(
            name=character.key,
            attribution=Attribution(models, f"{_HOME}/blob/main/docs/engines.md"),
            installed=True,
            description=character.name,
            version=self._version(character),
            languages=list(dict.fromkeys(_common(locale) for locale in self._locales(character))),
        )

    def _locales(self, character: Character) -> list[str]:
        """The locales of the baseline's voices that its engines have: the character speaks them on every arm."""
        found = served(self._catalogue, self._engines, character, Arm.BASELINE)
        return [choice.voice.locale for choice in found]

    def _version(self, character: Character) -> str:
        """The version of the engine of the baseline's first voice."""
        first = self._catalogue.engines_asked(character, Arm.BASELINE)[0]
        return self._engines[first].version

    def _default_first(self) -> list[Character]:
        characters = self._catalogue.characters
        default = characters[self._catalogue.default_character]
        return [default, *(item for item in characters.values() if item is not default)]


def _common(locale: str) -> str:
    """``cmn-TW`` as ``zh-TW``, ``en-us`` as ``en-US``."""
    language, _, region = locale.replace("_", "-").partition("-")
    known = _COMMON_NAMES.get(language.lower(), language.lower())
    return f"{known}-{region.upper()}" if region and "-" not in known else known
