"""The voices of a server: from the catalogue, from its own list, or as OpenAI publishes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.kernel.errors import Unsupported
from segue.kernel.names import hint
from segue.speech.core.catalogue import Capabilities, Voice
from segue.speech.core.text.scripts import scripts_of_language
from segue.speech.engines.http.presets import check_name
from segue.speech.engines.openai.options import OpenAiPreset

if TYPE_CHECKING:
    from segue.speech.engines.openai.options import OpenAiOptions

NAME = "openai"
PUBLISHED = "alloy ash ballad cedar coral echo fable marin nova onyx sage shimmer verse".split()
"""OpenAI's own voices (openai 3.54.0, ``SpeechCreateParams``)."""

_CUSTOM = "voice_"
"""The prefix of OpenAI's custom voices."""

LISTS = ("audio/voices", "voices")
"""The paths at which compatible servers list their voices. OpenAI has no list."""

_NAMES = ("id", "voice_id", "name", "voice", "key")
_LANGUAGES = ("language", "locale", "lang", "language_code")
_HOLDERS = ("voices", "data", "items")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_MIXED = re.compile(r"[+-]|\([0-9.]*\)")
"""The signs between and after names of mixed voices: ``af_bella(2)+af_sky(1)`` (Kokoro-FastAPI)."""


class OpenAIListing(NamedTuple):
    """What a list says about a voice. Empty fields are not in the list."""

    language: str = ""
    gender: str = ""


class OpenAIVoices:
    """The available voices. ``listed`` is None until the server has listed voices, or if it has no list."""

    def __init__(self, options: OpenAiOptions) -> None:
        self._options = options
        self._presets = options.presets()
        self._listed: Mapping[str, OpenAIListing] | None = None
        self._asked = False
        self._can = Capabilities(
            rate_ratio=options.speeds,
            streaming=True,
            max_input_chars=options.max_input_chars,
            verbalizes=options.verbalizes,
        )

    def take(self, listed: Mapping[str, OpenAIListing] | None) -> None:
        """Stores the server's list; None if it has none."""
        self._listed, self._asked = listed, True

    def all(self) -> list[Voice]:
        """Those that can be asked for: a server may list names that are none."""
        return [found for name in self.names() if (found := self._known(name)) is not None]

    def names(self) -> list[str]:
        published = PUBLISHED if self._options.is_openai else ()
        return list(dict.fromkeys((*self._presets, *(self._listed or published))))

    def preset(self, name: str) -> OpenAiPreset:
        return self._presets.get(name) or OpenAiPreset()

    def voice(self, name: str) -> Voice:
        """The voice with this name.

        Raises:
            Unsupported: neither the catalogue nor the server has it.
        """
        preset = self.preset(name)
        asked = preset.voice or name
        self._check(name, asked)
        said = (self._listed or {}).get(asked, OpenAIListing())
        locale = preset.language or said.language or self._options.language
        return Voice(
            name=name,
            engine=NAME,
            family=self._options.family,
            locale=locale,
            scripts=scripts_of_language(locale),
            label=f"{asked} ({self._options.model})",
            capabilities=self._can,
            gender=preset.gender or said.gender or None,
        )

    def _known(self, name: str) -> Voice | None:
        try:
            return self.voice(name)
        except Unsupported:
            return None

    def _check(self, name: str, asked: str) -> None:
        """Checks a name against the server's list. Names from the catalogue are not checked, because operators
        know their server.
        """
        check_name(name)
        if name in self._presets or self._options.unlisted_voices:
            return
        if self._options.is_openai and self._listed is None:
            if asked not in PUBLISHED and not asked.startswith(_CUSTOM):
                raise Unsupported(f"OpenAI has no voice {asked!r}{hint(asked, PUBLISHED)}")
        elif self._listed is not None:
            if not all(part in self._listed for part in _parts(asked)):
                raise Unsupported(
                    f"{self._options.host} lists no voice {asked!r}{hint(asked, self._listed)}; if the "
                    "voice exists, name it under `voices` or set `unlisted_voices` in the catalogue"
                )
        elif self._asked:
            raise Unsupported(
                f"{self._options.host} lists no voices, so {asked!r} cannot be checked: name it under `voices` or "
                "set `unlisted_voices` in the catalogue"
            )


def _parts(asked: str) -> list[str]:
    """The names in a mixture; for a single voice, its own name."""
    if "+" not in asked:
        return [asked]
    return [part for part in _MIXED.split(asked) if part]


def listed_in(content: Any) -> dict[str, OpenAIListing] | None:
    """The voices in a server's response: names, objects that contain one, or a mapping by name.

    They may be at the top level, or under ``voices``, ``data`` or ``items``. None if there are no voices.
    """
    if isinstance(content, Mapping):
        held = next((content[key] for key in _HOLDERS if isinstance(content.get(key), list | Mapping)), None)
        return None if held is None else _entries(held)
    return _entries(content) if isinstance(content, list) else None


def _entries(held: Any) -> dict[str, OpenAIListing] | None:
    if isinstance(held, Mapping):
        return {str(name): _said(said) for name, said in held.items()} or None
    found = {name: _said(entry) for entry in held if (name := _name(entry))}
    return found or None


def _name(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, Mapping):
        return ""
    return next((entry[key] for key in _NAMES if isinstance(entry.get(key), str) and entry[key]), "")


def _said(entry: Any) -> OpenAIListing:
    if not isinstance(entry, Mapping):
        return OpenAIListing()
    languages = (entry.get(key) for key in _LANGUAGES)
    language = next((said for said in languages if isinstance(said, str) and _LANGUAGE.fullmatch(said)), "")
    gender = entry.get("gender")
    is_told = isinstance(gender, str) and gender.lower() in {"female", "male", "neutral"}
    return OpenAIListing(language.replace("_", "-"), str(gender).lower() if is_told else "")
