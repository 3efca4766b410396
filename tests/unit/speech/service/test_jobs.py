"""The work on long texts: bounded, known to all workers, ended once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from segue.kernel.arms import Unit, UnitSource
from segue.kernel.errors import Overloaded, Unavailable
from segue.speech.audio.decode import decode
from segue.speech.core.speech import AudioFormat, Container, SpeechRequest
from segue.speech.jobs.files import JobFiles
from segue.speech.ports.jobs import Job, JobState
from segue.speech.service.job_work import SILENT_S, JobWork
from segue.speech.service.jobs import JobRules, Jobs
from segue.speech.service.threads import Threads
from segue.system.clock import SystemClock
from segue.testing.clock import CountingEntropy, FakeClock
from segue.testing.engine import Interrupted
from support.service import staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


SENTENCE = "The caravan left before dawn, and nobody in the settlement had heard it go. "


def asked(text: str = SENTENCE * 8) -> SpeechRequest:
    return SpeechRequest(
        text=text.strip(),
        character_key="pip_boy",
        unit=Unit("ann", UnitSource.USER),
        request_id="r",
        dialect="test",
        audio_format=AudioFormat(Container.WAV),
        cache_enabled=False,
    )


def job_store_of(folder: Path) -> JobFiles:
    """As another worker sees it."""
    return JobFiles(folder / "var" / "jobs")


async def ended(changes: AsyncIterator[Job]) -> Job:
    return [job async for job in changes][-1]


@pytest.mark.whole_service
async def test_those_who_come_at_the_same_moment_are_counted_too(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_JOBS_AT_ONCE="1", SEGUE_JOBS_WAITING="2") as stage:
        stage.calm.delay_s = 3600.0
        jobs = stage.service.speech.jobs
        came_of_it = await asyncio.gather(*(jobs.submit(asked()) for _ in range(20)), return_exceptions=True)

    assert sum(isinstance(came, Overloaded) for came in came_of_it) == 17


@pytest.mark.whole_service
async def test_a_job_in_line_is_cancelled_by_another_worker(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_JOBS_AT_ONCE="1") as stage:
        stage.calm.delay_s = 3600.0
        jobs = stage.service.speech.jobs
        await jobs.submit(asked())
        second = await jobs.submit(asked())
        job_store_of(tmp_path).ask_to_cancel(second.id)
        last = await asyncio.wait_for(ended(jobs.follow(second.id)), 20)

    assert last.state is JobState.CANCELLED


@pytest.mark.whole_service
async def test_an_engine_that_is_silent_does_not_keep_a_cancelled_job(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.calm.delay_s = 3600.0
        jobs = stage.service.speech.jobs
        job = await jobs.submit(asked())
        await asyncio.wait_for(stage.calm.started.wait(), 5)
        job_store_of(tmp_path).ask_to_cancel(job.id)
        last = await asyncio.wait_for(ended(jobs.follow(job.id)), 20)

    assert last.state is JobState.CANCELLED


@pytest.mark.whole_service
async def test_what_came_of_a_job_that_ended_badly_takes_no_room(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.calm.always = Interrupted(1.0, Unavailable("gone"))
        jobs = stage.service.speech.jobs
        job = await jobs.submit(asked())
        last = await asyncio.wait_for(ended(jobs.follow(job.id)), 20)
        left = sorted(path.name for path in (tmp_path / "var" / "jobs" / job.id).iterdir())

    assert last.state is JobState.FAILED
    assert left == ["job.json"]


class SlowJobStore(JobFiles):
    """Takes as long to write a job down that is done as it is told to."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.writes, self.may_write = Event(), Event()

    def put(self, job: Job) -> None:
        if job.state is JobState.DONE:
            self.writes.set()
            assert self.may_write.wait(10)
        super().put(job)


def queued(now_s: float) -> Job:
    return Job("0" * 32, JobState.QUEUED, "pip_boy", Container.WAV, 10, now_s, now_s)


@pytest.fixture
def threads() -> Iterator[Threads]:
    with ThreadPoolExecutor(4) as pool:
        yield Threads(pool)


@pytest.mark.whole_service
async def test_who_cancels_at_the_last_moment_is_told_that_it_is_done(tmp_path: Path, threads: Threads) -> None:
    job_store, clock = SlowJobStore(tmp_path), FakeClock()
    job = queued(clock.now_s())
    job_store.put(job)
    work = JobWork(job_store, threads, clock, job)
    async with staged(tmp_path) as stage:
        pipeline = stage.service.speech.pipeline
        stream = await pipeline.stream(pipeline.enter(asked(SENTENCE)._replace(background=True)))
        writing = asyncio.create_task(work.write(stream))
        await threads.run(job_store.writes.wait, 20)
        job_store.ask_to_cancel(job.id)
        writing.cancel()
        stopping = asyncio.create_task(work.stopped())
        await threads.run(job_store.is_to_cancel, job.id)
        job_store.may_write.set()
        await asyncio.gather(writing, stopping, return_exceptions=True)
        await stream.aclose()
    known = job_store.get(job.id)

    assert known is not None
    assert known.state is JobState.DONE
    assert (tmp_path / job.id / "audio").stat().st_size == known.audio_bytes


async def test_a_job_that_waits_long_is_known_to_be_alive(tmp_path: Path, threads: Threads) -> None:
    job_store, clock = JobFiles(tmp_path), FakeClock()
    job = queued(clock.now_s())
    job_store.put(job)
    async with JobWork(job_store, threads, clock, job).watched():
        for _ in range(100):
            while not clock.sleepers:  # whoever watches has not looked yet
                await threads.run(job_store.is_to_cancel, job.id)
            clock.advance(1.0)
        known = job_store.get(job.id)

    assert known is not None
    assert clock.now_s() - known.updated_at_s <= 2 * SILENT_S
    assert known.state is JobState.QUEUED


@pytest.mark.whole_service
async def test_a_disk_that_is_full_is_said_at_once(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        (tmp_path / "var" / "jobs").write_text("no folder can be made where a file is", encoding="utf-8")
        with pytest.raises(Unavailable, match="cannot be stored"):
            await stage.service.speech.jobs.submit(asked())


@pytest.mark.whole_service
async def test_a_slip_in_one_line_costs_that_line_and_not_the_job(tmp_path: Path) -> None:
    """Of a thousand lines one always fails: the voice that failed says that line again, and nothing twice."""
    text = (SENTENCE * 8).strip()
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        slip = Interrupted(1.0, Unavailable("slipped"))
        stage.calm.script += [0.0, 0.0, slip, 0.0, slip, slip]
        jobs = stage.service.speech.jobs
        job = await jobs.submit(asked(text))
        last = await asyncio.wait_for(ended(jobs.follow(job.id)), 60)
        sound = decode(await asyncio.to_thread(Path(jobs.audio(job.id)).read_bytes))

    assert (last.state, last.detail) == (JobState.DONE, None)
    assert sound.duration_s == pytest.approx(len(text) * 0.08, rel=0.02)
    assert sound.duration_s == pytest.approx(last.audio_s, abs=0.01)


@pytest.mark.whole_service
async def test_another_worker_tells_whether_the_job_was_stopped(tmp_path: Path, threads: Threads) -> None:
    async with staged(tmp_path) as stage:
        stage.calm.delay_s = 3600.0
        speech = stage.service.speech
        job = await speech.jobs.submit(asked())
        other = Jobs(
            speech.pipeline, job_store_of(tmp_path), threads, SystemClock(), CountingEntropy(), JobRules(waiting=0)
        )
        told = await other.cancel(job.id)

    assert told is not None
    assert told.state is JobState.CANCELLED
