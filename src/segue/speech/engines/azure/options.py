"""Options: region, output format, and settings of voices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from segue.speech.core.catalogue import primary_language
from segue.speech.engines.azure.names import AzureFamily, told_by
from segue.speech.engines.http.options import FEWEST_INPUT_CHARS, HttpOptions, digest_of
from segue.speech.engines.http.presets import Preset, check_language, read_presets
from segue.speech.engines.options import read_options

RATES_HZ = {8_000: "8khz", 16_000: "16khz", 22_050: "22050hz", 24_000: "24khz", 44_100: "44100hz", 48_000: "48khz"}
"""The sample rates of bare samples, with Azure's names for them."""

_KEY_ENV = "AZURE_SPEECH_KEY"
_REGION = re.compile(r"[a-z][a-z0-9]{2,31}")
_CLOUDS = {"china": "azure.cn", "usgov": "azure.us", "usdod": "azure.us"}
_PUBLIC_CLOUD = "microsoft.com"
_LEAST_DEGREE, _MOST_DEGREE = 0.01, 2.0
_MOST_VOLUME = 100
_STYLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_ROLES = (
    "Girl Boy YoungAdultFemale YoungAdultMale OlderAdultFemale OlderAdultMale SeniorFemale SeniorMale Narrator"
).split()


@dataclass(frozen=True, slots=True, kw_only=True)
class AzurePreset(Preset):
    """A voice with Azure's own settings.

    ``style`` is one of Azure's styles, ``style_degree`` (0.01 to 2, None for 1) its strength, ``role`` a role that
    the voice plays, and ``volume`` Azure's own (0 to 100, None for the default).
    """

    style: str = ""
    style_degree: float | None = None
    role: str = ""
    volume: int | None = None

    def __post_init__(self) -> None:
        Preset.__post_init__(self)  # super() does not work in a class with slots that is made anew
        if self.style and not _STYLE.fullmatch(self.style):
            raise ValueError(f"style must be one of Azure's styles, such as cheerful, not {self.style!r}")
        if self.style_degree is not None and not self.style:
            raise ValueError("style_degree needs a style")
        degree = 1.0 if self.style_degree is None else self.style_degree
        if not _LEAST_DEGREE <= degree <= _MOST_DEGREE:
            raise ValueError(f"style_degree must be {_LEAST_DEGREE} to {_MOST_DEGREE:g}, not {degree:g}")
        if self.role and self.role not in _ROLES:
            raise ValueError(f"role must be one of {', '.join(_ROLES)}")
        if not 0 <= (self.volume or 0) <= _MOST_VOLUME:
            raise ValueError(f"volume must be 0 to {_MOST_VOLUME}, not {self.volume}")

    @property
    def is_marked(self) -> bool:
        """Whether it uses settings that only neural voices support."""
        return bool(self.style or self.role) or self.volume is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureOptions(HttpOptions):
    """Where the service is and how to call it.

    ``region`` is one of Azure's regions, such as ``eastus``; alternatively, ``base_url`` is the endpoint itself.
    ``bearer``: the key is an access token. ``sample_rate_hz`` is the requested rate. ``language`` is that of
    custom voices, whose names do not contain it. ``voices`` defines voices with their language and style.
    ``unlisted_voices`` allows names that the region does not list, such as those of custom voices.
    ``max_input_chars`` 0: as much as fits into ten minutes of audio.
    """

    region: str = ""
    bearer: bool = False
    language: str = "en-US"
    sample_rate_hz: int = 24_000
    max_input_chars: int = 0
    voices: Mapping[str, object] = field(default_factory=dict)
    unlisted_voices: bool = False

    def __post_init__(self) -> None:
        HttpOptions.__post_init__(self)  # super() does not work in a class with slots that is made anew
        check_language(self.language)
        if self.sample_rate_hz not in RATES_HZ:
            raise ValueError(f"sample_rate_hz must be one of {', '.join(map(str, RATES_HZ))}")
        if self.max_input_chars and self.max_input_chars < FEWEST_INPUT_CHARS:
            raise ValueError(f"max_input_chars must be 0, or at least {FEWEST_INPUT_CHARS}")
        for name, preset in self.presets().items():
            _check_preset(name, preset)

    @classmethod
    def read(cls, options: Mapping[str, object]) -> AzureOptions:
        """The options from a catalogue. The key of a region is read from ``AZURE_SPEECH_KEY`` by default.

        Raises:
            TypeError: an option has the wrong type.
            ValueError: an option is unknown, missing, out of range, or contradicts another.
        """
        found = read_options(cls, {**options, "base_url": _base_url(options)})
        if found.region and not found.key_env and not found.key_file:
            return replace(found, key_env=_KEY_ENV)
        return found

    def presets(self) -> dict[str, AzurePreset]:
        return read_presets(AzurePreset, self.voices)

    @property
    def output_format(self) -> str:
        return f"raw-{RATES_HZ[self.sample_rate_hz]}-16bit-mono-pcm"

    @property
    def version(self) -> str:
        """A digest of all options that change the sound, because most of Azure's voices have no version."""
        return f"v1-{digest_of(self)}"


def _base_url(options: Mapping[str, object]) -> Any:
    """The URL as given, else that of the region."""
    region, given = options.get("region", ""), options.get("base_url", "")
    if given and region:
        raise ValueError("region and base_url exclude each other")
    if given or not isinstance(region, str):
        return given
    if not region:
        raise ValueError(
            "set region to the region of your Azure resource, such as eastus, or base_url to its endpoint"
        )
    if not _REGION.fullmatch(region):
        raise ValueError(f"region must be written like eastus, not {region!r}")
    cloud = next((name for prefix, name in _CLOUDS.items() if region.startswith(prefix)), _PUBLIC_CLOUD)
    return f"https://{region}.tts.speech.{cloud}"


def _check_preset(name: str, preset: AzurePreset) -> None:
    asked = preset.voice or name
    told = told_by(asked)
    if told.kind is not AzureFamily.NEURAL and preset.is_marked:
        raise ValueError(f"voices.{name}: {asked} does not support style, role or volume")
    other = preset.language and told.locale and primary_language(preset.language) != primary_language(told.locale)
    if other and not told.is_multilingual:
        raise ValueError(
            f"voices.{name}: {asked} speaks only {told.locale}, not {preset.language}; choose a multilingual voice"
        )
