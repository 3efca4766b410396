"""What is said, by whom, and what comes out: the values that every other room speaks in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from segue.core.units import BYTES_PER_SAMPLE_F32, BYTES_PER_SAMPLE_S16


class Arm(StrEnum):
    """The two sides of a rollout."""

    BASELINE = "baseline"
    CANDIDATE = "candidate"

    @property
    def other(self) -> Arm:
        return Arm.CANDIDATE if self is Arm.BASELINE else Arm.BASELINE


class Container(StrEnum):
    """How encoded audio is wrapped."""

    WAV = "wav"
    MP3 = "mp3"
    OPUS = "opus"
    FLAC = "flac"
    PCM = "pcm"
    AAC = "aac"
    ALAW = "alaw"
    MULAW = "mulaw"


class PhoneticAlphabet(StrEnum):
    """Alphabets a pronunciation may be written in."""

    IPA = "ipa"
    X_SAMPA = "x-sampa"


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """What the caller wants to receive. ``rate_hz`` None keeps the voice's own sample rate.

    ``bit_rate_bps`` is for the containers that have one (MP3, Opus, AAC), None for their usual one.
    """

    container: Container = Container.MP3
    rate_hz: int | None = None
    bit_rate_bps: int | None = None


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """How to say one phrase."""

    phrase: str
    pronunciation: str
    alphabet: PhoneticAlphabet = PhoneticAlphabet.IPA


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence of ``length_ms`` before the character at ``position`` of the text.

    ``name`` is set where the caller named a length (``short``, ``medium``, ``long``) and did not give it in
    milliseconds: a voice may then use its own idea of it.
    """

    position: int
    length_ms: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` up to ``end`` of the text, said in a way of their own on top of the request's.

    Rates and volumes (amplitude) multiply, pitches add. ``pronunciation`` is of exactly these characters;
    ``say_as`` is SSML's ``interpret-as`` where the text still needs it, with its ``format`` behind a colon;
    ``language`` is BCP 47.
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


@dataclass(frozen=True, slots=True)
class Controls:
    """What the caller asks of the delivery, on top of the character's own.

    ``pitch_semitones`` -20..20, ``rate_ratio`` 0.25..4, ``volume_ratio`` 0..1 (amplitude).
    """

    pitch_semitones: float = 0.0
    rate_ratio: float = 1.0
    volume_ratio: float = 1.0
    pauses: tuple[Pause, ...] = ()
    spans: tuple[Span, ...] = ()

    def marked_by(self, marked: Marked) -> Controls:
        """The same, with a text's own pauses and spans."""
        return replace(self, pauses=marked.pauses, spans=marked.spans)


NEUTRAL = Controls()


class Loss(NamedTuple):
    """Something asked that is not done, or done otherwise. ``applied`` is empty where nothing was."""

    control: str
    wanted: str
    applied: str
    why: str

    def __str__(self) -> str:
        done = f"applied as {self.applied}" if self.applied else "not applied"
        return f"{self.control} {self.wanted} {done}: {self.why}"


class Marked(NamedTuple):
    """A text freed of its markup, and what the markup said. Positions count the characters of ``text``."""

    text: str
    pauses: tuple[Pause, ...] = ()
    spans: tuple[Span, ...] = ()
    losses: tuple[Loss, ...] = ()


class UnitSource(StrEnum):
    """Where the identity came from by which a request is assigned."""

    USER = "user"
    END_USER = "end_user"
    SESSION = "session"
    COOKIE = "cookie"
    KEY = "key"
    RANDOM = "random"


class Unit(NamedTuple):
    """Whom an assignment sticks to. ``identity`` never leaves the process in clear."""

    identity: str
    source: UnitSource


class SpeechRequest(NamedTuple):
    """One request, whichever door it came through.

    ``text`` is normalised, without markup; positions in ``controls`` count its characters. ``losses`` is what the
    door understood and could not take over. ``language`` (BCP 47) is set only where the caller named one.
    ``timeout_s`` is how long the caller waits for the answer. ``background``: nobody waits for it; it has one
    voice throughout, takes what listeners leave of an engine, and is no evidence of how an arm does for them.
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


@dataclass(frozen=True, slots=True)
class Utterance:
    """What an engine is asked to say, in terms it has said that it understands.

    ``rate_ratio`` 1 is the voice's own pace. ``pauses`` and ``spans`` are set only for voices whose capabilities
    name them. ``character_key`` is a label; engines do not interpret it.
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


@dataclass(frozen=True, slots=True)
class Manner:
    """All but the text that can change the sound: engine, voice, delivery, format.

    ``rate_ratio`` and ``pitch_semitones`` are the engine's; ``stretch_ratio`` (faster above 1) and
    ``shift_semitones`` are what signal processing adds where the engine cannot. ``level_lufs`` is the loudness
    that the audio is brought to, None for the engine's own. ``pauses`` and ``spans`` count in the text's
    characters.
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
    """A text and the manner it is said in: what the cache key covers, every field of it."""

    manner: Manner
    text: str

    def utterance(self, character_key: str = "") -> Utterance:
        """What the engine is asked; volume and format are not its affair."""
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
    """How samples are laid out in memory; both little-endian, mono."""

    S16 = "s16"
    F32 = "f32"


_SAMPLE_BYTES = {SampleEncoding.S16: BYTES_PER_SAMPLE_S16, SampleEncoding.F32: BYTES_PER_SAMPLE_F32}


@dataclass(frozen=True, slots=True)
class Pcm:
    """Mono samples as an engine made them; a stream is a sequence of these."""

    data: bytes
    rate_hz: int
    encoding: SampleEncoding = SampleEncoding.S16

    def __post_init__(self) -> None:
        if self.rate_hz < 1:
            raise ValueError(f"a sample rate is at least 1 Hz, not {self.rate_hz}")

    @property
    def sample_count(self) -> int:
        return len(self.data) // _SAMPLE_BYTES[self.encoding]

    @property
    def duration_s(self) -> float:
        return self.sample_count / self.rate_hz


@dataclass(frozen=True, slots=True)
class EncodedAudio:
    """Bytes a player can play. ``etag`` is a digest of ``data``, as hex."""

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
