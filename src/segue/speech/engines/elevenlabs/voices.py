"""The voices of an account, from its list and from the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.kernel.errors import Unsupported
from segue.kernel.names import hint
from segue.speech.core.catalogue import Capabilities, Voice
from segue.speech.core.speech import PhoneticAlphabet
from segue.speech.core.text.scripts import scripts_of_language
from segue.speech.engines.elevenlabs.options import SPEEDS, ElevenLabsPreset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.speech.engines.elevenlabs.options import ElevenLabsOptions

NAME = "elevenlabs"
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_GENDERS = frozenset({"female", "male", "neutral"})
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class ElevenLabsListing(NamedTuple):
    """What the list says about a voice. Empty fields are not in the list."""

    label: str
    language: str = ""
    gender: str = ""


class ElevenLabsVoices:
    """The available voices. ``listed`` is None until the account's voices have been listed."""

    def __init__(self, options: ElevenLabsOptions) -> None:
        self._options = options
        self._presets = options.presets()
        self._listed: Mapping[str, ElevenLabsListing] | None = None
        model = options.known
        self._can = Capabilities(
            rate_ratio=SPEEDS,
            alphabets=frozenset({PhoneticAlphabet.IPA}) if model.takes_phonemes else frozenset(),
            streaming=True,
            max_input_chars=options.most_chars,
        )

    def take(self, listed: Mapping[str, ElevenLabsListing] | None) -> None:
        self._listed = listed

    def all(self) -> list[Voice]:
        """Those that can be asked for: a server may list names that are none."""
        return [found for name in self.names() if (found := self._known(name)) is not None]

    def names(self) -> list[str]:
        return list(dict.fromkeys((*self._presets, *(self._listed or ()))))

    def preset(self, name: str) -> ElevenLabsPreset:
        return self._presets.get(name) or ElevenLabsPreset()

    def voice(self, name: str) -> Voice:
        """The voice with this name from the catalogue, or with this ElevenLabs id.

        Raises:
            Unsupported: there is no such voice. The message names similar ones.
        """
        preset = self.preset(name)
        asked = preset.voice or name
        self._check(name, asked)
        said = (self._listed or {}).get(asked, ElevenLabsListing(asked))
        locale = preset.language or said.language or self._options.language
        return Voice(
            name=name,
            engine=NAME,
            family=self._options.family,
            locale=locale,
            scripts=scripts_of_language(locale),
            label=f"{said.label} ({self._options.model})",
            capabilities=self._can,
            gender=preset.gender or said.gender or None,
        )

    def _known(self, name: str) -> Voice | None:
        try:
            return self.voice(name)
        except Unsupported:
            return None

    def _check(self, name: str, asked: str) -> None:
        if not _IDENTIFIER.fullmatch(asked):
            raise Unsupported(f"{asked[:64]!r} is not the identifier of an ElevenLabs voice{self._hint(asked)}")
        if name in self._presets or self._options.unlisted_voices or self._listed is None:
            return
        if asked not in self._listed:
            raise Unsupported(
                f"the account lists no voice {asked!r}{self._hint(asked)}; if the account may use the "
                "voice, name it under `voices` or set `unlisted_voices` in the catalogue"
            )

    def _hint(self, asked: str) -> str:
        """The most similar id, or the id of the voice with this name."""
        listed = self._listed or {}
        by_label = {said.label.casefold(): identifier for identifier, said in listed.items()}
        found = by_label.get(asked.casefold())
        return f"; {asked} is {found}" if found else hint(asked, (*self._presets, *listed))


def listed_in(content: Any, language_of: ElevenLabsOptions) -> dict[str, ElevenLabsListing]:
    """The voices of one page of ``/v2/voices``, or of all of ``/v1/voices``."""
    held = content.get("voices") if isinstance(content, Mapping) else None
    entries = held if isinstance(held, list) else []
    return {
        entry["voice_id"]: _said(entry, language_of)
        for entry in entries
        if isinstance(entry, Mapping) and isinstance(entry.get("voice_id"), str)
    }


def _said(entry: Mapping[str, Any], options: ElevenLabsOptions) -> ElevenLabsListing:
    named = entry.get("labels")
    labels = named if isinstance(named, Mapping) else {}
    gender = str(labels.get("gender", "")).lower()
    language = next((found for found in _languages(entry, labels) if options.known.speaks(found)), "")
    label = entry.get("name")
    return ElevenLabsListing(
        label if isinstance(label, str) and label else entry["voice_id"],
        language,
        gender if gender in _GENDERS else "",
    )


def _languages(entry: Mapping[str, Any], labels: Mapping[str, Any]) -> Iterator[str]:
    """A voice's languages. Those in which it is verified come first, with their regions if known."""
    verified = entry.get("verified_languages")
    told = [one for one in verified if isinstance(one, Mapping)] if isinstance(verified, list) else []
    said = [one.get(key) for one in told for key in ("locale", "language")] + [labels.get("language")]
    yield from (found for found in said if isinstance(found, str) and _LANGUAGE.fullmatch(found))
