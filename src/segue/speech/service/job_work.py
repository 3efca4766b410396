"""The processing of one job: its audio file, its progress record, and cancellation."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from segue.kernel.errors import ErrorCode, Unavailable
from segue.speech.audio.sized import HEAD_BYTES
from segue.speech.ports.jobs import JobSize, JobState
from segue.speech.service.job_limits import JobLimits, check_size

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import BinaryIO

    from segue.kernel.ports.clock import Clock
    from segue.speech.ports.jobs import Job, JobStore
    from segue.speech.service.stream import Stream
    from segue.speech.service.threads import Threads

_LOOK_EVERY_S = 1.0
SILENT_S = 15.0
"""The longest time between two writes of a job's record.

The record of a waiting job is renewed, so that the job is not treated as lost.
"""


class JobWork:
    """Writes the job's record. Writes keep their order, and none follows the final one."""

    def __init__(
        self, job_store: JobStore, threads: Threads, clock: Clock, job: Job, limits: JobLimits | None = None
    ) -> None:
        self._job_store = job_store
        self._threads = threads.files
        self._clock = clock
        self._job = job
        self._limits = limits or JobLimits()
        self._bytes = 0
        self._stream: Stream | None = None
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """While this is open, the record is renewed, and a request to cancel cancels the task that holds it."""
        holder = asyncio.current_task()
        assert holder is not None, "must run in the job's task"
        watch = asyncio.create_task(self._watch(holder), name=f"watch of {self._job.id}")
        try:
            yield
        finally:
            watch.cancel()

    async def write(self, stream: Stream) -> None:
        """Writes the stream to the file, starting over if another voice starts over."""
        self._stream = stream
        await self._change(state=JobState.RUNNING, **self._progress(stream))
        file = await self._created()
        try:
            head = await self._filled(file, stream)
            await self._threads.run(_begun_with, file, stream.head_of_file(head, self._bytes))
        except BaseException:
            with suppress(OSError):
                await asyncio.shield(self._threads.run(file.close))
            raise
        await self._threads.run(file.close)
        progress = self._progress(stream) | {"said_chars": self._job.text_chars}
        await self._change(state=JobState.DONE, **progress)

    async def _created(self) -> BinaryIO:
        """The audio file, opened for writing. It is closed again if the work is cancelled meanwhile."""
        creating = asyncio.ensure_future(self._threads.run(self._job_store.create, self._job.id))
        try:
            return await asyncio.shield(creating)
        except asyncio.CancelledError:
            with suppress(OSError):
                (await creating).close()
            raise

    async def failed(self, error: ErrorCode, detail: str) -> None:
        """The job failed. Its incomplete audio is deleted first, to free space."""
        await self._threads.run(self._job_store.drop_audio, self._job.id)
        await self._change(state=JobState.FAILED, error=error, detail=detail)

    async def stopped(self) -> None:
        """The job was cancelled, or the service stops. Does nothing if the job was over already."""
        if not await self._threads.run(self._job_store.is_to_cancel, self._job.id):
            await self._change(
                state=JobState.FAILED,
                error=ErrorCode.UNAVAILABLE,
                detail="the service was stopped; submit the text again",
            )
        else:
            await self._change(state=JobState.CANCELLED, detail="cancelled on request")
        if self._job.state is not JobState.DONE:
            await self._threads.run(self._job_store.drop_audio, self._job.id)

    async def _filled(self, file: BinaryIO, stream: Stream) -> bytes:
        head, beginning = b"", stream.beginning
        async for data in stream:
            if stream.beginning != beginning:
                beginning, head, self._bytes = stream.beginning, b"", 0
                await self._threads.run(_emptied, file)
            if len(head) < HEAD_BYTES:
                head = (head + data)[:HEAD_BYTES]
            self._check(JobSize(self._bytes + len(data), stream.duration_s))
            self._bytes += await self._threads.run(file.write, data)
        return head

    def _check(self, size: JobSize) -> None:
        """Checks whether the audio may become this large.

        Raises:
            InvalidRequest: it is larger than a job may be.
            Unavailable: the disk has no space for it.
        """
        check_size(size, self._limits)
        room = self._job_store.room
        if not room.has_room:
            raise Unavailable(f"the audio cannot be stored: {room.detail}, then submit the text again")

    async def _watch(self, holder: asyncio.Task[object]) -> None:
        while True:
            await self._clock.sleep(_LOOK_EVERY_S)
            if await self._threads.run(self._job_store.is_to_cancel, self._job.id):
                holder.cancel()
                return
            progress = {} if self._stream is None else self._progress(self._stream)
            silent_s = self._clock.now_s() - self._job.updated_at_s
            if silent_s >= SILENT_S or msgspec.structs.replace(self._job, **progress) != self._job:
                with suppress(OSError):  # writing the audio fails as well if the disk is full
                    await self._change(**progress)

    def _progress(self, stream: Stream) -> dict[str, object]:
        render_plan = stream.heard.result.rendition.render_plan
        return {
            "said_chars": stream.said_chars,
            "audio_s": round(stream.duration_s, 3),
            "audio_bytes": self._bytes,
            "arm": render_plan.arm,
            "voice_model": render_plan.model,
            "voice_name": render_plan.voice.label,
            "warnings": stream.warnings,
        }

    async def _change(self, **fields: object) -> None:
        """Writes a change of the record, completely even if the work is cancelled meanwhile."""
        await asyncio.shield(self._written_down(fields))

    async def _written_down(self, fields: dict[str, object]) -> None:
        async with self._one_at_a_time:
            if self._job.state.over:
                return
            job = msgspec.structs.replace(self._job, updated_at_s=self._clock.now_s(), **fields)
            await self._threads.run(self._job_store.put, job)
            self._job = job


def _begun_with(file: BinaryIO, head: bytes) -> None:
    file.seek(0)
    file.write(head)


def _emptied(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()
