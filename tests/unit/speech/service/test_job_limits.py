"""What one job, one caller and all of them may take."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from segue.kernel.arms import Unit, UnitSource
from segue.kernel.errors import InvalidRequest, Overloaded
from segue.speech.core.speech import (
    AudioFormat,
    Container,
    Controls,
    SpeechRequest,
)
from segue.speech.jobs.files import JobFiles
from segue.speech.ports.jobs import JobSize, JobState, JobUsage
from segue.speech.service.followers import Followers
from segue.speech.service.job_limits import JobLimits, caller_of, check_room, check_size, expected_size
from support.service import staged

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = JobLimits(places=2, one=JobSize(1000, 10.0), by_caller=JobSize(3000, 30.0), in_all=JobSize(9000, 90.0))
NOTHING = JobSize(0, 0.0)
SENTENCE = "The caravan left before dawn, and nobody in the settlement had heard it go. "
MIB = 1024 * 1024


def asked(
    text: str, container: Container = Container.WAV, rate: float = 1.0, unit: Unit | None = None
) -> SpeechRequest:
    return SpeechRequest(
        text.strip(),
        "pip_boy",
        unit or Unit("ann", UnitSource.USER),
        "r",
        "test",
        AudioFormat(container),
        Controls(rate_ratio=rate),
        cache_enabled=False,
    )


def test_a_caller_is_the_unit_that_is_named_else_the_address() -> None:
    ann, bob = Unit("ann", UnitSource.USER), Unit("bob", UnitSource.USER)
    drawn = [Unit(str(number), UnitSource.RANDOM) for number in range(2)]

    def of(unit: Unit, client: str) -> str:
        return caller_of(asked("a", unit=unit), client, "salt")

    assert of(ann, "10.0.0.1") == of(ann, "10.0.0.2") != of(bob, "10.0.0.1")
    assert of(drawn[0], "10.0.0.1") == of(drawn[1], "10.0.0.1") != of(drawn[0], "10.0.0.2")
    assert "ann" not in of(ann, "")


@pytest.mark.parametrize(
    ("usage", "message"),
    [
        (JobUsage(2, NOTHING, NOTHING), "you have 2 unfinished long texts"),
        (JobUsage(0, JobSize(2900, 0.0), NOTHING), "the limit for one caller is"),
        (JobUsage(0, JobSize(0, 29.0), NOTHING), "the limit for one caller is"),
        (JobUsage(0, NOTHING, JobSize(8900, 0.0)), "all long texts together"),
        (JobUsage(0, NOTHING, JobSize(0, 89.0)), "all long texts together"),
    ],
)
def test_who_has_enough_is_told_what_they_have(usage: JobUsage, message: str) -> None:
    with pytest.raises(Overloaded, match=message) as caught:
        check_room(usage, JobSize(500, 5.0), LIMITS)
    assert caught.value.retry_after_s


def test_who_has_room_is_let_in() -> None:
    check_room(JobUsage(1, JobSize(2500, 25.0), JobSize(8500, 85.0)), JobSize(500, 5.0), LIMITS)


def test_a_text_that_cannot_fit_is_refused_before_it_is_made() -> None:
    with pytest.raises(InvalidRequest, match="split the text"):
        expected_size(asked(SENTENCE * 100), LIMITS)


@pytest.mark.parametrize("size", [JobSize(1001, 1.0), JobSize(1, 10.1)])
def test_audio_that_has_become_too_large_is_refused(size: JobSize) -> None:
    with pytest.raises(InvalidRequest, match="split the text"):
        check_size(size, LIMITS)


def test_what_is_expected_follows_pace_and_container() -> None:
    limits = JobLimits()
    usual = expected_size(asked(SENTENCE * 20), limits)
    slow = expected_size(asked(SENTENCE * 20, rate=0.25), limits)
    small = expected_size(asked(SENTENCE * 20, Container.MP3), limits)

    assert slow.audio_s == pytest.approx(4 * usual.audio_s, rel=0.01)
    assert small.audio_s == usual.audio_s
    assert small.size_bytes < usual.size_bytes / 3


def test_followers_have_their_places_and_give_them_back() -> None:
    followers = Followers(by_job=2, in_all=3)
    leave = [followers.enter("a"), followers.enter("a"), followers.enter("b")]
    with pytest.raises(Overloaded, match="2 for this job"):
        followers.enter("a")
    with pytest.raises(Overloaded, match="3 for all jobs"):
        followers.enter("c")
    leave[0]()
    followers.enter("c")


@pytest.mark.whole_service
async def test_a_caller_does_not_take_all_places(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_JOBS_PER_CALLER="3", SEGUE_JOBS_AT_ONCE="1") as stage:
        stage.calm.delay_s = 3600.0
        jobs = stage.service.speech.jobs
        named = await asyncio.gather(
            *(jobs.submit(asked(SENTENCE), "10.0.0.1") for _ in range(10)), return_exceptions=True
        )
        nobody = [
            jobs.submit(asked(SENTENCE, unit=Unit(str(number), UnitSource.RANDOM)), "10.0.0.1")
            for number in range(10)
        ]
        unnamed = await asyncio.gather(*nobody, return_exceptions=True)
        other = await jobs.submit(asked(SENTENCE, unit=Unit("bob", UnitSource.USER)), "10.0.0.1")

    assert [sum(isinstance(came, Overloaded) for came in all_) for all_ in (named, unnamed)] == [7, 7]
    assert other.state is JobState.QUEUED


@pytest.mark.whole_service
async def test_a_caller_does_not_take_the_whole_disk(tmp_path: Path) -> None:
    """A text of 6,000 characters is some 20 MiB of WAV."""
    limit = str(40 * MIB)
    async with staged(tmp_path, SEGUE_JOBS_CALLER_BYTES=limit, SEGUE_JOBS_PER_CALLER="100") as stage:
        stage.calm.delay_s = 3600.0
        jobs = stage.service.speech.jobs
        came = await asyncio.gather(*(jobs.submit(asked(SENTENCE * 80)) for _ in range(8)), return_exceptions=True)

    refused = [one for one in came if isinstance(one, Overloaded)]
    assert 4 < len(refused) < 8
    assert "wait until older ones are deleted" in str(refused[0])


@pytest.mark.whole_service
async def test_a_job_that_grows_beyond_its_size_fails_and_its_file_goes(tmp_path: Path) -> None:
    """The voice is slower than anybody expects of a text."""
    async with staged(tmp_path, SEGUE_JOB_MAX_BYTES=str(MIB), SEGUE_LEVEL="false") as stage:
        jobs = stage.service.speech.jobs
        job = await jobs.submit(asked(SENTENCE * 8))
        last = [known async for known in jobs.follow(job.id)][-1]
        left = sorted(path.name for path in (tmp_path / "var" / "jobs" / job.id).iterdir())

    assert (last.state, last.error) == (JobState.FAILED, "invalid_request")
    assert "split the text" in (last.detail or "")
    assert left == ["job.json"]


@pytest.mark.whole_service
async def test_the_jobs_of_a_worker_that_was_killed_fail_at_once_and_their_files_go(tmp_path: Path) -> None:
    killed = JobFiles(tmp_path / "var" / "jobs")
    async with staged(tmp_path) as stage:
        jobs = stage.service.speech.jobs
        stage.calm.delay_s = 3600.0
        job = await jobs.submit(asked(SENTENCE))
        theirs = job.__class__(
            "a" * 32,
            JobState.RUNNING,
            "pip_boy",
            "wav",
            10,
            job.created_at_s,
            job.updated_at_s,
            worker=killed.worker,
        )
        killed.admit(theirs, JobSize(1, 1.0), lambda _: None)
        killed.create(theirs.id).close()
        alive = await jobs.look(theirs.id)
        killed.close()
        last = [known async for known in jobs.follow(theirs.id)][-1]
        left = sorted(path.name for path in (tmp_path / "var" / "jobs" / theirs.id).iterdir())
        own = await jobs.look(job.id)

    assert alive is not None
    assert own is not None
    assert (alive.state, last.state, own.state.over) == (JobState.RUNNING, JobState.FAILED, False)
    assert last.detail == "the worker that processed the text was stopped; submit the text again"
    assert left == ["job.json"]
