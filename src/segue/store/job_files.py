"""Jobs in a folder, one folder each: what is known, the audio, and the wish to cancel."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from segue.ports.jobs import Job

if TYPE_CHECKING:
    from pathlib import Path

_ID = re.compile(r"[0-9a-f]{32}")
_RECORD = "job.json"
_AUDIO = "audio"
_CANCEL = "cancel"
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Job)


class JobFiles:
    """Implements ``segue.ports.jobs.JobShelf``. Names that are no job's are nobody's: no path is made of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, job: Job) -> None:
        home = self._home(job.id)
        home.mkdir(parents=True, exist_ok=True)
        fresh = home / f"{_RECORD}.{os.getpid()}"
        try:
            fresh.write_bytes(_ENCODER.encode(job))
            fresh.replace(home / _RECORD)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise

    def get(self, job_id: str) -> Job | None:
        if not _ID.fullmatch(job_id):
            return None
        try:
            return _DECODER.decode((self._folder / job_id / _RECORD).read_bytes())
        except (OSError, msgspec.DecodeError):
            return None

    def create(self, job_id: str) -> BinaryIO:
        return (self._home(job_id) / _AUDIO).open("wb")

    def audio(self, job_id: str) -> str:
        return str(self._home(job_id) / _AUDIO)

    def drop_audio(self, job_id: str) -> None:
        (self._home(job_id) / _AUDIO).unlink(missing_ok=True)

    def forget(self, job_id: str) -> None:
        shutil.rmtree(self._home(job_id), ignore_errors=True)

    def ask_to_cancel(self, job_id: str) -> None:
        (self._home(job_id) / _CANCEL).touch()

    def is_to_cancel(self, job_id: str) -> bool:
        return (self._home(job_id) / _CANCEL).exists()

    def sweep(self, older_than_s: float) -> int:
        swept = 0
        with suppress(FileNotFoundError):
            for home in self._folder.iterdir():
                with suppress(OSError):
                    if _ID.fullmatch(home.name) and home.stat().st_mtime < older_than_s:
                        shutil.rmtree(home)
                        swept += 1
        return swept

    def _home(self, job_id: str) -> Path:
        if not _ID.fullmatch(job_id):
            raise ValueError("a job is named by 32 hex digits")
        return self._folder / job_id
