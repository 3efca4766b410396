"""Makes long texts into files in the background, with progress, until they are complete or cancelled."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import msgspec
import structlog

from segue.kernel.errors import ErrorCode, Overloaded, SegueError, Unavailable
from segue.speech.ports.jobs import Job, JobState
from segue.speech.service.followers import Followers
from segue.speech.service.job_limits import JobLimits, caller_of, check_room, expected_size
from segue.speech.service.job_work import SILENT_S, JobWork

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from segue.kernel.ports.clock import Clock, Entropy
    from segue.speech.core.speech import SpeechRequest
    from segue.speech.ports.jobs import JobStore
    from segue.speech.service.pipeline import Pipeline
    from segue.speech.service.router import Route
    from segue.speech.service.threads import Threads

T = TypeVar("T")

_LOST_AFTER_S = 4 * SILENT_S
_LOOK_EVERY_S = 0.2
_ELSEWHERE_S = 3.0
_RETRY_AFTER_S = 30.0
_BEGINS_WITHIN_S = 600.0
"""How long a background text may wait for the engine, behind listeners and other texts."""

_ROOM = "check that the data directory has free space"
_NOT_WRITTEN = f"its end is not recorded: callers see it as running for a while, then as lost; {_ROOM}"
_TEND_EVERY_S = 2.0
_CLOSES_WITHIN_S = 10.0
_LOST = "the worker that processed the text was stopped; submit the text again"


@dataclass(frozen=True, slots=True)
class JobRules:
    """``running`` jobs at the same time and ``waiting`` in the queue, per worker.

    Jobs are deleted ``kept_s`` after their last update. ``followers_by_job`` and ``followers`` (in total) limit
    the clients that follow events, per worker. ``salt`` keys the digests of callers.
    """

    running: int = 2
    waiting: int = 32
    kept_s: float = 86_400.0
    followers_by_job: int = 16
    followers: int = 64
    limits: JobLimits = field(default_factory=JobLimits)
    salt: str = ""


class Jobs:
    """The long texts of one worker. Their records are in a store that all workers read."""

    def __init__(
        self,
        pipeline: Pipeline,
        job_store: JobStore,
        threads: Threads,
        clock: Clock,
        entropy: Entropy,
        rules: JobRules,
    ) -> None:
        self._pipeline = pipeline
        self._job_store = job_store
        self._threads = threads
        self._clock = clock
        self._entropy = entropy
        self._rules = rules
        self._turns = asyncio.Semaphore(rules.running)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._entering = 0
        self.followers = Followers(by_job=rules.followers_by_job, in_all=rules.followers)
        self._tending: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts the task that ends jobs of dead workers and deletes old ones."""
        self._tending = asyncio.create_task(self._keep_tending(), name="tend jobs")

    async def submit(self, request: SpeechRequest, client: str = "") -> Job:
        """Accepts the text.

        Its audio will have one voice throughout. ``client`` is the address that the request came from.

        Raises:
            InvalidRequest: no arm can say the text, or it is too long for a job.
            Overloaded: too many jobs are waiting, or the caller has reached a limit.
            Unavailable: the job cannot be stored.
        """
        patient_s = max(request.timeout_s, _BEGINS_WITHIN_S)
        patient = request._replace(background=True, timeout_s=patient_s)
        chars, limits = len(request.text), self._rules.limits
        route = await self._threads.run_if_long(chars, self._pipeline.enter, patient)
        expected = await self._threads.run_if_long(chars, expected_size, patient, limits)
        if not self._job_store.room.has_room:
            raise Overloaded(
                f"no long texts are accepted: {self._job_store.room.detail}", retry_after_s=_RETRY_AFTER_S
            )

        def admitted() -> Job:
            job = self._job(request, route, client)
            self._job_store.admit(job, expected, lambda usage: check_room(usage, expected, limits))
            return job

        with self._place():
            job = await self._on_disk("the job cannot be stored", admitted)
            task = asyncio.create_task(self._worked(job, route), name=f"job {job.id}")
            self._tasks[job.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(job.id, None))
        return job

    def _job(self, request: SpeechRequest, route: Route, client: str) -> Job:
        now_s, container = self._clock.now_s(), request.audio_format.container
        caller = caller_of(request, client, self._rules.salt)
        return Job(
            self._entropy.token(),
            JobState.QUEUED,
            route.character.key,
            container,
            len(request.text),
            now_s,
            now_s,
            caller=caller,
            worker=self._job_store.worker,
        )

    async def _on_disk(self, trouble: str, work: Callable[[], T]) -> T:
        """Runs ``work`` on the disk. Raises Unavailable if it fails."""
        try:
            return await self._threads.files.run(work)
        except OSError as error:
            raise Unavailable(f"{trouble}: {error.strerror}; {_ROOM}") from error

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Holds one of the places while a job is being stored. After that, the job's task counts."""
        taken = len(self._tasks) + self._entering
        if taken >= self._rules.running + self._rules.waiting:
            raise Overloaded(
                f"too many long texts: {taken} are unfinished; try again later", retry_after_s=_RETRY_AFTER_S
            )
        self._entering += 1
        try:
            yield
        finally:
            self._entering -= 1

    async def look(self, job_id: str) -> Job | None:
        """The record of a job. If no worker processes the job any more, it has failed.

        Raises:
            Unavailable: the disk cannot be read.
        """
        job = await self._on_disk("the job cannot be read", lambda: self._job_store.get(job_id))
        if job is None or job.state.over or job_id in self._tasks:
            return job
        is_lost = await self._on_disk("the job cannot be read", lambda: self._job_store.is_lost(job))
        if is_lost:
            return await self._given_up(job)
        if self._clock.now_s() - job.updated_at_s <= _LOST_AFTER_S:
            return job
        return msgspec.structs.replace(job, state=JobState.FAILED, error=ErrorCode.UNAVAILABLE, detail=_LOST)

    async def read(self, job_id: str, start: int, most_bytes: int) -> bytes:
        """A part of a job's audio, which is complete once the job is done.

        Raises:
            Unavailable: the disk cannot be read.
        """
        return await self._on_disk(
            "the audio cannot be read", lambda: self._job_store.read(job_id, start, most_bytes)
        )

    def audio(self, job_id: str) -> str:
        """The path of a job's audio file, which is complete once the job is done."""
        return self._job_store.audio(job_id)

    async def follow(self, job_id: str) -> AsyncIterator[Job]:
        """Yields the job now and after every change, until it is over."""
        last = None
        while (job := await self.look(job_id)) is not None:
            if job != last:
                last = job
                yield job
            if job.state.over:
                return
            await self._clock.sleep(_LOOK_EVERY_S)

    async def cancel(self, job_id: str) -> Job | None:
        """Stops the work on the job, in whichever worker that is, and returns the job's record."""
        job = await self.look(job_id)
        if job is None or job.state.over:
            return job
        await self._on_disk("the job cannot be cancelled", lambda: self._job_store.ask_to_cancel(job_id))
        task = self._tasks.get(job_id)
        if task is None:
            return await self._cancelled_elsewhere(job_id)
        if not task.cancelling():
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await self.look(job_id)

    async def _cancelled_elsewhere(self, job_id: str) -> Job | None:
        """Waits briefly for the other worker, which checks every second."""
        waited_until_s = self._clock.monotonic_s() + _ELSEWHERE_S
        while (job := await self.look(job_id)) is not None:
            if job.state.over or self._clock.monotonic_s() >= waited_until_s:
                break
            await self._clock.sleep(_LOOK_EVERY_S)
        return job

    async def close(self) -> None:
        """Stops all work; unfinished jobs fail. Does not wait long for a disk that hangs."""
        tasks = list(self._tasks.values())
        if self._tending is not None:
            tasks.append(self._tending)
        for task in tasks:
            if not task.cancelling():
                task.cancel()
        left = (await asyncio.wait(tasks, timeout=_CLOSES_WITHIN_S))[1] if tasks else ()
        if left:
            self._log().error(
                "jobs_left",
                jobs=len(left),
                effect="another worker, or this one after a restart, marks them as failed",
            )
        with suppress(OSError):
            await self._threads.files.run(self._job_store.close)

    async def _keep_tending(self) -> None:
        told: str | None = None
        while True:
            trouble = None
            try:
                await self._tend()
            except OSError as error:
                trouble = error.strerror
            if trouble is not None and trouble != told:
                self._log().warning(
                    "jobs_not_tended",
                    error=trouble,
                    effect="jobs of stopped workers are not marked as failed, and expired audio is not "
                    "deleted; tried again",
                )
            told = trouble
            await self._clock.sleep(_TEND_EVERY_S)

    async def _tend(self) -> None:
        """Ends the jobs of dead workers, and deletes those that are too old."""
        for job in await self._threads.files.run(self._job_store.lost):
            await self._given_up(job)
        swept = 1
        while swept:
            swept = await self._threads.files.run(self._job_store.sweep, self._clock.now_s() - self._rules.kept_s)

    async def _given_up(self, job: Job) -> Job:
        """The record of a dead worker's job, which is now stored as failed, without audio."""
        failed = msgspec.structs.replace(
            job,
            state=JobState.FAILED,
            error=ErrorCode.UNAVAILABLE,
            detail=_LOST,
            updated_at_s=self._clock.now_s(),
        )

        def write_down() -> None:
            self._job_store.drop_audio(job.id)
            self._job_store.put(failed)

        with suppress(OSError):  # the next caller tries again
            await self._threads.files.run(write_down)
            self._log().warning(
                "job_lost",
                job=job.id,
                worker=job.worker,
                effect="it is marked as failed, and its audio is deleted",
            )
        return failed

    async def _worked(self, job: Job, route: Route) -> None:
        work = JobWork(self._job_store, self._threads, self._clock, job, self._rules.limits)
        try:
            async with work.watched(), self._turns:
                await self._made(work, route)
        except SegueError as error:
            await self._ended(work, ErrorCode(error.code), str(error))
        except asyncio.CancelledError:
            await asyncio.shield(self._stopped(work))
            raise
        except OSError as error:
            await self._ended(work, ErrorCode.INTERNAL, f"the audio cannot be written: {error.strerror}; {_ROOM}")

    async def _stopped(self, work: JobWork) -> None:
        try:
            await work.stopped()
        except OSError as reason:
            self._log().error(
                "job_not_written_down", detail="it was stopped", reason=reason.strerror, effect=_NOT_WRITTEN
            )

    async def _ended(self, work: JobWork, code: ErrorCode, detail: str) -> None:
        try:
            await work.failed(code, detail)
        except OSError as reason:
            self._log().exception(
                "job_not_written_down", error=code, detail=detail, reason=reason.strerror, effect=_NOT_WRITTEN
            )

    async def _made(self, work: JobWork, route: Route) -> None:
        stream = await self._pipeline.stream(route)
        try:
            await work.write(stream)
        finally:
            await stream.aclose()

    @staticmethod
    def _log() -> structlog.typing.FilteringBoundLogger:
        log: structlog.typing.FilteringBoundLogger = structlog.get_logger("segue.service")
        return log
