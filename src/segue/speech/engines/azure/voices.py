"""The voices of a region, from its list and from the catalogue, and their capabilities.

Facts from https://learn.microsoft.com/azure/ai-services/speech-service, as of the dates of its pages:
rest-text-to-speech (2024-09-23), speech-synthesis-markup-voice (2025-07-09), speech-synthesis-markup-structure
(2024-09-24), speech-synthesis-markup-pronunciation (2025-08-07), speech-ssml-phonetic-sets (2026-02-25),
high-definition-voices and openai-voices (2025-10-21).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.kernel.errors import SegueError, Unsupported
from segue.kernel.names import hint
from segue.speech.core.catalogue import Capabilities, Range, Voice, primary_language
from segue.speech.core.speech import PhoneticAlphabet
from segue.speech.core.text.scripts import scripts_of_language
from segue.speech.engines.azure.names import AzureFamily, told_by
from segue.speech.engines.azure.options import AzurePreset
from segue.speech.engines.http.presets import check_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.speech.engines.azure.options import AzureOptions

NAME = "azure"
_RATE = Range(0.5, 2.0)
_PITCH_SEMITONES = Range(-12.0, 7.0)
"""0.5 to 1.5 times the voice's own pitch."""

_MOST_CHARS = 4_000
_MOST_DENSE_CHARS = 1_200
"""About what is said in ten minutes at half the pace. Beyond ten minutes, Azure cuts the audio off."""
_DENSE_LANGUAGES = frozenset({"cmn", "yue", "wuu", "ja", "ko"})

_ALPHABETS = frozenset({PhoneticAlphabet.IPA, PhoneticAlphabet.X_SAMPA})
_PHONEME_LOCALES = frozenset(
    (
        "ar-EG ar-SA bg-BG ca-ES cs-CZ da-DK de-DE de-CH de-AT el-GR en-GB en-IE en-AU en-US en-CA es-ES es-MX "
        "fi-FI fr-FR fr-CA fr-CH fr-BE he-IL hr-HR hu-HU id-ID it-IT ja-JP ko-KR ms-MY nb-NO nl-NL nl-BE pl-PL "
        "pt-BR pt-PT ro-RO ru-RU sk-SK sl-SI sv-SE th-TH ta-IN tr-TR ur-PK vi-VN zh-CN zh-HK yue-CN zh-TW"
    ).split()
)
"""Those whose sounds are documented."""
_SAY_AS_LANGUAGES = frozenset("ar ca cmn yue wuu da nl en fr fi de hi it ja ko nb nn pl pt ru es sv".split())

_PLAIN = Capabilities(streaming=True, spans=frozenset({"language", "say_as"}))
_CAN = {
    AzureFamily.HD: _PLAIN,
    AzureFamily.OPENAI: replace(_PLAIN, exact_pauses=True),
    AzureFamily.NEURAL: Capabilities(
        pitch_semitones=_PITCH_SEMITONES,
        rate_ratio=_RATE,
        alphabets=_ALPHABETS,
        streaming=True,
        exact_pauses=True,
        spans=frozenset({"rate_ratio", "pronunciation", "say_as", "language"}),
    ),
}
"""Pitch changes by sentence, not by word, and loudness by a law that is not documented: spans take neither."""

_GENDERS = frozenset({"female", "male", "neutral"})


class AzureListing(NamedTuple):
    """What the list says about a voice. Empty fields are not in the list."""

    locale: str = ""
    gender: str = ""
    styles: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    is_multilingual: bool = False


