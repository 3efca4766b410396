"""Jobs in a folder: counted without a walk through all of it, and missed when their worker is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import pytest

from segue.kernel.errors import ErrorCode
from segue.speech.jobs.files import JobFiles
from segue.speech.ports.jobs import Job, JobSize, JobState, JobUsage

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = JobSize(1000, 60.0)


def job(number: int, *, caller: str = "ann", worker: str = "", updated_at_s: float = 100.0) -> Job:
    name = f"{number:032x}"
    return Job(name, JobState.QUEUED, "pip_boy", "wav", 10, 50.0, updated_at_s, caller=caller, worker=worker)


def admitted(files: JobFiles, one: Job) -> JobUsage:
    """The usage before it."""
    seen: list[JobUsage] = []
    files.admit(one, EXPECTED, seen.append)
    return seen[0]


def done(one: Job, size_bytes: int, audio_s: float) -> Job:
    return msgspec.structs.replace(one, state=JobState.DONE, audio_bytes=size_bytes, audio_s=audio_s)


def test_usage_is_counted_by_caller_and_in_all(tmp_path: Path) -> None:
    files = JobFiles(tmp_path / "jobs")
    admitted(files, job(1))
    admitted(files, job(2, caller="bob"))
    files.put(done(job(1), 400, 20.0))
    usage = admitted(JobFiles(tmp_path / "jobs"), job(3))

    assert usage == JobUsage(0, JobSize(400, 20.0), JobSize(1400, 80.0))


def test_a_job_under_way_counts_with_what_is_expected_or_more(tmp_path: Path) -> None:
    files = JobFiles(tmp_path / "jobs")
    admitted(files, job(1))
    running = msgspec.structs.replace(job(1), state=JobState.RUNNING, audio_bytes=10, audio_s=1.0)
    files.put(running)
    small = admitted(files, job(2))
    files.put(msgspec.structs.replace(running, audio_bytes=5000, audio_s=100.0))
    large = admitted(files, job(3))

    assert (small.places, small.by_caller) == (1, EXPECTED)
    assert (large.places, large.by_caller) == (2, JobSize(6000, 160.0))


def test_what_ended_badly_takes_no_room(tmp_path: Path) -> None:
    files = JobFiles(tmp_path / "jobs")
    admitted(files, job(1))
    files.put(msgspec.structs.replace(job(1), state=JobState.FAILED, error=ErrorCode.INTERNAL, audio_bytes=900))

    assert admitted(files, job(2)).by_caller == JobSize(0, 0.0)


def test_one_that_may_not_be_admitted_leaves_nothing(tmp_path: Path) -> None:
    files = JobFiles(tmp_path / "jobs")

    def refuses(_: JobUsage) -> None:
        raise ValueError("too much")

    with pytest.raises(ValueError, match="too much"):
        files.admit(job(1), EXPECTED, refuses)
    assert files.get(job(1).id) is None
    assert admitted(files, job(2)).in_all == JobSize(0, 0.0)


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 1000, None])
def test_an_index_that_is_lost_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    folder = tmp_path / "jobs"
    files = JobFiles(folder)
    admitted(files, job(1))
    files.put(done(job(1), 400, 20.0))
    (folder / ("f" * 32)).mkdir()  # its record cannot be read
    for name in ("index.db", "index.db-wal", "index.db-shm"):
        (folder / name).unlink(missing_ok=True)
    if damage is not None:
        (folder / "index.db").write_bytes(damage)
    usage = admitted(JobFiles(folder), job(2))
    swept = JobFiles(folder).sweep(time.time() + 10)

    assert usage.by_caller == JobSize(400, 20.0)
    assert swept == 3
    assert [path.name for path in folder.iterdir() if len(path.name) == 32] == []


def test_an_index_that_is_damaged_further_in_is_made_anew_by_the_first_who_meets_it(tmp_path: Path) -> None:
    files = JobFiles(tmp_path / "jobs")
    for number in range(300):
        admitted(files, job(number))
    index = tmp_path / "jobs" / "index.db"
    whole, page_bytes = index.read_bytes(), 4096
    index.write_bytes(whole[:page_bytes] + b"\xff" * (len(whole) - page_bytes))
    with pytest.raises(OSError, match="the index of the jobs"):
        admitted(files, job(300))

    assert admitted(files, job(300)).places == 300


def test_all_who_meet_a_damaged_index_at_once_are_counted(tmp_path: Path) -> None:
    at_once = 8
    with ThreadPoolExecutor(at_once) as threads:
        for number in range(15):
            folder = tmp_path / str(number)
            folder.mkdir()
            (folder / "index.db").write_bytes(b"no database at all" * 1000)
            shelves = [JobFiles(folder) for _ in range(at_once)]
            list(threads.map(admitted, shelves, map(job, range(at_once))))

            assert admitted(JobFiles(folder), job(at_once)).places == at_once


def test_a_job_may_be_written_by_several_threads_at_once(tmp_path: Path) -> None:
    files = JobFiles(tmp_path / "jobs")
    admitted(files, job(1))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(files.put, [job(1)] * 400))

    assert files.get(job(1).id) == job(1)


def test_sweeping_forgets_what_is_old_and_nothing_else(tmp_path: Path) -> None:
    files = JobFiles(tmp_path / "jobs")
    for number in range(120):
        admitted(files, job(number, updated_at_s=float(number)))
    swept = []
    while count := files.sweep(100.0):
        swept.append(count)

    assert sum(swept) == 100
    assert max(swept) <= 50
    assert (files.get(job(99).id), files.get(job(100).id)) == (None, job(100, updated_at_s=100.0))


@pytest.mark.timeout(120)
def test_with_many_kept_a_new_one_costs_no_walk_through_them(tmp_path: Path) -> None:
    """50,000 jobs took 0.3 s at each submission. Here they are in the index alone: their folders are not asked."""
    files = JobFiles(tmp_path / "jobs")
    admitted(files, job(0))
    rows = ((f"{number:032x}", f"c{number % 500}", "", 1, 1000, 60.0, 100.0) for number in range(1, 50_001))
    with files._index._opened() as connection:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    took_s, seen = [], []
    for number in range(60_000, 60_020):
        began_s = time.process_time()
        files.sweep(50.0)
        seen.append(admitted(files, job(number, caller="c7")))
        took_s.append(time.process_time() - began_s)

    assert seen[-1].in_all.size_bytes >= 50_000_000
    assert sorted(took_s)[10] < 0.1


_HOLDS = """
import sys
from segue.speech.jobs.files import JobFiles
files = JobFiles(__import__("pathlib").Path(sys.argv[1]))
print(files.worker, flush=True)
sys.stdin.read()
"""


def test_the_jobs_of_a_worker_that_was_killed_are_known(tmp_path: Path) -> None:
    folder = tmp_path / "jobs"
    other = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdin is not None
    assert other.stdout is not None
    try:
        worker = other.stdout.readline().strip()
        files = JobFiles(folder)
        theirs, own = job(1, worker=worker), job(2, worker=files.worker)
        admitted(files, theirs)
        admitted(files, own)
        living = (files.is_lost(theirs), list(files.lost()))
        os.kill(other.pid, signal.SIGKILL)
        other.wait(10)
        dead = (files.is_lost(theirs), list(files.lost()), files.is_lost(own))
    finally:
        other.kill()
        other.wait(10)
        other.stdin.close()
        other.stdout.close()
    files.close()

    assert living == (False, [])
    assert dead == (True, [theirs], False)


def test_a_worker_whose_lock_was_removed_is_found_alive_again(tmp_path: Path) -> None:
    one, other = JobFiles(tmp_path / "jobs"), JobFiles(tmp_path / "jobs")
    mine = job(1, worker=one.worker)
    admitted(one, mine)
    for remove_all in (False, True):
        shutil.rmtree(tmp_path / "jobs" / ("" if remove_all else "workers"))
        assert other.is_lost(mine)
        one.put(mine)

        assert not other.is_lost(mine)
        assert other.lost() == []
        assert one.worker == mine.worker

    one.close()
    assert other.is_lost(mine)


def test_another_of_the_same_process_is_another_worker(tmp_path: Path) -> None:
    one, other = JobFiles(tmp_path), JobFiles(tmp_path)
    theirs = job(1, worker=other.worker)
    living = one.is_lost(theirs)
    other.close()

    assert (living, one.is_lost(theirs)) == (False, True)
    one.close()


def test_a_name_that_is_no_workers_makes_no_path(tmp_path: Path) -> None:
    assert JobFiles(tmp_path).is_lost(job(1, worker="../../etc/passwd"))
