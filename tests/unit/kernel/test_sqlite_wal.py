"""A fresh SQLite file is switched to write-ahead logging, whoever else opens it at that moment."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from segue.kernel.sqlite_wal import switch_on_wal
from segue.rollout.store.sqlite import Sqlite
from segue.speech.jobs.index import JobIndex
from segue.speech.ports.jobs import Job, JobSize, JobState

if TYPE_CHECKING:
    from pathlib import Path

    from segue.speech.ports.jobs import JobUsage

AT_ONCE = 10
ROUNDS = 60


def opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def test_it_waits_for_who_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    with closing(opened(path)) as holder, closing(opened(path)) as connection:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            switch_on_wal(connection, within_s=0.02)

        leaves = threading.Timer(0.1, holder.execute, ["COMMIT"])
        leaves.start()
        switch_on_wal(connection, within_s=10.0)
        leaves.join()

        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_is_none_of_sqlite_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "file.db"
    path.write_bytes(b"no database" * 1000)
    with closing(opened(path)) as connection, pytest.raises(sqlite3.DatabaseError, match="not a database"):
        switch_on_wal(connection, within_s=3600.0)


def test_jobs_that_come_together_to_a_fresh_index_are_all_admitted(tmp_path: Path) -> None:
    def anything(usage: JobUsage) -> None:
        del usage

    def admitted(index: JobIndex, number: int) -> None:
        job = Job(f"{number:032x}", JobState.QUEUED, "pip_boy", "wav", 1, 0.0, 0.0, caller="ann", worker="w")
        index.admit(job, JobSize(1, 1.0), anything)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        for number in range(ROUNDS):
            index = JobIndex(tmp_path / str(number) / "index.db", list)
            list(threads.map(admitted, [index] * AT_ONCE, range(AT_ONCE)))
            assert len(index.under_way()) == AT_ONCE


def test_a_fresh_store_is_opened_by_many_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for number in range(ROUNDS):
            kinds = [Sqlite(tmp_path / f"{number}.db") for _ in range(AT_ONCE)]
            kinds[0].create()
            for file in threads.map(lambda kind: kind._opened(), kinds):  # as the driver's thread does
                file.close()
