"""An index for questions about all jobs, without opening each: usage by caller, work in progress, old jobs.

It is derived from the jobs' own files, and rebuilt from them if it is missing or damaged. No data is lost with it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from segue.kernel.sqlite_wal import switch_on_wal
from segue.speech.ports.jobs import JobSize, JobState, JobUsage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from segue.speech.ports.jobs import Job

_BUSY_TIMEOUT_S = 10.0
_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, caller TEXT NOT NULL, worker TEXT NOT NULL, is_over INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL, audio_s REAL NOT NULL, touched_at_s REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jobs_by_caller ON jobs (caller, is_over, size_bytes, audio_s);
CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (touched_at_s);
CREATE INDEX IF NOT EXISTS jobs_under_way ON jobs (worker) WHERE NOT is_over;
"""
_PUT = """
INSERT INTO jobs VALUES (:id, :caller, :worker, :is_over, :size_bytes, :audio_s, :touched_at_s)
ON CONFLICT (id) DO UPDATE SET
    is_over = :is_over, touched_at_s = :touched_at_s,
    size_bytes = CASE WHEN :is_over THEN :size_bytes ELSE max(size_bytes, :size_bytes) END,
    audio_s = CASE WHEN :is_over THEN :audio_s ELSE max(audio_s, :audio_s) END
"""
_SUMS = "SELECT coalesce(sum(size_bytes), 0), coalesce(sum(audio_s), 0.0), coalesce(sum(NOT is_over), 0) FROM jobs"


class JobIndex:
    """A table in its own file. Methods block, can be called from any thread, and raise ``OSError``."""

    def __init__(self, path: Path, rebuilt_from: Callable[[], Iterable[Job]]) -> None:
        """``rebuilt_from`` returns every stored job."""
        self._path = path
        self._rebuilt_from = rebuilt_from

    def admit(self, job: Job, expected: JobSize, may: Callable[[JobUsage], None]) -> None:
        """Adds the job with its expected size, unless ``may`` raises for the usage without it."""
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                may(_usage(connection, job.caller))
                connection.execute(_PUT, _row(job, expected))

    def put(self, job: Job) -> None:
        """Updates the job.

        Until it is over, it counts with its expected size, or with its real size if that is larger.
        """
        with self._opened() as connection:
            connection.execute(_PUT, _row(job, _size(job)))

    def under_way(self) -> Sequence[tuple[str, str]]:
        """The ids of the jobs that are not over, each with its worker."""
        with self._opened() as connection:
            return connection.execute("SELECT id, worker FROM jobs WHERE NOT is_over").fetchall()

    def older_than(self, touched_at_s: float, most: int) -> Sequence[str]:
        query = "SELECT id FROM jobs WHERE touched_at_s < ? ORDER BY touched_at_s LIMIT ?"
        with self._opened() as connection:
            return [row[0] for row in connection.execute(query, (touched_at_s, most))]

    def forget(self, *job_ids: str) -> None:
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                connection.executemany("DELETE FROM jobs WHERE id = ?", [(job_id,) for job_id in job_ids])

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(self._connected()) as connection:
                yield connection
        except sqlite3.Error as error:
            if _is_damaged(error):
                with suppress(sqlite3.Error, OSError):  # the next call fails in the same way
                    self._made_anew()
            full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
            number = errno.ENOSPC if full else errno.EIO
            raise OSError(number, f"the index of the jobs cannot be used: {error}") from error

    def _connected(self) -> sqlite3.Connection:
        """A connection to a complete table. If the file is damaged, it is rebuilt."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return self._filled()
        except sqlite3.DatabaseError as error:
            if not _is_damaged(error):
                raise
        self._made_anew()
        return self._filled()

    def _made_anew(self) -> None:
        """Removes a damaged file and builds a new one, unless another process has done so meanwhile."""
        with _alone_in(self._path.parent):
            try:
                with closing(self._filled()) as connection:
                    if connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",):
                        return
            except sqlite3.DatabaseError as error:
                if not _is_damaged(error):
                    raise
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            self._filled().close()

    def _filled(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
        try:
            switch_on_wal(connection, _BUSY_TIMEOUT_S)
            connection.execute(
                "PRAGMA synchronous=OFF"
            )  # the file can be rebuilt, so it need not survive a crash of the machine
            if _version(connection) != _VERSION:
                self._fill(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _fill(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            if _version(connection) == _VERSION:
                return  # another worker has done it
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.executemany(_PUT, (_row(job, _size(job)) for job in self._rebuilt_from()))
            connection.execute(f"PRAGMA user_version = {_VERSION}")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Allows one process, and one of its threads, at a time.

    If the file system has no locks, nothing is prevented.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_damaged(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _usage(connection: sqlite3.Connection, caller: str) -> JobUsage:
    own_bytes, own_s, places = connection.execute(f"{_SUMS} WHERE caller = ?", (caller,)).fetchone()
    all_bytes, all_s, _ = connection.execute(_SUMS).fetchone()
    return JobUsage(places, JobSize(own_bytes, own_s), JobSize(all_bytes, all_s))


def _size(job: Job) -> JobSize:
    """The size of the job's audio; nothing for a job that failed or was cancelled."""
    if job.state in (JobState.FAILED, JobState.CANCELLED):
        return JobSize(0, 0.0)
    return JobSize(job.audio_bytes, job.audio_s)


def _row(job: Job, size: JobSize) -> dict[str, object]:
    return {
        "id": job.id,
        "caller": job.caller,
        "worker": job.worker,
        "is_over": job.state.over,
        "size_bytes": size.size_bytes,
        "audio_s": size.audio_s,
        "touched_at_s": job.updated_at_s,
    }
