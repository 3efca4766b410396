"""The characters as voices of the protocol: listed, and chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

from segue import __version__
from segue.core.catalogue import primary_language
from segue.core.errors import Unsupported
from segue.core.speech import Arm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.api.wyoming.wire import VoiceChoice
    from segue.core.catalogue import Catalogue, Character
    from segue.ports.engine import Engine

PROGRAM = "segue"
_HOME = "https://github.com/segue-tts/segue"
_COMMON_NAMES = {"cmn": "zh", "yue": "zh-HK"}
"""Home Assistant knows the Chinese languages by these."""


class Voices:
    """The catalogue as Home Assistant sees it."""

    def __init__(self, catalogue: Catalogue, engines: Mapping[str, Engine]) -> None:
        self._catalogue = catalogue
        self._engine = engines[catalogue.arms[Arm.BASELINE].engine]

    def info(self) -> Info:
        """Segue as a program with a voice for each character, the default one first."""
        voices = [self._voice(character) for character in self._default_first()]
        return Info(
            tts=[
                TtsProgram(
                    name=PROGRAM,
                    attribution=Attribution("Segue", _HOME),
                    installed=True,
                    description="Segue, one gateway to the voices of a rollout",
                    version=__version__,
                    voices=voices,
                    supports_synthesize_streaming=True,
                )
            ]
        )

    def character_key(self, wanted: VoiceChoice) -> str:
        """The character meant: the one named (who need not exist), else one that speaks the language, else the
        default one.
        """
        if wanted.name:
            return wanted.name
        if wanted.language:
            asked = primary_language(wanted.language.replace("_", "-"))
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
            version=self._engine.version,
            languages=list(dict.fromkeys(_common(locale) for locale in self._locales(character))),
        )

    def _locales(self, character: Character) -> list[str]:
        """The baseline's, as far as its engine has them: what the character speaks whatever the rollout does."""
        found = []
        for delivery in character.deliveries[Arm.BASELINE]:
            try:
                found.append(self._engine.voice(delivery.voice).locale)
            except Unsupported:
                continue
        return found

    def _default_first(self) -> list[Character]:
        characters = self._catalogue.characters
        default = characters[self._catalogue.default_character]
        return [default, *(item for item in characters.values() if item is not default)]


def _common(locale: str) -> str:
    """``cmn-TW`` as ``zh-TW``, ``en-us`` as ``en-US``."""
    language, _, region = locale.replace("_", "-").partition("-")
    known = _COMMON_NAMES.get(language.lower(), language.lower())
    return f"{known}-{region.upper()}" if region and "-" not in known else known
