"""The options of the program in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from segue.speech.core.catalogue import Capabilities, Range, Voice
from segue.speech.core.text.scripts import scripts_of_language
from segue.speech.engines.command import placeholders
from segue.speech.engines.options import read_options
from segue.speech.engines.samples import Layout, SampleFormat

NAME = "command"

_Positive = Annotated[float, Meta(gt=0)]
_Count = Annotated[int, Meta(ge=1)]
_Kind = Literal["invalid_request", "unsupported", "quota", "unavailable", "bad_audio", "internal"]


class VoiceOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One voice of the program. ``sent_as`` is the program's name for it; by default the voice's name."""

    language: Annotated[str, Meta(pattern="^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$")]
    label: str = ""
    gender: str | None = None
    sent_as: str = ""


class CommandOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fields are the options, which ``docs/engines/command.md`` explains."""

    arguments: Annotated[tuple[str, ...], Meta(min_length=1)]
    voices: Annotated[dict[str, VoiceOptions], Meta(min_length=1)]
    environment: dict[str, str] = {}
    pass_environment: tuple[str, ...] = ()
    directory: str = ""
    serve: Literal["each", "lines"] = "each"
    output: Literal["wav", "raw"] = "wav"
    rate_hz: Annotated[int, Meta(ge=8000, le=48_000)] | None = None
    encoding: Literal["s16", "f32"] = "s16"
    channels: Literal[1, 2] = 1
    places: _Count = 2
    streaming: bool = False
    rate_ratio: tuple[_Positive, _Positive] | None = None
    pitch_semitones: tuple[float, float] | None = None
    words_per_minute: _Positive = 175.0
    verbalizes: bool = True
    max_input_bytes: _Count | None = None
    max_sentence_chars: _Count | None = None
    timeout_s: _Positive = 30.0
    start_within_s: _Positive = 60.0
    finish_within_s: _Positive = 5.0
    stop_within_s: _Positive = 1.0
    max_output_bytes: _Count = 64 * 1024 * 1024
    max_audio_s: _Positive = 600.0
    exit_codes: dict[Annotated[int, Meta(ge=1, le=255)], _Kind] = {}
    family: str = NAME
    version: str = ""

    def __post_init__(self) -> None:
        self._refuse_wrong_output()
        self._refuse_wrong_placeholders()
        for option in ("rate_ratio", "pitch_semitones"):
            low, high = getattr(self, option) or (0.0, 0.0)
            if low > high:
                raise ValueError(f"{option} must be [lowest, highest], not [{low:g}, {high:g}]")

    @classmethod
    def read(cls, options: Mapping[str, object]) -> CommandOptions:
        """The options from a catalogue.

        Raises:
            ValueError: an option is missing, unknown, of another type, out of range, or contradicts another.
        """
        return read_options(cls, options)

    @property
    def raw_format(self) -> SampleFormat | None:
        """The format of bare samples; None if a WAV header contains it."""
        return None if self.rate_hz is None else SampleFormat(Layout(self.encoding), self.rate_hz, self.channels)

    @property
    def serves_lines(self) -> bool:
        return self.serve == "lines"

    def voice(self, name: str) -> Voice:
        """Raises KeyError."""
        options = self.voices[name]
        return Voice(
            name=name,
            engine=NAME,
            family=self.family,
            locale=options.language,
            scripts=scripts_of_language(options.language),
            label=options.label or name,
            capabilities=self._capabilities,
            gender=options.gender,
        )

    @property
    def _capabilities(self) -> Capabilities:
        return Capabilities(
            pitch_semitones=Range(*self.pitch_semitones) if self.pitch_semitones else None,
            rate_ratio=Range(*self.rate_ratio) if self.rate_ratio else None,
            streaming=self.streaming,
            max_input_bytes=self.max_input_bytes,
            max_sentence_chars=self.max_sentence_chars,
            verbalizes=self.verbalizes,
        )

    def _refuse_wrong_output(self) -> None:
        if self.output == "raw" and self.rate_hz is None:
            raise ValueError("output: raw needs rate_hz: bare samples do not say how fast they are")
        if self.output == "wav" and self.rate_hz is not None:
            raise ValueError("rate_hz may be set only with `output: raw`; a WAV file has its rate in its header")

    def _refuse_wrong_placeholders(self) -> None:
        """Checks that each declared control is passed on to the program, and that each control passed on is
        declared.
        """
        used = placeholders.names_in((*self.arguments, *self.environment.values()))
        if placeholders.names_in(self.arguments[:1]):
            raise ValueError("the first of `arguments` is the program and must not contain placeholders")
        if self.serves_lines:
            if used:
                raise ValueError(
                    "with `serve: lines`, arguments and environment must not contain placeholders, because each "
                    "request carries the values"
                )
            return
        for option, declared, names in (
            ("rate_ratio", self.rate_ratio, placeholders.RATES),
            ("pitch_semitones", self.pitch_semitones, placeholders.PITCHES),
        ):
            if declared and not used & names:
                raise ValueError(
                    f"{option} is set, but no argument or environment value passes it to the program: use "
                    f"{_one_of(names)}"
                )
            if not declared and used & names:
                raise ValueError(
                    f"the placeholder {_one_of(used & names)} needs its range: set {option}: [low, high]"
                )


def _one_of(names: frozenset[str]) -> str:
    return " or ".join(f"{{{name}}}" for name in sorted(names))
