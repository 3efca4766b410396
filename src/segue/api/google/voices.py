"""Which character a voice's name means, and the names that are listed.

A name is looked for among the characters' keys and the catalogue's aliases, then among the baseline's voices, then
among the candidate's; where several characters share a voice it means the default character if that is one of
them, else the first in the catalogue. Which arm is heard is the rollout's affair, whatever name was used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from segue.api.google.enums import member
from segue.api.google.wire import SsmlVoiceGender
from segue.core.catalogue import primary_language
from segue.core.errors import InvalidRequest, Unsupported
from segue.core.speech import Arm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from segue.api.google.wire import VoiceSelectionParams
    from segue.core.catalogue import Catalogue, Character, Voice
    from segue.ports.engine import Engine

_GENDERS = {"male": SsmlVoiceGender.MALE, "female": SsmlVoiceGender.FEMALE}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
_GOOGLE_NAME = re.compile(r"([a-z]{2,3}-[A-Z]{2})-[A-Za-z0-9-]+")
_MOST_SAID_CHARS = 64


class Named(NamedTuple):
    """One entry of the list of voices."""

    name: str
    languages: tuple[str, ...]
    gender: SsmlVoiceGender


class Voices:
    """The catalogue as Google's clients see it."""

    def __init__(self, catalogue: Catalogue, engines: Mapping[str, Engine]) -> None:
        self._catalogue = catalogue
        self._engines = engines
        self._by_name = _by_name(catalogue)
        self._by_folded = {name.casefold(): key for name, key in reversed(self._by_name.items())}

    def character_key(self, wanted: VoiceSelectionParams) -> str:
        """The character that a request's voice means; one that speaks its language where it names none.

        Raises:
            InvalidRequest: nobody has a voice of that name.
        """
        gender = member(SsmlVoiceGender, wanted.ssml_gender, "voice.ssml_gender")
        if not wanted.name:
            return self._someone(language_of(wanted), gender)
        key = self._by_name.get(wanted.name) or self._by_folded.get(wanted.name.casefold())
        if key is None:
            raise InvalidRequest(
                f"Voice '{wanted.name[:_MOST_SAID_CHARS]}' does not exist. Is it misspelled? "
                f"Known here: {', '.join(named.name for named in self.listed())}",
                field="voice.name",
            )
        return key

    def listed(self, language: str = "") -> list[Named]:
        """Every name worth offering, in the order in which names are looked for; of one language, or all."""
        found = {named.name: named for named in self._named()}
        return [named for named in found.values() if _of_language(named.languages, language)]

    def _named(self) -> Iterator[Named]:
        for alias, key in self._catalogue.aliases.items():
            shaped = _GOOGLE_NAME.fullmatch(alias)
            if shaped:
                yield Named(alias, (shaped[1],), _gender(self._voices_of(self._catalogue.characters[key])))
        for character in self._catalogue.characters.values():
            voices = self._voices_of(character)
            for voice in voices:
                yield Named(voice.name, (_region_upper(voice.locale),), _gender([voice]))
        for character in self._catalogue.characters.values():
            voices = self._voices_of(character)
            languages = dict.fromkeys(_region_upper(voice.locale) for voice in voices)
            yield Named(character.key, tuple(languages), _gender(voices))

    def _someone(self, language: str | None, gender: SsmlVoiceGender) -> str:
        """A preference for a gender is no more than that, as with Google."""
        able = [
            character
            for character in _default_first(self._catalogue)
            if language is None or any(voice.speaks(language) for voice in self._voices_of(character))
        ]
        fitting = (item.key for item in able if _gender(self._voices_of(item)) is gender)
        return next(fitting, able[0].key if able else self._catalogue.default_character)

    def _voices_of(self, character: Character) -> list[Voice]:
        """The baseline's, as far as the engine has them."""
        engine = self._engines[self._catalogue.arms[Arm.BASELINE].engine]
        found = []
        for delivery in character.deliveries[Arm.BASELINE]:
            try:
                found.append(engine.voice(delivery.voice))
            except Unsupported:
                continue
        return found


def language_of(wanted: VoiceSelectionParams) -> str | None:
    """The language that a request names, None where it names none.

    Raises:
        InvalidRequest: it is no language tag.
    """
    code = wanted.language_code
    if code and not _LANGUAGE.fullmatch(code):
        raise InvalidRequest(
            f"Invalid language code '{code[:_MOST_SAID_CHARS]}': one looks like cmn-TW or en-US",
            field="voice.language_code",
        )
    return code or None


def _by_name(catalogue: Catalogue) -> dict[str, str]:
    keys = {key: key for key in catalogue.characters} | dict(catalogue.aliases)
    for arm in (Arm.BASELINE, Arm.CANDIDATE):
        for character in _default_first(catalogue):
            for delivery in character.deliveries[arm]:
                keys.setdefault(delivery.voice, character.key)
    return keys


def _default_first(catalogue: Catalogue) -> list[Character]:
    default = catalogue.characters[catalogue.default_character]
    return [default, *(item for item in catalogue.characters.values() if item is not default)]


def _gender(voices: Iterable[Voice]) -> SsmlVoiceGender:
    """Of the first voice: the one that a character is known by."""
    first = next(iter(voices), None)
    return _GENDERS.get((first and first.gender) or "", SsmlVoiceGender.SSML_VOICE_GENDER_UNSPECIFIED)


def _region_upper(locale: str) -> str:
    language, _, region = locale.replace("_", "-").partition("-")
    return f"{language.lower()}-{region.upper()}" if region else language.lower()


def _of_language(languages: tuple[str, ...], wanted: str) -> bool:
    """``en`` is every English; ``en-GB`` the British and what names no region; ``zh-TW`` is ``cmn-TW``."""
    language, region = primary_language(wanted), wanted.partition("-")[2].upper()
    return not wanted or any(
        primary_language(one) == language and (not region or one.partition("-")[2] in ("", region))
        for one in languages
    )
