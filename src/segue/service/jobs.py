"""Long texts made into files in the background, with their progress, to the end or until somebody cancels."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from segue.core.errors import ErrorCode, Overloaded, SegueError
from segue.ports.jobs import Job, JobState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.core.speech import SpeechRequest
    from segue.ports.clock import Clock, Entropy
    from segue.ports.jobs import JobShelf
    from segue.service.pipeline import Pipeline
    from segue.service.router import Route
    from segue.service.stream import Stream
    from segue.service.threads import Threads

_LOST_AFTER_S = 60.0
_LOOK_EVERY_S = 0.2
_BEAT_EVERY_S = 1.0
_RETRY_AFTER_S = 30.0


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

    async def submit(self, request: SpeechRequest) -> Job:
        """Takes the text in; its audio will be of one voice throughout.

        Raises:
            InvalidRequest: no arm could ever say it.
            Overloaded: too many wait already.
        """
        route = self._pipeline.enter(request)
        if len(self._tasks) >= self._rules.running + self._rules.waiting:
            raise Overloaded(f"{len(self._tasks)} long texts wait already", retry_after_s=_RETRY_AFTER_S)
        now_s = self._clock.now_s()
        await self._threads.run(self._shelf.sweep, now_s - self._rules.kept_s)
        job = Job(
            self._entropy.token(),
            JobState.QUEUED,
            route.character.key,
            request.audio_format.container,
            len(request.text),
            now_s,
            now_s,
        )
        await self._threads.run(self._shelf.put, job)
        task = asyncio.create_task(self._worked(job, route), name=f"job {job.id}")
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job.id, None))
        return job

    async def look(self, job_id: str) -> Job | None:
        """What is known of a job; one that nobody is at work on any more has failed."""
        job = await self._threads.run(self._shelf.get, job_id)
        if job is None or job.state.over or job_id in self._tasks:
            return job
        if self._clock.now_s() - job.updated_at_s <= _LOST_AFTER_S:
            return job
        detail = "the worker that made it was stopped; submit the text again"
        return _changed(job, state=JobState.FAILED, error=ErrorCode.UNAVAILABLE, detail=detail)

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
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return await self.look(job_id)

    async def close(self) -> None:
        """Stops all work; what was under way has failed."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _worked(self, job: Job, route: Route) -> None:
        work = _Work(self._shelf, self._threads, self._clock, job)
        try:
            async with self._turns:
                await self._made(work, route)
        except SegueError as error:
            await work.change(state=JobState.FAILED, error=error.code, detail=str(error))
        except asyncio.CancelledError:
            await asyncio.shield(work.stopped())
            raise
        except OSError as error:
            detail = f"the audio cannot be written: {error.strerror}; see that the data directory has room"
            await work.change(state=JobState.FAILED, error=ErrorCode.INTERNAL, detail=detail)

    async def _made(self, work: _Work, route: Route) -> None:
        stream = await self._pipeline.stream(route, one_voice=True)
        try:
            await work.write(stream)
        finally:
            await stream.aclose()


class _Work:
    """One job under way: its file, and the record of how far it is."""

    def __init__(self, shelf: JobShelf, threads: Threads, clock: Clock, job: Job) -> None:
        self._shelf = shelf
        self._threads = threads
        self._clock = clock
        self._job = job
        self._beaten_at_s = clock.monotonic_s()
        self._bytes = 0

    async def write(self, stream: Stream) -> None:
        """All of the stream into the file, from its beginning again where another voice begins."""
        await self._describe(stream, state=JobState.RUNNING)
        file, beginning = await self._threads.run(self._shelf.create, self._job.id), stream.beginning
        with file:
            async for data in stream:
                if stream.beginning != beginning:
                    beginning, self._bytes = stream.beginning, 0
                    file.seek(0)
                    file.truncate()
                self._bytes += await self._threads.run(file.write, data)
                await self._beat(stream)
        await self._describe(stream, state=JobState.DONE, said_chars=self._job.text_chars)

    async def change(self, **fields: object) -> None:
        self._job = _changed(self._job, updated_at_s=self._clock.now_s(), **fields)
        await self._threads.run(self._shelf.put, self._job)

    async def stopped(self) -> None:
        """Somebody cancelled it, or the service ends."""
        if self._shelf.is_to_cancel(self._job.id):
            await self.change(state=JobState.CANCELLED, detail="cancelled on request")
        else:
            detail = "the service was stopped; submit the text again"
            await self.change(state=JobState.FAILED, error=ErrorCode.UNAVAILABLE, detail=detail)

    async def _beat(self, stream: Stream) -> None:
        """Once a second: how far it is, and whether anybody still wants it."""
        now_s = self._clock.monotonic_s()
        if now_s - self._beaten_at_s < _BEAT_EVERY_S:
            return
        self._beaten_at_s = now_s
        if await self._threads.run(self._shelf.is_to_cancel, self._job.id):
            raise asyncio.CancelledError
        await self._describe(stream, state=JobState.RUNNING, said_chars=stream.said_chars)

    async def _describe(self, stream: Stream, **fields: object) -> None:
        way = stream.heard.found.leg.way
        await self.change(
            audio_s=round(stream.duration_s, 3),
            audio_bytes=self._bytes,
            arm=way.arm,
            voice_model=way.model,
            voice_name=way.voice.label,
            warnings=stream.warnings,
            **fields,
        )


def _changed(job: Job, **fields: object) -> Job:
    return msgspec.structs.replace(job, **fields)
