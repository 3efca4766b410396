"""One job under way: its file, the record of how far it is, and an ear for who cancels it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import msgspec

from segue.audio.sized import HEAD_BYTES
from segue.core.errors import ErrorCode
from segue.ports.jobs import JobState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import BinaryIO

    from segue.ports.clock import Clock
    from segue.ports.jobs import Job, JobShelf
    from segue.service.stream import Stream
    from segue.service.threads import Threads

_LOOK_EVERY_S = 1.0
SILENT_S = 15.0
"""A job of which there is nothing new, as one that waits, is written down again so often: it is not forgotten."""


class JobWork:
    """What is known of the job is written down in one order, and nothing after it is over."""

    def __init__(self, shelf: JobShelf, threads: Threads, clock: Clock, job: Job) -> None:
        self._shelf = shelf
        self._threads = threads
        self._clock = clock
        self._job = job
        self._bytes = 0
        self._stream: Stream | None = None
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """While it is open the record is kept fresh, and whoever holds it is cancelled when somebody asks so."""
        holder = asyncio.current_task()
        assert holder is not None, "held by the job's task"
        watch = asyncio.create_task(self._watch(holder), name=f"watch of {self._job.id}")
        try:
            yield
        finally:
            watch.cancel()

    async def write(self, stream: Stream) -> None:
        """All of the stream into the file, from its beginning again where another voice begins."""
        self._stream = stream
        await self._change(state=JobState.RUNNING, **self._progress(stream))
        file = await self._threads.run(self._shelf.create, self._job.id)
        with file:
            head = await self._filled(file, stream)
            file.seek(0)
            await self._threads.run(file.write, stream.head_of_file(head, self._bytes))
        progress = self._progress(stream) | {"said_chars": self._job.text_chars}
        await self._change(state=JobState.DONE, **progress)

    async def failed(self, error: ErrorCode, detail: str) -> None:
        """It came to nothing; the part of the audio that there is goes first, to make room."""
        await self._threads.run(self._shelf.drop_audio, self._job.id)
        await self._change(state=JobState.FAILED, error=error, detail=detail)

    async def stopped(self) -> None:
        """Somebody cancelled it, or the service ends; unless it was over already."""
        if not await self._threads.run(self._shelf.is_to_cancel, self._job.id):
            await self._change(
                state=JobState.FAILED,
                error=ErrorCode.UNAVAILABLE,
                detail="the service was stopped; submit the text again",
            )
        else:
            await self._change(state=JobState.CANCELLED, detail="cancelled on request")
        if self._job.state is not JobState.DONE:
            await self._threads.run(self._shelf.drop_audio, self._job.id)

    async def _filled(self, file: BinaryIO, stream: Stream) -> bytes:
        head, beginning = b"", stream.beginning
        async for data in stream:
            if stream.beginning != beginning:
                beginning, head, self._bytes = stream.beginning, b"", 0
                file.seek(0)
                file.truncate()
            if len(head) < HEAD_BYTES:
                head = (head + data)[:HEAD_BYTES]
            self._bytes += await self._threads.run(file.write, data)
        return head

    async def _watch(self, holder: asyncio.Task[object]) -> None:
        while True:
            await self._clock.sleep(_LOOK_EVERY_S)
            if await self._threads.run(self._shelf.is_to_cancel, self._job.id):
                holder.cancel()
                return
            progress = {} if self._stream is None else self._progress(self._stream)
            silent_s = self._clock.now_s() - self._job.updated_at_s
            if silent_s >= SILENT_S or msgspec.structs.replace(self._job, **progress) != self._job:
                with suppress(OSError):  # the audio's own file tells whether there is no room
                    await self._change(**progress)

    def _progress(self, stream: Stream) -> dict[str, object]:
        way = stream.heard.found.leg.way
        return {
            "said_chars": stream.said_chars,
            "audio_s": round(stream.duration_s, 3),
            "audio_bytes": self._bytes,
            "arm": way.arm,
            "voice_model": way.model,
            "voice_name": way.voice.label,
            "warnings": stream.warnings,
        }

    async def _change(self, **fields: object) -> None:
        """Written to its end, though the work is cancelled meanwhile."""
        await asyncio.shield(self._written_down(fields))

    async def _written_down(self, fields: dict[str, object]) -> None:
        async with self._one_at_a_time:
            if self._job.state.over:
                return
            job = msgspec.structs.replace(self._job, updated_at_s=self._clock.now_s(), **fields)
            await self._threads.run(self._shelf.put, job)
            self._job = job
