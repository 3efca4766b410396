"""Jobs in a folder: one folder each for the record, the audio and the request to cancel, and one index for all."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from threading import get_ident
from typing import TYPE_CHECKING, BinaryIO

import msgspec
import structlog

from segue.kernel.ports.disk import EndlessRoom
from segue.speech.jobs.index import JobIndex
from segue.speech.jobs.live_workers import LiveWorkers
from segue.speech.ports.jobs import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from segue.kernel.ports.disk import Room
    from segue.speech.ports.jobs import JobSize, JobUsage

_ID = re.compile(r"[0-9a-f]{32}")
_RECORD = "job.json"
_AUDIO = "audio"
_CANCEL = "cancel"
_INDEX = "index.db"
_WORKERS = "workers"
_SWEPT_AT_ONCE = 50
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Job)


class JobFiles:
    """Implements ``segue.speech.ports.jobs.JobStore``.

    An invalid id is treated like that of an unknown job; no path is built from it.
    """

    def __init__(self, folder: Path, room: Room | None = None) -> None:
        self.room: Room = room or EndlessRoom()
        self._folder = folder
        self._index = JobIndex(folder / _INDEX, self._all)
        self._workers = LiveWorkers(folder / _WORKERS)
        self._log = structlog.get_logger("segue.store")

    @property
    def worker(self) -> str:
        """The name of this process.

        Empty if the file system has no locks; a job then counts as lost if it is not updated for a long time.
        """
        try:
            return self._workers.own_name()
        except OSError as error:
            self._log.warning(
                "worker_not_locked", error=error.strerror, effect="if it dies, its jobs fail a minute later"
            )
            return ""

    def admit(self, job: Job, expected: JobSize, may: Callable[[JobUsage], None]) -> None:
        self._index.admit(job, expected, may)
        try:
            self._write(job)
        except OSError:
            self.forget(job.id)
            raise

    def put(self, job: Job) -> None:
        if job.worker and not job.state.over:
            _ = self.worker  # creates the lock again if it was removed, so that this worker counts as alive
        self._write(job)
        try:
            self._index.put(job)
        except OSError as error:
            self._log.warning(
                "job_not_indexed", job=job.id, error=error.strerror, effect="its old size still counts"
            )

    def get(self, job_id: str) -> Job | None:
        if not _ID.fullmatch(job_id):
            return None
        try:
            return _DECODER.decode((self._folder / job_id / _RECORD).read_bytes())
        except (OSError, msgspec.DecodeError):
            return None

    def is_lost(self, job: Job) -> bool:
        return bool(job.worker) and not self._workers.is_alive(job.worker)

    def lost(self) -> Sequence[Job]:
        under_way = self._index.under_way() if self._folder.is_dir() else ()
        alive = {
            worker: self._workers.is_alive(worker) for worker in {worker for _, worker in under_way} if worker
        }
        found = []
        for job_id, worker in under_way:
            if alive.get(worker, True):
                continue
            job = self.get(job_id)
            if job is None:
                self._index.forget(job_id)  # its files do not exist any more
            elif job.state.over:
                self._index.put(job)
            else:
                found.append(job)
        return found

    def create(self, job_id: str) -> BinaryIO:
        return (self._home(job_id) / _AUDIO).open("wb")

    def audio(self, job_id: str) -> str:
        return str(self._home(job_id) / _AUDIO)

    def read(self, job_id: str, start: int, most_bytes: int) -> bytes:
        with (self._home(job_id) / _AUDIO).open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(most_bytes)

    def drop_audio(self, job_id: str) -> None:
        (self._home(job_id) / _AUDIO).unlink(missing_ok=True)

    def forget(self, job_id: str) -> None:
        shutil.rmtree(self._home(job_id), ignore_errors=True)
        self._index.forget(job_id)

    def ask_to_cancel(self, job_id: str) -> None:
        (self._home(job_id) / _CANCEL).touch()

    def is_to_cancel(self, job_id: str) -> bool:
        return (self._home(job_id) / _CANCEL).exists()

    def sweep(self, older_than_s: float) -> int:
        old = self._index.older_than(older_than_s, _SWEPT_AT_ONCE) if self._folder.is_dir() else ()
        for job_id in old:
            shutil.rmtree(self._home(job_id), ignore_errors=True)
        if old:
            self._index.forget(*old)
        return len(old)

    def close(self) -> None:
        self._workers.close()

    def _write(self, job: Job) -> None:
        home = self._home(job.id)
        home.mkdir(parents=True, exist_ok=True)
        fresh = home / f"{_RECORD}.{os.getpid()}.{get_ident()}"
        try:
            fresh.write_bytes(_ENCODER.encode(job))
            fresh.replace(home / _RECORD)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise

    def _all(self) -> Iterator[Job]:
        """Every job. One whose record cannot be read is included, so that it is removed when it is old enough."""
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._folder):
                if _ID.fullmatch(entry.name):
                    yield self.get(entry.name) or _unreadable(entry)

    def _home(self, job_id: str) -> Path:
        if not _ID.fullmatch(job_id):
            raise ValueError("invalid job id; expected 32 hex digits")
        return self._folder / job_id


def _unreadable(entry: os.DirEntry[str]) -> Job:
    touched_at_s = entry.stat().st_mtime
    return Job(entry.name, JobState.FAILED, "", "", 0, touched_at_s, touched_at_s)
