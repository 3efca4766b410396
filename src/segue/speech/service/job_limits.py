"""Limits for one job, for one caller and for all jobs together: number, bytes on disk, seconds of audio."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.kernel.arms import UnitSource
from segue.kernel.errors import InvalidRequest, Overloaded
from segue.kernel.units import BYTES_PER_SAMPLE_S16
from segue.speech.core.speech import Container
from segue.speech.core.text.pace import plausible_duration
from segue.speech.ports.jobs import JobSize

if TYPE_CHECKING:
    from segue.speech.core.speech import AudioFormat, SpeechRequest
    from segue.speech.ports.jobs import JobUsage

GIB = 1024**3
_MIB = 1024**2
_HOUR_S = 3600.0

_USUAL_RATE_HZ = 24_000
_USUAL_BIT_RATE_BPS = 64_000
_TELEPHONE_RATE_HZ = 8_000
_WHOLE = (Container.WAV, Container.PCM, Container.FLAC)
_TELEPHONE = (Container.ALAW, Container.MULAW)
_DIGEST_BYTES = 16
_RETRY_PLACE_S = 30.0
_RETRY_ROOM_S = 600.0


_ONE = JobSize(2 * GIB, 12 * _HOUR_S)
_BY_CALLER = JobSize(4 * GIB, 48 * _HOUR_S)
_IN_ALL = JobSize(16 * GIB, 192 * _HOUR_S)


@dataclass(frozen=True, slots=True)
class JobLimits:
    """Sizes include stored jobs and jobs in progress of all workers.

    ``places`` is the number of a caller's jobs that are not over.
    """

    places: int = 8
    one: JobSize = _ONE
    by_caller: JobSize = _BY_CALLER
    in_all: JobSize = _IN_ALL


def caller_of(request: SpeechRequest, client: str, salt: str) -> str:
    """The caller of a job: the request's unit if it names one, else the address ``client``.

    It is a digest, so that the job's record identifies nobody.
    """
    unit = request.unit
    name = client if unit.source is UnitSource.RANDOM else f"{unit.source}:{unit.identity}"
    return hashlib.blake2b(name.encode(), digest_size=_DIGEST_BYTES, key=salt.encode()[:64]).hexdigest()


def expected_size(request: SpeechRequest, limits: JobLimits) -> JobSize:
    """The estimated size of the job, which never exceeds the limit.

    Raises:
        InvalidRequest: even when read as fast as is plausible, the text is longer than a job may be.
    """
    controls = request.controls
    bounds = plausible_duration(request.text, controls.rate_ratio)
    pauses_s = sum(pause.length_ms for pause in controls.pauses) / 1000
    shortest_s, usual_s = bounds.shortest_s + pauses_s, bounds.usual_s + pauses_s
    shortest = JobSize(round(shortest_s * _bytes_per_s(request.audio_format)), shortest_s)
    if shortest.exceeds(limits.one):
        raise InvalidRequest(
            f"the text needs at least {_told(shortest)}, but a job may have {_told(limits.one)}; split the text",
            field="text",
        )
    expected_s = min(usual_s, limits.one.audio_s)
    expected_bytes = round(usual_s * _bytes_per_s(request.audio_format))
    return JobSize(min(expected_bytes, limits.one.size_bytes), expected_s)


def check_room(usage: JobUsage, expected: JobSize, limits: JobLimits) -> None:
    """Raises Overloaded if the job would exceed the limits of the caller or of all jobs."""
    if usage.places >= limits.places:
        raise Overloaded(
            f"you have {usage.places} unfinished long texts, and the limit is {limits.places}; "
            "wait until one is done, or cancel one",
            retry_after_s=_RETRY_PLACE_S,
        )
    if (usage.by_caller + expected).exceeds(limits.by_caller):
        raise Overloaded(
            f"your long texts take {_told(usage.by_caller)}, this one needs {_told(expected)}, and the limit for "
            f"one caller is {_told(limits.by_caller)}; wait until older ones are deleted",
            retry_after_s=_RETRY_ROOM_S,
        )
    if (usage.in_all + expected).exceeds(limits.in_all):
        raise Overloaded(
            f"all long texts together take {_told(usage.in_all)} of {_told(limits.in_all)}; "
            "try again when older ones have been deleted",
            retry_after_s=_RETRY_ROOM_S,
        )


def check_size(size: JobSize, limits: JobLimits) -> None:
    """Raises InvalidRequest if the audio of one job has become too large."""
    if size.exceeds(limits.one):
        raise InvalidRequest(
            f"the audio has reached {_told(size)}, but a job may have {_told(limits.one)}; split the text"
        )


def _bytes_per_s(wanted: AudioFormat) -> float:
    if wanted.container in _WHOLE:
        return (wanted.rate_hz or _USUAL_RATE_HZ) * BYTES_PER_SAMPLE_S16
    if wanted.container in _TELEPHONE:
        return wanted.rate_hz or _TELEPHONE_RATE_HZ
    return (wanted.bit_rate_bps or _USUAL_BIT_RATE_BPS) / 8


def _told(size: JobSize) -> str:
    return f"{size.size_bytes / _MIB:.0f} MiB and {size.audio_s / _HOUR_S:.1f} h of audio"