class AzureVoices:
    """The available voices. ``listed`` is None until the region's voices have been listed."""

    def __init__(self, options: AzureOptions) -> None:
        self._options = options
        self._presets = options.presets()
        self._listed: Mapping[str, AzureListing] | None = None

    def take(self, listed: Mapping[str, AzureListing]) -> None:
        self._listed = listed

    def all(self) -> Sequence[Voice]:
        """The voices that can be used. Presets with a style that their voice does not have are left out."""
        names = dict.fromkeys((*self._presets, *(self._listed or ())))
        return [found for name in names if (found := self._known(name)) is not None]

    def preset(self, name: str) -> AzurePreset:
        return self._presets.get(name) or AzurePreset()

    def own_locale(self, name: str) -> str:
        """The language that a voice was made for, whatever it must speak here. For a custom voice, the configured
        language.
        """
        preset = self.preset(name)
        asked = preset.voice or name
        said = (self._listed or {}).get(asked, AzureListing())
        return said.locale or told_by(asked).locale or preset.language or self._options.language

    def other_language(self, name: str) -> str:
        """Another language that a multilingual voice must speak; empty for all others."""
        preset = self.preset(name)
        asked = preset.voice or name
        is_other = preset.language not in ("", self.own_locale(name))
        return preset.language if is_other and self._is_multilingual(asked) else ""

    def _is_multilingual(self, asked: str) -> bool:
        return (self._listed or {}).get(asked, AzureListing()).is_multilingual or told_by(asked).is_multilingual

    def voice(self, name: str) -> Voice:
        """The voice with this name from the catalogue or from Azure.

        Raises:
            Unsupported: there is no such voice, or it does not have the style or role of its preset. The message
                names similar ones.
        """
        preset = self.preset(name)
        asked = preset.voice or name
        self._check(name, asked)
        said = (self._listed or {}).get(asked, AzureListing())
        _check_style(asked, preset, said)
        locale = preset.language or self.own_locale(name)
        kind = told_by(asked).kind
        return Voice(
            name=name,
            engine=NAME,
            family=str(kind),
            locale=locale,
            scripts=scripts_of_language(locale),
            label=f"{asked} ({preset.style})" if preset.style else asked,
            capabilities=self._capabilities(asked, kind, locale),
            gender=preset.gender or said.gender or None,
        )

    def _capabilities(self, asked: str, kind: AzureFamily, locale: str) -> Capabilities:
        can = _CAN[kind]
        language = primary_language(locale)
        most_chars = _MOST_DENSE_CHARS if language in _DENSE_LANGUAGES else _MOST_CHARS
        spans = set(can.spans)
        alphabets = can.alphabets if locale in _PHONEME_LOCALES else frozenset()
        if not alphabets:
            spans.discard("pronunciation")
        if language not in _SAY_AS_LANGUAGES:
            spans.discard("say_as")
        if not self._is_multilingual(asked):
            spans.discard("language")
        return replace(
            can,
            alphabets=alphabets,
            spans=frozenset(spans),
            max_input_chars=self._options.max_input_chars or most_chars,
        )

    def _check(self, name: str, asked: str) -> None:
        check_name(name)
        check_name(asked)
        if name in self._presets or self._options.unlisted_voices:
            return
        if self._listed is None:
            if not told_by(asked).locale:
                raise Unsupported(f"{asked!r} is not the name of an Azure voice (example: zh-TW-HsiaoChenNeural)")
        elif asked not in self._listed:
            raise Unsupported(
                f"{self._options.host} lists no voice {asked!r}{hint(asked, self._listed)}; if the voice exists, "
                "name it under `voices` or set `unlisted_voices` in the catalogue"
            )

    def _known(self, name: str) -> Voice | None:
        try:
            return self.voice(name)
        except SegueError:
            return None


def _check_style(asked: str, preset: AzurePreset, said: AzureListing) -> None:
    """Checks the style, because Azure ignores one that a voice does not have. A voice that is not listed is not
    checked.
    """
    for what, wanted, known in (("style", preset.style, said.styles), ("role", preset.role, said.roles)):
        if wanted and said != AzureListing() and wanted not in known:
            raise Unsupported(f"{asked} has no {what} {wanted!r}; it has {', '.join(known) or 'none'}")


def listed_in(content: Any) -> dict[str, AzureListing]:
    """The voices in ``voices/list``, including those that a region no longer recommends, because catalogues may
    use them.
    """
    entries = content if isinstance(content, list) else []
    return {
        entry["ShortName"]: _said(entry)
        for entry in entries
        if isinstance(entry, Mapping) and isinstance(entry.get("ShortName"), str)
    }


def _said(entry: Mapping[str, Any]) -> AzureListing:
    locale = entry.get("Locale")
    gender = str(entry.get("Gender", "")).lower()
    return AzureListing(
        locale if isinstance(locale, str) else "",
        gender if gender in _GENDERS else "",
        _texts(entry.get("StyleList")),
        _texts(entry.get("RolePlayList")),
        is_multilingual=bool(_texts(entry.get("SecondaryLocaleList"))),
    )


def _texts(held: Any) -> tuple[str, ...]:
    return tuple(one for one in held if isinstance(one, str)) if isinstance(held, list) else ()
