"""Options: server, model, and the model's capabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import httpx

from segue.speech.core.catalogue import Range
from segue.speech.core.speech import Container
from segue.speech.engines.http.formats import DECODED
from segue.speech.engines.http.options import FEWEST_INPUT_CHARS, HttpOptions, digest_of
from segue.speech.engines.http.presets import Preset, check_language, family_of, read_presets
from segue.speech.engines.options import read_options

OPENAI = "https://api.openai.com/v1"
_KEY_ENV = "OPENAI_API_KEY"
_WITHOUT_INSTRUCTIONS = ("tts-1", "tts-1-hd")
_MOST_INSTRUCTIONS_CHARS = 4096
_RATES_HZ = range(8_000, 48_001)
_SPEEDS = Range(0.25, 4.0)
_OURS = frozenset({"model", "input", "voice", "response_format", "speed", "instructions", "stream_format"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiPreset(Preset):
    """A voice with ``instructions`` of its own, which override the engine's."""

    instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiOptions(HttpOptions):
    """Where the server is and how to call it.

    ``format`` is the requested format: ``pcm``, ``wav`` or ``mp3``. ``sample_rate_hz`` is the rate of the server's
    ``pcm``, whose bytes do not contain it. ``min_speed`` and ``max_speed`` limit ``speed``; if both are 1, there
    is no such control. ``max_input_chars`` is the limit of one request. ``voices`` defines voices with their
    language, gender and instructions. ``unlisted_voices`` allows names that no list contains. ``extra`` is added
    to every request unchanged. ``verbalizes``: the model reads numbers, dates and units correctly for its
    language.
    """

    base_url: str = OPENAI
    model: str = ""
    language: str = "en-US"
    instructions: str = ""
    format: str = "pcm"
    sample_rate_hz: int = 24_000
    min_speed: float = _SPEEDS.low
    max_speed: float = _SPEEDS.high
    max_input_chars: int = 4096
    voices: Mapping[str, object] = field(default_factory=dict)
    unlisted_voices: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)
    verbalizes: bool = True

    def __post_init__(self) -> None:
        HttpOptions.__post_init__(self)  # super() does not work in a class with slots that is made anew
        check_language(self.language)
        if not self.model:
            raise ValueError("model must be named, such as tts-1 or kokoro")
        if self.format not in DECODED:
            raise ValueError(f"format must be {', '.join(DECODED)}, not {self.format!r}")
        if self.sample_rate_hz not in _RATES_HZ:
            raise ValueError(f"sample_rate_hz must be 8000 to 48000, not {self.sample_rate_hz}")
        if not 0 < self.min_speed <= 1 <= self.max_speed:
            raise ValueError("min_speed must be above 0 and at most 1, max_speed at least 1")
        if self.max_input_chars < FEWEST_INPUT_CHARS:
            raise ValueError(f"max_input_chars must be at least {FEWEST_INPUT_CHARS}, not {self.max_input_chars}")
        self._check_said()

    def _check_said(self) -> None:
        known = sorted(_OURS & set(self.extra))
        if known:
            raise ValueError(f"extra must not hold {', '.join(known)}: Segue sets them")
        said = [self.instructions, *(preset.instructions for preset in self.presets().values())]
        if max(map(len, said)) > _MOST_INSTRUCTIONS_CHARS:
            raise ValueError(f"instructions are at most {_MOST_INSTRUCTIONS_CHARS} characters")
        if any(said) and self.is_openai and self.model in _WITHOUT_INSTRUCTIONS:
            raise ValueError(f"{self.model} does not support instructions")

    @classmethod
    def read(cls, options: Mapping[str, object]) -> OpenAiOptions:
        """The options from a catalogue. OpenAI's own key is read from where its clients read it.

        Raises:
            TypeError: an option has the wrong type.
            ValueError: an option is unknown, out of range, or contradicts another.
        """
        found = read_options(cls, options)
        if found.is_openai and not found.key_env and not found.key_file:
            return replace(found, key_env=_KEY_ENV)
        return found

    def presets(self) -> dict[str, OpenAiPreset]:
        return read_presets(OpenAiPreset, self.voices)

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI itself, whose voices are known."""
        return httpx.URL(self.base_url).host == httpx.URL(OPENAI).host

    @property
    def container(self) -> Container:
        return Container(self.format)

    @property
    def family(self) -> str:
        return family_of(self.model)

    @property
    def speeds(self) -> Range | None:
        return Range(self.min_speed, self.max_speed) if self.min_speed < self.max_speed else None

    @property
    def version(self) -> str:
        """The model, and a digest of all options that change the sound."""
        return f"{self.model}-{digest_of(self)}"
