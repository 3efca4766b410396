"""The voices of a region, from Polly's descriptions and from the catalogue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.kernel.errors import SegueError, Unsupported
from segue.kernel.names import hint
from segue.speech.core.catalogue import Voice, primary_language
from segue.speech.core.text.scripts import scripts_of_language
from segue.speech.engines.polly.kinds import PollyFamily, capabilities
from segue.speech.engines.polly.options import PollyPreset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.speech.engines.polly.options import PollyOptions

NAME = "polly"
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,63}")
_GENDERS = frozenset({"female", "male"})
_USABLE = frozenset({"", "active"})
"""Polly's own voices have no status. A voice of the account that is not active cannot be used."""


class PollyListing(NamedTuple):
    """Polly's description of a voice. ``languages`` are all that it speaks, its own first."""

    languages: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    gender: str = ""


class Asked(NamedTuple):
    """How a voice is requested. ``language`` is Polly's code, empty for the voice's own language."""

    voice: str
    kind: PollyFamily
    language: str


class PollyVoices:
    """The available voices. ``listed`` is None until the region's voices have been described."""

    def __init__(self, options: PollyOptions) -> None:
        self._options = options
        self._presets = options.presets()
        self._listed: Mapping[str, PollyListing] | None = None

    def take(self, listed: Mapping[str, PollyListing]) -> None:
        self._listed = listed

    def all(self) -> Sequence[Voice]:
        """The voices that can be used with their engine."""
        names = dict.fromkeys((*self._presets, *(self._listed or ())))
        return [found for name in names if (found := self._known(name)) is not None]

    def voice(self, name: str) -> Voice:
        """The voice with this name from the catalogue or from Polly.

        Raises:
            Unsupported: there is no such voice, or it does not have the required engine or language.
        """
        asked = self.asked(name)
        preset = self._preset(name)
        said = self._said(asked.voice)
        locale = preset.language or next(iter(said.languages), self._options.language)
        can = capabilities(asked.kind, locale)
        most_chars = self._options.max_input_chars or can.max_input_chars
        return Voice(
            name=name,
            engine=NAME,
            family=str(asked.kind),
            locale=locale,
            scripts=scripts_of_language(locale),
            label=f"{asked.voice} ({asked.kind})",
            capabilities=replace(can, max_input_chars=most_chars),
            gender=preset.gender or said.gender or None,
        )

    def asked(self, name: str) -> Asked:
        """The parameters for this name. Raises Unsupported like ``voice``."""
        preset = self._preset(name)
        voice = preset.voice or name
        kind = PollyFamily(preset.engine or self._options.engine)
        self._check(name, voice)
        said = self._said(voice)
        if said.engines and kind not in said.engines:
            raise Unsupported(f"{voice} has no engine {kind}; it has {', '.join(said.engines)}")
        return Asked(voice, kind, _language(voice, preset.language, said))

    def _preset(self, name: str) -> PollyPreset:
        return self._presets.get(name) or PollyPreset()

    def _said(self, voice: str) -> PollyListing:
        return (self._listed or {}).get(voice, PollyListing())

    def _check(self, name: str, voice: str) -> None:
        if not _IDENTIFIER.fullmatch(voice):
            raise Unsupported(f"{voice[:64]!r} is not the name of a Polly voice (example: Joanna)")
        if name in self._presets or self._options.unlisted_voices or self._listed is None:
            return
        if voice not in self._listed:
            raise Unsupported(
                f"Polly lists no voice {voice!r} in {self._options.region}{hint(voice, self._listed)}; if the "
                "voice exists, name it under `voices` or set `unlisted_voices` in the catalogue"
            )

    def _known(self, name: str) -> Voice | None:
        try:
            return self.voice(name)
        except SegueError:
            return None


def _language(voice: str, wanted: str, said: PollyListing) -> str:
    """Polly's code for a language other than the voice's own, which only bilingual voices have."""
    if not wanted or not said.languages or _same(wanted, said.languages[0]):
        return ""
    found = next((code for code in said.languages if _same(wanted, code)), "")
    near = next((code for code in said.languages if primary_language(code) == primary_language(wanted)), "")
    if not (found or near):
        raise Unsupported(f"{voice} does not speak {wanted}; it speaks {', '.join(said.languages)}")
    return "" if (found or near) == said.languages[0] else found or near


def _same(one: str, other: str) -> bool:
    """Whether two tags mean the same language and region: ``zh-CN`` is ``cmn-CN``."""
    return primary_language(one) == primary_language(other) and one.partition("-")[2] == other.partition("-")[2]


def listed_in(content: Any) -> dict[str, PollyListing]:
    """The voices of one page of ``DescribeVoices``."""
    held = content.get("Voices") if isinstance(content, Mapping) else None
    entries = [entry for entry in held if isinstance(entry, Mapping)] if isinstance(held, list) else []
    return {
        entry["Id"]: _listed(entry)
        for entry in entries
        if isinstance(entry.get("Id"), str) and entry.get("Status", "") in _USABLE
    }


def _listed(entry: Mapping[str, Any]) -> PollyListing:
    gender = str(entry.get("Gender", "")).lower()
    languages = (*_texts([entry.get("LanguageCode")]), *_texts(entry.get("AdditionalLanguageCodes")))
    return PollyListing(languages, _texts(entry.get("SupportedEngines")), gender if gender in _GENDERS else "")


def _texts(held: Any) -> tuple[str, ...]:
    return tuple(one for one in held if isinstance(one, str)) if isinstance(held, list) else ()
