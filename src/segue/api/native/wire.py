"""Bodies of requests and responses."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from segue.api.fields import LanguageTag, Name
from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import NEUTRAL, Container, Controls, Pause, PhoneticAlphabet, Pronunciation
from segue.speech.core.text.marks import NAMED_PAUSES_MS
from segue.speech.core.text.written import TextFormat
from segue.speech.ports.jobs import Job, JobState

_MILLISECONDS = re.compile(r"([0-9]{1,5})ms")
_LONGEST_PAUSE_MS = 60_000

MAX_JOB_CHARS = 100_000

Key = Annotated[str, Meta(min_length=1, max_length=128)]


class PauseBody(msgspec.Struct, frozen=True):
    """``duration``: short (0.3 s), medium (0.5 s), long (1 s), or milliseconds such as ``750ms``."""

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
    """The request. Unknown fields cause a warning. With ``text_type`` ssml, the text is an SSML document.

    ``text_format`` is how other texts are read; by default as ``SEGUE_TEXT_FORMAT`` says.
    """

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
    language: LanguageTag | None = None
    audio_format: Container = Container.MP3
    text_type: Literal["text", "ssml"] = "text"
    text_format: TextFormat | None = None


class JobBody(SynthesizeBody, frozen=True):
    """The request for a long text, which is synthesized into one file."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_JOB_CHARS)]


class CatalogueCharacterBody(msgspec.Struct, frozen=True):
    key: str
    name: str
    voice_params: dict[str, float]


class SynthesizeAnswer(msgspec.Struct, frozen=True):
    """The response. ``duration`` in seconds, ``file_size`` in bytes; bytes are base64 in JSON.

    ``warnings`` lists what was not applied. ``remarks`` lists findings in new audio that did not cause an error.
    """

    url: str | None
    audio_base64: bytes | None
    duration: float
    file_size: int
    cached: bool
    source: str
    voice_model: str
    voice_name: str
    character: CatalogueCharacterBody
    arm: str
    assigned_arm: str
    reason: str
    fallback_error: str | None
    warnings: tuple[str, ...]
    remarks: tuple[str, ...]
    request_id: str


class ErrorAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """``field``: the missing or invalid part of the request, such as ``voice_controls.rate``, if there is one."""

    detail: str
    code: str
    request_id: str
    field: str | None = None


def controls_of(body: SynthesizeBody) -> Controls:
    """The body's controls; the object ``NEUTRAL`` if nothing is set.

    Raises:
        InvalidRequest: a pause has an invalid duration, or a position beyond the text.
    """
    wanted = body.voice_controls
    if wanted is None:
        return NEUTRAL
    pauses = tuple(_pause(item, len(body.text)) for item in wanted.pauses)
    controls = Controls(wanted.pitch, wanted.rate, wanted.volume, pauses)
    return NEUTRAL if controls == NEUTRAL else controls


def pronunciations_of(body: SynthesizeBody) -> tuple[Pronunciation, ...]:
    """The body's pronunciations; raises InvalidRequest for an unknown phonetic alphabet."""
    return tuple(
        Pronunciation(item.phrase, item.pronunciation, _alphabet(item.phonetic_encoding))
        for item in body.custom_pronunciations
    )


def _pause(item: PauseBody, text_chars: int) -> Pause:
    if item.position > text_chars:
        raise InvalidRequest(
            f"the pause at position {item.position} lies beyond the text, which has {text_chars} characters",
            field="voice_controls.pauses",
        )
    duration = item.duration.strip().lower()
    named = NAMED_PAUSES_MS.get(duration)
    if named is not None:
        return Pause(item.position, named, duration)
    exact = _MILLISECONDS.fullmatch(duration)
    if exact is None or int(exact[1]) > _LONGEST_PAUSE_MS:
        raise InvalidRequest(
            f"a pause must be short, medium, long, or from 0ms to {_LONGEST_PAUSE_MS}ms, not {item.duration!r}",
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
            f"unknown phonetic encoding {encoding!r}; supported: ipa, x-sampa", field="custom_pronunciations"
        ) from None


class JobAnswer(msgspec.Struct, frozen=True):
    """The current state of a job.

    ``progress`` runs from 0 to 1; ``duration`` (seconds) and ``file_size`` (bytes) describe the audio so far.
    ``url`` is the audio's address when the job is done. ``error`` and ``detail`` say why a job failed.
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


def _progress(job: Job) -> float:
    """Progress from 0 to 1. It is capped because the spoken text may be longer than the text that was sent."""
    if job.state is JobState.DONE:
        return 1.0
    return min(round(job.said_chars / max(job.text_chars, 1), 4), 1.0)


def job_answer(job: Job, base_url: str) -> JobAnswer:
    """The response for a job; ``base_url`` is the URL of the jobs."""
    home = f"{base_url}/{job.id}"
    return JobAnswer(
        id=job.id,
        status=job.state,
        progress=_progress(job),
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
