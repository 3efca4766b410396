"""Long texts as jobs, and the interface of the store for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.kernel.ports.disk import Room


class JobState(StrEnum):
    """The state of a job. From ``queued`` and ``running``, a job can still reach any other state."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        return self not in (JobState.QUEUED, JobState.RUNNING)


class Job(msgspec.Struct, frozen=True):
    """One long text. Times are Unix time; ``updated_at_s`` is renewed regularly while a worker processes the job.

    ``said_chars`` of ``text_chars`` are in the audio, which has ``audio_s`` and ``audio_bytes`` so far. ``error``
    is a code of ``segue.kernel.errors``, and ``detail`` explains it. ``caller`` is a digest of the submitter's
    identity. ``worker`` is the name of the process that makes the job.
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
    caller: str = ""
    worker: str = ""


@dataclass(frozen=True, slots=True)
class JobSize:
    """A size in bytes on disk and in seconds of audio."""

    size_bytes: int
    audio_s: float

    def __add__(self, other: JobSize) -> JobSize:
        return JobSize(self.size_bytes + other.size_bytes, self.audio_s + other.audio_s)

    def exceeds(self, limit: JobSize) -> bool:
        return self.size_bytes > limit.size_bytes or self.audio_s > limit.audio_s


@dataclass(frozen=True, slots=True)
class JobUsage:
    """The size of all stored jobs of all workers. A job in progress counts with its expected size.

    ``places`` is the number of the caller's jobs that are not over.
    """

    places: int
    by_caller: JobSize
    in_all: JobSize


class JobStore(Protocol):
    """Stores jobs where every worker of this machine finds them.

    Methods block briefly for file access, and raise ``OSError`` if it fails.
    """

    @property
    def worker(self) -> str:
        """The name of this process, as other processes see it while it is alive."""
        ...

    @property
    def room(self) -> Room:
        """Whether its disk has free space."""
        ...

    def admit(self, job: Job, expected: JobSize, may: Callable[[JobUsage], None]) -> None:
        """Stores a new job, unless ``may`` raises for the usage before it. Only one job is admitted at a time."""
        ...

    def put(self, job: Job) -> None:
        """Replaces the record of the job, completely or not at all."""
        ...

    def get(self, job_id: str) -> Job | None: ...

    def is_lost(self, job: Job) -> bool:
        """Whether the process that made the job has ended."""
        ...

    def lost(self) -> Sequence[Job]:
        """All such jobs."""
        ...

    def create(self, job_id: str) -> BinaryIO:
        """Its audio file, empty and open for writing."""
        ...

    def audio(self, job_id: str) -> str:
        """The path of its audio file."""
        ...

    def read(self, job_id: str, start: int, most_bytes: int) -> bytes:
        """A part of its audio file."""
        ...

    def drop_audio(self, job_id: str) -> None:
        """Deletes its audio file, if there is one."""
        ...

    def forget(self, job_id: str) -> None:
        """Deletes everything that belongs to the job."""
        ...

    def ask_to_cancel(self, job_id: str) -> None:
        """Leaves a request to cancel for the worker that makes the job."""
        ...

    def is_to_cancel(self, job_id: str) -> bool: ...

    def close(self) -> None:
        """This process makes no more jobs. Others treat its unfinished jobs as lost."""
        ...

    def sweep(self, older_than_s: float) -> int:
        """Deletes some of the jobs that were last updated before that time.

        Returns the number: 0 if none are left.
        """
        ...
