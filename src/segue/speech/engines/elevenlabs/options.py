"""Options: model, output format, and settings of voices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from segue.speech.core.catalogue import Range
from segue.speech.engines.elevenlabs.models import MODELS, SpeechModel
from segue.speech.engines.http.options import FEWEST_INPUT_CHARS, HttpOptions, digest_of
from segue.speech.engines.http.presets import Preset, check_language, family_of, read_presets
from segue.speech.engines.options import read_options

ELEVENLABS = "https://api.elevenlabs.io"
SPEEDS = Range(0.7, 1.2)
_KEY_ENV = "ELEVENLABS_API_KEY"
_RATES_HZ = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_NORMALIZATIONS = ("", "auto", "on", "off")
_MOST_DICTIONARIES = 3
_MOST_SEED = 2**32 - 1
_DICTIONARY_FIELDS = frozenset({"pronunciation_dictionary_id", "version_id"})
_RATIOS = ("stability", "similarity_boost", "style")
_SETTINGS = (*_RATIOS, "use_speaker_boost")


@dataclass(frozen=True, slots=True, kw_only=True)
class ElevenLabsPreset(Preset):
    """A voice with settings of its own, which override the engine's.

    They are ElevenLabs' settings, 0 to 1. None leaves the value that is stored with the voice.
    """

    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    use_speaker_boost: bool | None = None

    def __post_init__(self) -> None:
        Preset.__post_init__(self)  # super() does not work in a class with slots that is made anew
        settings_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ElevenLabsOptions(HttpOptions):
    """Where the service is and how to call it.

    ``sample_rate_hz`` is the requested rate (``pcm_24000``); 44,100 and 48,000 need a plan that includes them.
    ``language`` is that of voices without one. ``stability`` and the three fields after it are ElevenLabs'
    settings of a voice. ``voices`` defines voices with their language, gender and settings. ``unlisted_voices``
    allows ids that the account does not list, such as those of the public library. ``seed`` requests the same
    sound each time. ``dictionaries`` are ElevenLabs' locators of pronunciation dictionaries.
    ``text_normalization`` is ``auto``, ``on``, ``off`` or empty. ``logging`` False requests zero retention.
    ``max_input_chars`` 0: the known limit of the model.
    """

    base_url: str = ELEVENLABS
    model: str = "eleven_multilingual_v2"
    language: str = "en-US"
    sample_rate_hz: int = 24_000
    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    use_speaker_boost: bool | None = None
    seed: int | None = None
    dictionaries: tuple[object, ...] = ()
    text_normalization: str = ""
    logging: bool = True
    max_input_chars: int = 0
    voices: Mapping[str, object] = field(default_factory=dict)
    unlisted_voices: bool = False

    def __post_init__(self) -> None:
        HttpOptions.__post_init__(self)  # super() does not work in a class with slots that is made anew
        check_language(self.language)
        if not self.model:
            raise ValueError("model must not be empty")
        if self.sample_rate_hz not in _RATES_HZ:
            raise ValueError(f"sample_rate_hz must be one of {', '.join(map(str, _RATES_HZ))}")
        if self.text_normalization not in _NORMALIZATIONS:
            raise ValueError("text_normalization must be auto, on, off or empty")
        if self.seed is not None and not 0 <= self.seed <= _MOST_SEED:
            raise ValueError(f"seed must be 0 to {_MOST_SEED}")
        if self.max_input_chars and self.max_input_chars < FEWEST_INPUT_CHARS:
            raise ValueError(f"max_input_chars must be 0, or at least {FEWEST_INPUT_CHARS}")
        _check_dictionaries(self.dictionaries)
        settings_of(self)
        self._check_languages()

    def _check_languages(self) -> None:
        """Checks languages, because the model would read an unsupported one as another."""
        for name, preset in self.presets().items():
            if preset.language and not self.known.speaks(preset.language):
                raise ValueError(f"voices.{name}: {self.model} does not speak {preset.language}")
        if not self.known.speaks(self.language):
            raise ValueError(f"{self.model} does not speak {self.language}: set language, or another model")

    @classmethod
    def read(cls, options: Mapping[str, object]) -> ElevenLabsOptions:
        """The options from a catalogue. ElevenLabs' own key is read from where its client reads it.

        Raises:
            TypeError: an option has the wrong type.
            ValueError: an option is unknown, out of range, or contradicts another.
        """
        found = read_options(cls, options)
        if (
            httpx.URL(found.base_url).host == httpx.URL(ELEVENLABS).host
            and not found.key_env
            and not found.key_file
        ):
            return replace(found, key_env=_KEY_ENV)
        return found

    def presets(self) -> dict[str, ElevenLabsPreset]:
        return read_presets(ElevenLabsPreset, self.voices)

    @property
    def known(self) -> SpeechModel:
        return MODELS.get(self.model, SpeechModel())

    @property
    def most_chars(self) -> int:
        return self.max_input_chars or self.known.max_chars

    @property
    def family(self) -> str:
        return family_of(self.model)

    @property
    def version(self) -> str:
        """The model, and a digest of all options that change the sound."""
        return f"{self.model}-{digest_of(self)}"


def _check_dictionaries(dictionaries: tuple[object, ...]) -> None:
    if len(dictionaries) > _MOST_DICTIONARIES:
        raise ValueError(
            f"the option dictionaries may have at most {_MOST_DICTIONARIES} entries, not {len(dictionaries)}"
        )
    for entry in dictionaries:
        if not isinstance(entry, Mapping) or not set(entry) <= _DICTIONARY_FIELDS or len(entry) == 0:
            raise ValueError("dictionaries must contain pronunciation_dictionary_id and, if wanted, version_id")


def settings_of(holder: ElevenLabsPreset | ElevenLabsOptions) -> dict[str, Any]:
    """The settings that are set, with the API's names. Raises ValueError if one is out of range."""
    found = {name: value for name in _SETTINGS if (value := getattr(holder, name)) is not None}
    for name in _RATIOS:
        if not 0 <= found.get(name, 0) <= 1:
            raise ValueError(f"{name} must be 0 to 1, not {found[name]:g}")
    return found
