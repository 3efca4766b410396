"""What is sent and answered on the wire."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from segue.core.errors import InvalidRequest
from segue.core.speech import NEUTRAL, Container, Controls, Pause, PhoneticAlphabet, Pronunciation
from segue.core.text.marks import NAMED_PAUSES_MS
from segue.ports.jobs import Job, JobState

_MILLISECONDS = re.compile(r"([0-9]{1,5})ms")
_LONGEST_PAUSE_MS = 60_000

MAX_JOB_CHARS = 100_000

Key = Annotated[str, Meta(min_length=1, max_length=128)]
Name = Annotated[str, Meta(max_length=256)]


class PauseBody(msgspec.Struct, frozen=True):
    """``duration``: short (0.3 s), medium (0.5 s), long (1 s) or milliseconds, as ``750ms``."""

    position: Annotated[int, Meta(ge=0, le=MAX_JOB_CHARS)]
    duration: Annotated[str, Meta(max_length=16)] = "medium"


class VoiceControls(msgspec.Struct, frozen=True):
    """``pitch`` in semitones, ``rate`` and ``volume`` as ratios."""

    pitch: Annotated[float, Meta(ge=-20, le=20)] = 0.0
    rate: Annotated[float, Meta(ge=0.25, le=4)] = 1.0
    volume: Annotated[float, Meta(ge=0, le=1)] = 1.0
    pauses: Annotated[list[PauseBody], Meta(max_length=100)] = []


class CustomPronunciation(msgspec.Struct, frozen=True):
    phrase: Annotated[str, Meta(min_length=1, max_length=200)]
    pronunciation: Annotated[str, Meta(min_length=1, max_length=500)]
    phonetic_encoding: Annotated[str, Meta(max_length=64)] = "ipa"


class SynthesizeBody(msgspec.Struct, frozen=True):
    """The request. Fields that are not listed are warned of. ``text_type`` ssml: the text is an SSML document."""

    text: Annotated[str, Meta(min_length=1, max_length=5000)]
    character_key: Key
    audio_type: Name = "ai_response"
    cache_enabled: bool = True
    return_format: Literal["url", "base64"] = "url"
    custom_pronunciations: Annotated[list[CustomPronunciation], Meta(max_length=100)] = []
    voice_controls: VoiceControls | None = None
    force_voice_model: Name | None = None
    user_id: Name | None = None
    session_id: Name | None = None
    language: Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)] | None = None
    audio_format: Container = Container.MP3
    text_type: Literal["text", "ssml"] = "text"


class JobBody(SynthesizeBody, frozen=True):
    """The same for a long text, which is made into one file."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_JOB_CHARS)]


class CharacterBody(msgspec.Struct, frozen=True):
    key: str
    name: str
    voice_params: dict[str, float]


class SynthesizeAnswer(msgspec.Struct, frozen=True):
    """The answer. ``duration`` in seconds, ``file_size`` in bytes; bytes are base64 in JSON.

    ``warnings`` says what was not applied; ``remarks`` what listening to new audio noticed without refusing it.
    """

    url: str | None
    audio_base64: bytes | None
    duration: float
    file_size: int
    cached: bool
    source: str
    voice_model: str
    voice_name: str
    character: CharacterBody
    arm: str
    assigned_arm: str
    reason: str
    fallback_error: str | None
    warnings: tuple[str, ...]
    remarks: tuple[str, ...]
    request_id: str


class ErrorAnswer(msgspec.Struct, frozen=True):
    detail: str
    code: str
    request_id: str


def controls_of(body: SynthesizeBody) -> Controls:
    """The body's controls; the very ``NEUTRAL`` where they ask for nothing.

    Raises:
        InvalidRequest: a pause of a length that is none, or beyond the text.
    """
    wanted = body.voice_controls
    if wanted is None:
        return NEUTRAL
    pauses = tuple(_pause(item, len(body.text)) for item in wanted.pauses)
    controls = Controls(wanted.pitch, wanted.rate, wanted.volume, pauses)
    return NEUTRAL if controls == NEUTRAL else controls


def pronunciations_of(body: SynthesizeBody) -> tuple[Pronunciation, ...]:
    """Raises InvalidRequest for an alphabet that nobody reads."""
    return tuple(
        Pronunciation(item.phrase, item.pronunciation, _alphabet(item.phonetic_encoding))
        for item in body.custom_pronunciations
    )


def _pause(item: PauseBody, text_chars: int) -> Pause:
    if item.position > text_chars:
        raise InvalidRequest(
            f"a pause at {item.position} lies beyond the text's {text_chars} characters",
            field="voice_controls.pauses",
        )
    named = NAMED_PAUSES_MS.get(item.duration)
    if named is not None:
        return Pause(item.position, named, item.duration)
    exact = _MILLISECONDS.fullmatch(item.duration)
    if exact is None or int(exact[1]) > _LONGEST_PAUSE_MS:
        raise InvalidRequest(
            f"a pause lasts short, medium, long, or 0ms to {_LONGEST_PAUSE_MS}ms, not {item.duration!r}",
            field="voice_controls.pauses",
        )
    return Pause(item.position, int(exact[1]))


def _alphabet(encoding: str) -> PhoneticAlphabet:
    """``ipa``, ``x-sampa``, and Google's names for them."""
    plain = encoding.lower().removeprefix("phonetic_encoding_").replace("_", "-")
    try:
        return PhoneticAlphabet(plain)
    except ValueError:
        raise InvalidRequest(
            f"unknown phonetic encoding {encoding!r}; known: ipa, x-sampa", field="custom_pronunciations"
        ) from None


class JobAnswer(msgspec.Struct, frozen=True):
    """A job, as far as it is. ``progress`` runs from 0 to 1; ``duration`` (seconds) and ``file_size`` (bytes) are
    the audio's so far. ``url`` is where it is once the job is done. ``error`` and ``detail`` say why it failed.
    """

    id: str
    status: JobState
    progress: float
    character_key: str
    audio_format: str
    text_length: int
    created_at: float
    updated_at: float
    duration: float
    file_size: int
    url: str | None
    status_url: str
    events_url: str
    arm: str | None
    voice_model: str | None
    voice_name: str | None
    warnings: tuple[str, ...]
    error: str | None
    detail: str | None


def job_answer(job: Job, base_url: str) -> JobAnswer:
    """What is told of a job, under the address of the jobs."""
    home = f"{base_url}/{job.id}"
    return JobAnswer(
        id=job.id,
        status=job.state,
        progress=round(job.said_chars / job.text_chars, 4),
        character_key=job.character_key,
        audio_format=job.container,
        text_length=job.text_chars,
        created_at=job.created_at_s,
        updated_at=job.updated_at_s,
        duration=job.audio_s,
        file_size=job.audio_bytes,
        url=f"{home}/audio" if job.state is JobState.DONE else None,
        status_url=home,
        events_url=f"{home}/events",
        arm=job.arm or None,
        voice_model=job.voice_model or None,
        voice_name=job.voice_name or None,
        warnings=job.warnings,
        error=job.error,
        detail=job.detail,
    )
