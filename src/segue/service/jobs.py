"""Long texts made into files in the background, with their progress, to the end or until somebody cancels."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import structlog

from segue.core.errors import ErrorCode, Overloaded, SegueError, Unavailable
from segue.ports.jobs import Job, JobState
from segue.service.job_work import SILENT_S, JobWork

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from segue.core.speech import SpeechRequest
    from segue.ports.clock import Clock, Entropy
    from segue.ports.jobs import JobShelf
    from segue.service.pipeline import Pipeline
    from segue.service.router import Route
    from segue.service.threads import Threads

_LOST_AFTER_S = 4 * SILENT_S
_LOOK_EVERY_S = 0.2
_ELSEWHERE_S = 3.0
_RETRY_AFTER_S = 30.0
_BEGINS_WITHIN_S = 600.0
"""A text in the background waits for the engine behind listeners and other texts."""

_ROOM = "see that the data directory has room"


@dataclass(frozen=True, slots=True)
class JobRules:
    """``running`` at once and ``waiting`` behind them, per worker; forgotten ``kept_s`` after their last sign of
    life.
    """

    running: int = 2
    waiting: int = 32
    kept_s: float = 86_400.0


class Jobs:
    """The long texts of one worker; what is known of them is on a shelf that all workers read."""

    def __init__(
        self,
        pipeline: Pipeline,
        shelf: JobShelf,
        threads: Threads,
        clock: Clock,
        entropy: Entropy,
        rules: JobRules,
    ) -> None:
        self._pipeline = pipeline
        self._shelf = shelf
        self._threads = threads
        self._clock = clock
        self._entropy = entropy
        self._rules = rules
        self._turns = asyncio.Semaphore(rules.running)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._entering = 0

    async def submit(self, request: SpeechRequest) -> Job:
        """Takes the text in; its audio will be of one voice throughout.

        Raises:
            InvalidRequest: no arm could ever say it.
            Overloaded: too many wait already.
            Unavailable: it cannot be written down.
        """
        patient_s = max(request.timeout_s, _BEGINS_WITHIN_S)
        route = self._pipeline.enter(request._replace(background=True, timeout_s=patient_s))
        with self._place():
            job = self._job(request, route)
            try:
                await self._threads.run(self._shelf.sweep, job.created_at_s - self._rules.kept_s)
                await self._threads.run(self._shelf.put, job)
            except OSError as error:
                await self._threads.run(self._shelf.forget, job.id)
                raise Unavailable(f"the job cannot be kept: {error.strerror}; {_ROOM}") from error
            task = asyncio.create_task(self._worked(job, route), name=f"job {job.id}")
            self._tasks[job.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(job.id, None))
        return job

    def _job(self, request: SpeechRequest, route: Route) -> Job:
        now_s, container = self._clock.now_s(), request.audio_format.container
        chars = len(request.text)
        return Job(self._entropy.token(), JobState.QUEUED, route.character.key, container, chars, now_s, now_s)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of the places, held while a job is written down; those that have been are counted as tasks."""
        taken = len(self._tasks) + self._entering
        if taken >= self._rules.running + self._rules.waiting:
            raise Overloaded(f"{taken} long texts wait already", retry_after_s=_RETRY_AFTER_S)
        self._entering += 1
        try:
            yield
        finally:
            self._entering -= 1

    async def look(self, job_id: str) -> Job | None:
        """What is known of a job; one that nobody is at work on any more has failed."""
        job = await self._threads.run(self._shelf.get, job_id)
        if job is None or job.state.over or job_id in self._tasks:
            return job
        if self._clock.now_s() - job.updated_at_s <= _LOST_AFTER_S:
            return job
        detail = "the worker that made it was stopped; submit the text again"
        return msgspec.structs.replace(job, state=JobState.FAILED, error=ErrorCode.UNAVAILABLE, detail=detail)

    def audio(self, job_id: str) -> str:
        """The file of a job's audio, whole once the job is done."""
        return self._shelf.audio(job_id)

    async def follow(self, job_id: str) -> AsyncIterator[Job]:
        """The job now and at every change, until it is over."""
        last = None
        while (job := await self.look(job_id)) is not None:
            if job != last:
                last = job
                yield job
            if job.state.over:
                return
            await self._clock.sleep(_LOOK_EVERY_S)

    async def cancel(self, job_id: str) -> Job | None:
        """Stops the work on it, whichever worker is at it, and says what is known then."""
        job = await self.look(job_id)
        if job is None or job.state.over:
            return job
        await self._threads.run(self._shelf.ask_to_cancel, job_id)
        task = self._tasks.get(job_id)
        if task is None:
            return await self._cancelled_elsewhere(job_id)
        if not task.cancelling():
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await self.look(job_id)

    async def _cancelled_elsewhere(self, job_id: str) -> Job | None:
        """Waits a little for the other worker, which looks every second."""
        waited_until_s = self._clock.monotonic_s() + _ELSEWHERE_S
        while (job := await self.look(job_id)) is not None:
            if job.state.over or self._clock.monotonic_s() >= waited_until_s:
                break
            await self._clock.sleep(_LOOK_EVERY_S)
        return job

    async def close(self) -> None:
        """Stops all work; what was under way has failed."""
        tasks = list(self._tasks.values())
        for task in tasks:
            if not task.cancelling():
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _worked(self, job: Job, route: Route) -> None:
        work = JobWork(self._shelf, self._threads, self._clock, job)
        try:
            async with work.watched(), self._turns:
                await self._made(work, route)
        except SegueError as error:
            await self._ended(work, ErrorCode(error.code), str(error))
        except asyncio.CancelledError:
            await asyncio.shield(work.stopped())
            raise
        except OSError as error:
            await self._ended(work, ErrorCode.INTERNAL, f"the audio cannot be written: {error.strerror}; {_ROOM}")

    @staticmethod
    async def _ended(work: JobWork, code: ErrorCode, detail: str) -> None:
        try:
            await work.failed(code, detail)
        except OSError as reason:
            log = structlog.get_logger("segue.service")
            log.exception("job_not_written_down", error=code, detail=detail, reason=reason.strerror)

    async def _made(self, work: JobWork, route: Route) -> None:
        stream = await self._pipeline.stream(route)
        try:
            await work.write(stream)
        finally:
            await stream.aclose()
