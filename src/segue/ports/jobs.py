"""Long texts as jobs: what is known of one, and where that is kept."""

from __future__ import annotations

from enum import StrEnum
from typing import BinaryIO, Protocol

import msgspec


class JobState(StrEnum):
    """``queued`` and ``running`` may still end in any of the others."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        return self not in (JobState.QUEUED, JobState.RUNNING)


class Job(msgspec.Struct, frozen=True):
    """One long text. Times are Unix time; ``updated_at_s`` moves on while someone is at work on it.

    ``said_chars`` of ``text_chars`` are in the audio, which lasts ``audio_s`` and has ``audio_bytes`` so far.
    ``error`` is a code of ``segue.core.errors`` with ``detail`` in plain words.
    """

    id: str
    state: JobState
    character_key: str
    container: str
    text_chars: int
    created_at_s: float
    updated_at_s: float
    said_chars: int = 0
    audio_s: float = 0.0
    audio_bytes: int = 0
    arm: str = ""
    voice_model: str = ""
    voice_name: str = ""
    warnings: tuple[str, ...] = ()
    error: str | None = None
    detail: str | None = None


class JobShelf(Protocol):
    """Keeps jobs where every worker of this machine finds them. Methods block for a moment of file work."""

    def put(self, job: Job) -> None:
        """Replaces what is known of the job, whole or not at all."""
        ...

    def get(self, job_id: str) -> Job | None: ...

    def create(self, job_id: str) -> BinaryIO:
        """The file of its audio, empty and open for writing."""
        ...

    def audio(self, job_id: str) -> str:
        """The path of the file that its audio is written to."""
        ...

    def drop_audio(self, job_id: str) -> None:
        """Deletes the file of its audio, should there be one."""
        ...

    def forget(self, job_id: str) -> None:
        """Deletes all there is of it."""
        ...

    def ask_to_cancel(self, job_id: str) -> None:
        """Leaves word for whoever is at work on it."""
        ...

    def is_to_cancel(self, job_id: str) -> bool: ...

    def sweep(self, older_than_s: float) -> int:
        """Forgets jobs that were last touched before that moment, and says how many."""
        ...
