"""The basic values of speech: requests, controls, utterances and audio."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.arms import Arm, Unit
from segue.kernel.units import BYTES_PER_SAMPLE_F32, BYTES_PER_SAMPLE_S16

if TYPE_CHECKING:
    from collections.abc import Sequence


class Container(StrEnum):
    """The container of encoded audio."""

    WAV = "wav"
    MP3 = "mp3"
    OPUS = "opus"
    FLAC = "flac"
    PCM = "pcm"
    AAC = "aac"
    ALAW = "alaw"
    MULAW = "mulaw"


class PhoneticAlphabet(StrEnum):
    """The alphabets in which a pronunciation can be written."""

    IPA = "ipa"
    X_SAMPA = "x-sampa"


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """The audio format that the caller wants. With ``rate_hz`` None, the voice's own sample rate is kept.

    ``bit_rate_bps`` applies to containers that have a bit rate (MP3, Opus, AAC); None for their default.
    """

    container: Container = Container.MP3
    rate_hz: int | None = None
    bit_rate_bps: int | None = None

    def is_that_of(self, container: Container, rate_hz: int) -> bool:
        """Whether audio with this container and rate has the wanted format and needs no encoding."""
        return self.container is container and self.rate_hz in (None, rate_hz) and self.bit_rate_bps is None


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """The pronunciation of one phrase."""

    phrase: str
    pronunciation: str
    alphabet: PhoneticAlphabet = PhoneticAlphabet.IPA


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence of ``length_ms`` before the character at ``position`` of the text.

    ``name`` is set if the caller gave a name (``short``, ``medium``, ``long``) instead of milliseconds. A voice
    may then use its own length for it.
    """

    position: int
    length_ms: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` up to ``end`` of the text with settings of their own, in addition to the request's.

    Rates and volumes (amplitude) multiply, pitches add. ``pronunciation`` applies to exactly these characters.
    ``say_as`` is SSML's ``interpret-as``, if the text still needs it, with its ``format`` after a colon.
    ``language`` is BCP 47. ``as_is``: the author wrote exactly what is to be said, so nothing is replaced with
    words.
    """

    start: int
    end: int
    rate_ratio: float = 1.0
    pitch_semitones: float = 0.0
    volume_ratio: float = 1.0
    emphasis: str = ""
    pronunciation: Pronunciation | None = None
    say_as: str = ""
    language: str | None = None
    as_is: bool = False


@dataclass(frozen=True, slots=True)
class Controls:
    """The caller's settings, in addition to the character's own.

    ``pitch_semitones`` -20 to 20, ``rate_ratio`` 0.25 to 4, ``volume_ratio`` 0 to 1 (amplitude).
    """

    pitch_semitones: float = 0.0
    rate_ratio: float = 1.0
    volume_ratio: float = 1.0
    pauses: tuple[Pause, ...] = ()
    spans: tuple[Span, ...] = ()

    def marked_by(self, marked: Marked) -> Controls:
        """The same controls with the pauses and spans of a text."""
        return replace(self, pauses=marked.pauses, spans=marked.spans)


NEUTRAL = Controls()


class Loss(NamedTuple):
    """Something that was requested and is not done, or is done differently.

    ``applied`` is empty if nothing was done.
    """

    control: str
    wanted: str
    applied: str
    why: str

    def __str__(self) -> str:
        done = f"applied as {self.applied}" if self.applied else "not applied"
        return f"{self.control} {self.wanted} {done}: {self.why}"


class Marked(NamedTuple):
    """A text without its markup, and the pauses, spans and losses that the markup gave.

    Positions refer to ``text``.
    """

    text: str
    pauses: tuple[Pause, ...] = ()
    spans: tuple[Span, ...] = ()
    losses: tuple[Loss, ...] = ()


class SpeechRequest(NamedTuple):
    """One request, independent of the API that received it.

    ``text`` is normalized and has no markup; positions in ``controls`` refer to it. ``losses`` lists what the API
    understood but could not apply. ``language`` (BCP 47) is set only if the caller gave one. ``timeout_s`` is how
    long the caller waits for the response. ``background``: no caller waits for it. It then has one voice
    throughout, uses only the capacity that listeners leave, and is not evidence about an arm. ``key_name`` is the
    name of the caller's API key, for the record only.
    """

    text: str
    character_key: str
    unit: Unit
    request_id: str
    dialect: str
    audio_format: AudioFormat
    controls: Controls = NEUTRAL
    pronunciations: tuple[Pronunciation, ...] = ()
    language: str | None = None
    forced_arm: Arm | None = None
    cache_enabled: bool = True
    timeout_s: float = 15.0
    losses: tuple[Loss, ...] = ()
    background: bool = False
    key_name: str = ""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What an engine is asked to say, with only those features that the voice supports.

    ``rate_ratio`` 1 is the voice's own pace. ``pauses`` and ``spans`` are set only for voices whose capabilities
    include them. ``character_key`` is a label that engines do not interpret. ``background``: no caller waits for
    it, so an engine that runs on this machine gives other calls precedence.
    """

    text: str
    voice: str
    language: str
    rate_ratio: float = 1.0
    pitch_semitones: float = 0.0
    pronunciations: tuple[Pronunciation, ...] = ()
    character_key: str = ""
    pauses: tuple[Pause, ...] = ()
    spans: tuple[Span, ...] = ()
    background: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """Everything except the text that can change the sound: engine, voice, delivery, format.

    ``rate_ratio`` and ``pitch_semitones`` are sent to the engine. ``stretch_ratio`` (faster above 1) and
    ``shift_semitones`` are applied by signal processing if the engine cannot do so. ``level_lufs`` is the target
    loudness; None leaves the loudness unchanged. The positions of ``pauses`` and ``spans`` refer to the text.
    """

    engine: str
    engine_version: str
    voice: str
    language: str
    audio_format: AudioFormat
    rate_ratio: float = 1.0
    pitch_semitones: float = 0.0
    volume_ratio: float = 1.0
    pronunciations: tuple[Pronunciation, ...] = ()
    stretch_ratio: float = 1.0
    shift_semitones: float = 0.0
    level_lufs: float | None = None
    pauses: tuple[Pause, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class ResolvedRequest:
    """A text and how it is said. The cache key covers every field."""

    manner: Manner
    text: str

    def utterance(self, character_key: str = "") -> Utterance:
        """What the engine is asked to say. Volume and format are applied later, so they are not part of it."""
        manner = self.manner
        return Utterance(
            self.text,
            manner.voice,
            manner.language,
            manner.rate_ratio,
            manner.pitch_semitones,
            manner.pronunciations,
            character_key,
        )


class SampleEncoding(StrEnum):
    """The layout of samples in memory. Both are little-endian and mono."""

    S16 = "s16"
    F32 = "f32"


_SAMPLE_BYTES = {SampleEncoding.S16: BYTES_PER_SAMPLE_S16, SampleEncoding.F32: BYTES_PER_SAMPLE_F32}


class Original(NamedTuple):
    """The bytes from which samples were decoded, in the container in which they came.

    The file is mono, its sizes are true, and players accept it.
    """

    data: bytes
    container: Container


def joined(originals: Sequence[Original | None]) -> Original | None:
    """The bytes of all in order; None if one of them is missing."""
    there = [original for original in originals if original is not None]
    if not there or len(there) < len(originals):
        return None
    return there[0]._replace(data=b"".join([original.data for original in there]))


@dataclass(frozen=True, slots=True)
class Pcm:
    """Mono samples from an engine. A stream is a sequence of these.

    ``original`` is set if the samples came in a file that may be sent to a caller unchanged. The originals of a
    stream, joined, are the whole file; the bytes of one may arrive earlier than their samples.
    """

    data: bytes
    rate_hz: int
    encoding: SampleEncoding = SampleEncoding.S16
    original: Original | None = None

    def __post_init__(self) -> None:
        if self.rate_hz < 1:
            raise ValueError(f"invalid sample rate: {self.rate_hz}; expected at least 1 Hz")

    @property
    def sample_count(self) -> int:
        return len(self.data) // _SAMPLE_BYTES[self.encoding]

    @property
    def duration_s(self) -> float:
        return self.sample_count / self.rate_hz


@dataclass(frozen=True, slots=True)
class EncodedAudio:
    """Encoded audio that a player can play. ``etag`` is a digest of ``data`` in hex."""

    data: bytes
    container: Container
    rate_hz: int
    duration_s: float
    etag: str


CONTENT_TYPES = {
    Container.WAV: "audio/wav",
    Container.MP3: "audio/mpeg",
    Container.OPUS: "audio/ogg",
    Container.FLAC: "audio/flac",
    Container.PCM: "audio/pcm",
    Container.AAC: "audio/aac",
    Container.ALAW: "audio/PCMA",
    Container.MULAW: "audio/basic",
}
