"""Maps voice names to characters, and lists the names.

A name is looked up among the characters' keys and the catalogue's aliases, then among the baseline's voices, then
among the candidate's. If several characters share a voice, it means the default character if that is one of them,
otherwise the first in the catalogue. Whatever the name, the rollout decides which arm answers.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from segue.api.google.enums import member
from segue.api.google.wire import SsmlVoiceGender
from segue.kernel.arms import Arm
from segue.kernel.errors import AmbiguousName, InvalidRequest, UnknownCharacter
from segue.kernel.names import Names
from segue.speech.core.catalogue import primary_language
from segue.speech.service.choosing import served

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from segue.api.google.wire import VoiceSelectionParams
    from segue.speech.core.catalogue import Catalogue, Character, Voice
    from segue.speech.ports.engine import Engine

_GENDERS = {"male": SsmlVoiceGender.MALE, "female": SsmlVoiceGender.FEMALE}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}")
_GOOGLE_NAME = re.compile(r"([a-z]{2,3}-[A-Z]{2})-[A-Za-z0-9-]+")
_MOST_SAID_CHARS = 64


class NamedVoice(NamedTuple):
    """An entry in the list of voices."""

    name: str
    languages: tuple[str, ...]
    gender: SsmlVoiceGender


class GoogleVoices:
    """The catalogue as Google's clients see it."""

    def __init__(self, catalogue: Catalogue, engines: Mapping[str, Engine]) -> None:
        self._catalogue = catalogue
        self._engines = engines
        self._by_name = _by_name(catalogue)
        self._by_spelling = Names(self._by_name.items())

    def character_key(self, wanted: VoiceSelectionParams) -> str:
        """The character for a request's voice; if it has no name, a character that speaks its language.

        Raises:
            InvalidRequest: no character matches the name, or several do.
        """
        gender = member(SsmlVoiceGender, wanted.ssml_gender, "voice.ssml_gender")
        if not wanted.name:
            return self._someone(language_of(wanted), gender)
        return self._by_name.get(wanted.name) or self._key_meant(wanted.name)

    def _key_meant(self, name: str) -> str:
        with suppress(UnknownCharacter):
            return self._catalogue.character(name).key
        meant = self._by_spelling.meant(name)
        if len(meant) > 1:
            raise AmbiguousName(name, tuple(meant.values()), field="voice.name")
        if not meant:
            raise InvalidRequest(
                f"Voice '{name[:_MOST_SAID_CHARS]}' does not exist. Is it misspelled? "
                f"Available: {', '.join(named.name for named in self.listed())}",
                field="voice.name",
            )
        return next(iter(meant))

    def listed(self, language: str = "") -> list[NamedVoice]:
        """The names to offer, for one language or all, in the order in which names are looked up."""
        found = {named.name: named for named in self._named()}
        return [named for named in found.values() if _of_language(named.languages, language)]

    def _named(self) -> Iterator[NamedVoice]:
        for alias, key in self._catalogue.aliases.items():
            shaped = _GOOGLE_NAME.fullmatch(alias)
            if shaped:
                yield NamedVoice(alias, (shaped[1],), _gender(self._voices_of(self._catalogue.characters[key])))
        for character in self._catalogue.characters.values():
            voices = self._voices_of(character)
            for voice in voices:
                yield NamedVoice(voice.name, (_region_upper(voice.locale),), _gender([voice]))
        for character in self._catalogue.characters.values():
            voices = self._voices_of(character)
            languages = dict.fromkeys(_region_upper(voice.locale) for voice in voices)
            yield NamedVoice(character.key, tuple(languages), _gender(voices))

    def _someone(self, language: str | None, gender: SsmlVoiceGender) -> str:
        """A character that speaks the language. The gender is only a preference, as in Google's API."""
        able = [
            character
            for character in _default_first(self._catalogue)
            if language is None or any(voice.speaks(language) for voice in self._voices_of(character))
        ]
        fitting = (item.key for item in able if _gender(self._voices_of(item)) is gender)
        return next(fitting, able[0].key if able else self._catalogue.default_character)

    def _voices_of(self, character: Character) -> list[Voice]:
        """The baseline's voices of the character that its engines have."""
        return [choice.voice for choice in served(self._catalogue, self._engines, character, Arm.BASELINE)]


def language_of(wanted: VoiceSelectionParams) -> str | None:
    """The language of a request, None if it has none.

    Raises:
        InvalidRequest: it is not a language tag.
    """
    code = wanted.language_code
    if code and not _LANGUAGE.fullmatch(code):
        raise InvalidRequest(
            f"Invalid language code '{code[:_MOST_SAID_CHARS]}': expected for example cmn-TW or en-US",
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
    """The gender of the first voice, which is the character's main voice."""
    first = next(iter(voices), None)
    return _GENDERS.get((first and first.gender) or "", SsmlVoiceGender.SSML_VOICE_GENDER_UNSPECIFIED)


def _region_upper(locale: str) -> str:
    language, _, region = locale.replace("_", "-").partition("-")
    return f"{language.lower()}-{region.upper()}" if region else language.lower()


def _of_language(languages: tuple[str, ...], wanted: str) -> bool:
    """``en`` matches every English voice, ``en-GB`` also voices without a region; ``zh-TW`` means ``cmn-TW``."""
    language, region = primary_language(wanted), wanted.replace("_", "-").partition("-")[2].upper()
    return not wanted or any(
        primary_language(one) == language and (not region or one.partition("-")[2] in ("", region))
        for one in languages
    )
