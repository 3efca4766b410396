"""Produces a stream line by line, changes the arm if a line fails, and accounts for the outcome."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from segue.kernel.assign import Diversion
from segue.kernel.errors import SegueError, Unavailable
from segue.speech.audio.flow import Flow
from segue.speech.audio.slices import Slicer
from segue.speech.core.speech import EncodedAudio
from segue.speech.core.stream_state import NOTHING_HEARD, StreamState
from segue.speech.service.accounts import answer_of
from segue.speech.service.answers import NEW, AudioResult
from segue.speech.service.backups import Backups
from segue.speech.service.failover import error_type
from segue.speech.service.kept_bytes import KeptBytes
from segue.speech.service.streams import BEGINNING, TextStart

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable

    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.recorder import Recorder
    from segue.speech.core.lines import Line
    from segue.speech.core.speech import AudioFormat
    from segue.speech.service.accounts import Accounts
    from segue.speech.service.backups import Backup
    from segue.speech.service.prefetch import LinePrefetch
    from segue.speech.service.progress import Progress
    from segue.speech.service.router import Route, Router
    from segue.speech.service.shadow import Shadow
    from segue.speech.service.streams import Opened, Streams
    from segue.speech.service.synthesis import Synthesis
    from segue.speech.service.write_behind import WriteBehindCache

T = TypeVar("T")


class Dependencies(NamedTuple):
    """The collaborators that every answer needs."""

    router: Router
    streams: Streams
    synthesis: Synthesis
    accounts: Accounts
    recorder: Recorder
    clock: Clock
    write_behind: WriteBehindCache
    shadow: Shadow
    progress: Progress


class StreamSession:
    """One stream, from the opened rendition to its end. ``content`` can be read once."""

    def __init__(self, dependencies: Dependencies, route: Route, opened: Opened, latency_s: float) -> None:
        wanted = route.request.audio_format
        self.beginning = 0
        self._dependencies = dependencies
        self._run = opened.prefetch.calls.threads.run
        self._opened = opened
        self._latency_s = latency_s
        self._one_voice = route.request.background
        self._gap_s = dependencies.streams.gap_s(route.request)
        self._flow = self._begun(wanted)
        self._nothing_yet = EncodedAudio(b"", wanted.container, self._flow.encoded_rate_hz, 0.0, "")
        self.answer = answer_of(route, self._result())
        self._state = StreamState.SENDING
        self._heard = NOTHING_HEARD
        self._slicer = Slicer()
        self._kept = KeptBytes(wanted=route.request.cache_enabled)
        self._backups = Backups(
            dependencies.router, route, opened.rendition, go_on=dependencies.streams.rules.go_on
        )

    @property
    def said_chars(self) -> int:
        return self._heard.chars

    @property
    def duration_s(self) -> float:
        return self._flow.duration_s

    def head_of_file(self, head: bytes, file_bytes: int) -> bytes:
        return self._flow.head_of_file(head, file_bytes)

    async def content(self) -> AsyncGenerator[bytes, None]:
        """The bytes.

        Raises:
            SegueError: the stream had to be cut off.
        """
        async with aclosing(self._sound()) as sound:
            async for data in sound:
                if data:
                    self._kept.add(data)
                    yield data
        try:
            rest = self._flow.finish() if self._flow.gives_on else await self._run(self._flow.finish)
        except SegueError as error:
            raise self._cut(error) from error
        self._ended(rest)
        yield rest

    async def close(self) -> None:
        """The listener left, unless the stream is over already."""
        if not self._flow.closed:
            await self._run(self._flow.close)
        if self._state.is_final:
            return
        waited_for_engine = self._state is StreamState.WAITING
        self._state = self._state.then(StreamState.LEFT)
        prefetch, synthesis = self._opened.prefetch, self._dependencies.synthesis
        await prefetch.close()
        if waited_for_engine:
            synthesis.given_up(prefetch.calls, first_audio_s=prefetch.first_audio_s)
        elif self._heard.chars:
            synthesis.succeeded(prefetch.calls, prefetch.calls.watch.elapsed_s, prefetch.first_audio_s)
        if not self.answer.route.request.background:  # of a job, nobody hears a part
            self._dependencies.accounts.served(self.answer, self._latency_s)
        self._dependencies.shadow.answered(self.answer.route, streamed=True)

    async def _sound(self) -> AsyncGenerator[bytes, None]:
        """The audio of all lines, each from an arm that can say it."""
        while True:
            try:
                async with aclosing(self._rendition(self._opened)) as sound:
                    async for data in sound:
                        yield data
            except SegueError as failure:
                await self._change_arm(failure)
            else:
                break
        prefetch = self._opened.prefetch
        self._dependencies.synthesis.succeeded(prefetch.calls, prefetch.engine_s, prefetch.first_audio_s)

    async def _rendition(self, opened: Opened) -> AsyncGenerator[bytes, None]:
        streams, prefetch, flow = self._dependencies.streams, opened.prefetch, self._flow
        while True:
            current = prefetch.current
            alone = current.has_original and prefetch.is_single
            flow.begin(current.line, current.rate_hz, streams.gain_ratio(prefetch), alone=alone)
            if self._one_voice:
                prefetch.look_ahead()
                await self._waited(streams.complete(prefetch))
            while (part := await self._waited(current.next(self._gap_s))) is not None:
                fresh = part.fresh
                as_it_came = flow.given_on(part.samples, part.original, fresh=fresh)
                if as_it_came is not None:
                    self._heard = self._heard.with_part()
                    yield as_it_came
                    await _look_ahead(prefetch)
                    continue
                for samples, is_first in self._slicer.cut(part.samples, current.rate_hz):
                    self._heard = self._heard.with_part()
                    # Processing the first slice takes about a millisecond; waiting for a thread may take longer.
                    yield flow.push(samples, fresh) if is_first else await self._run(flow.push, samples, fresh)
                    fresh = False
                    await _look_ahead(prefetch)
            await streams.heard_whole(prefetch)
            yield flow.end() if flow.gives_on else await self._run(flow.end)
            if streams.levels.wants(prefetch.calls.rendition.render_plan.manner):
                await streams.learn(prefetch)
            self._heard = self._heard.with_line(current.line)
            if prefetch.turn() is None:
                return
            await self._waited(streams.audible(prefetch, self._gap_s))

    async def _change_arm(self, failure: SegueError) -> None:
        """Passes the rest of the text to a backup.

        Raises:
            Unavailable: there is no backup; the stream is cut off.
        """
        prefetch = self._opened.prefetch
        await prefetch.close()
        self._dependencies.synthesis.blame(
            prefetch.calls, prefetch.calls.watch.elapsed_s, failure, prefetch.first_audio_s
        )
        line = self._heard.resume_at(prefetch.left)
        while (backup := await self._backup(failure, line)) is not None:
            try:
                opened = await self._waited(self._reopened(backup, line, failure))
            except SegueError as error:
                failure = error
            else:
                return await self._taken_over(opened, backup)
            if not self._one_voice:
                break
        raise self._cut(failure) from failure

    async def _backup(self, failure: SegueError, line: Line) -> Backup | None:
        chars = len(self.answer.route.request.text)
        return await self._dependencies.synthesis.threads.run_if_long(
            chars, self._backups.after, failure, line.start
        )

    async def _reopened(self, backup: Backup, line: Line, failure: SegueError) -> Opened:
        """The backup's rendition once its first audio is available. It continues from the line, or starts over."""
        route, now = self.answer.route, self._opened
        diversion = now.diversion
        if backup.rendition is not now.rendition:
            self._dependencies.recorder.fell_back(route.request, route.character.key, error_type(failure))
            diversion = Diversion.FALLBACK
        if backup.wait_s:
            await self._dependencies.clock.sleep(backup.wait_s)
        start = (
            line.start
            if backup.rendition is now.rendition
            else backup.rendition.place_of(now.rendition, line.start)
        )
        place = BEGINNING if backup.anew else TextStart(start, line.silence_before_ms)
        streams = self._dependencies.streams
        opened = await streams.open(route, backup.rendition, self._gap_s, place)
        return opened._replace(diversion=diversion, failure=failure.code)

    async def _taken_over(self, opened: Opened, backup: Backup) -> None:
        if backup.anew:
            await self._run(self._flow.close)
        if backup.anew or not self._one_voice:
            self._kept.drop()  # it has two voices now, so it must not be cached
        self._opened, self._heard = opened, self._heard.from_new_line()
        if backup.anew:
            self._flow = self._begun(self.answer.route.request.audio_format)
            self._heard = NOTHING_HEARD
            self.beginning += 1
        self.answer = answer_of(self.answer.route, self._result())

    def _cut(self, error: SegueError) -> Unavailable:
        self._state = self._state.then(StreamState.CUT)
        self._dependencies.accounts.failed(self.answer.route, error, self._latency_s)
        self._dependencies.shadow.answered(self.answer.route, streamed=True)
        heard_s = self._flow.duration_s
        return Unavailable(
            f"the stream was cut off after {heard_s:.1f} s of audio ({error.code}); request it again"
        )

    def _ended(self, rest: bytes) -> None:
        self._state = self._state.then(StreamState.ENDED)
        self._dependencies.accounts.served(self.answer, self._latency_s)
        self._dependencies.shadow.answered(self.answer.route, streamed=True)
        if self._kept.parts is not None:
            rendition, audio = self._opened.rendition, self._flow.whole([*self._kept.parts, rest])
            self._dependencies.write_behind.put(rendition.key, rendition, self.answer.route.character.key, audio)

    def _begun(self, wanted: AudioFormat) -> Flow:
        opened = self._opened
        limited = opened.rendition.render_plan.manner.level_lufs is not None
        return Flow(wanted, opened.prefetch.current.rate_hz, limited=limited)

    def _result(self) -> AudioResult:
        opened = self._opened
        why = opened.diversion, opened.failure, opened.backup_for
        return AudioResult(opened.rendition, self._nothing_yet, NEW, "", (), *why)

    async def _waited(self, engine: Awaitable[T]) -> T:
        """The engine's result. If it fails, the stream goes on waiting, now for its backup."""
        self._state = self._state.then(StreamState.WAITING)
        result = await engine
        self._state = self._state.then(StreamState.SENDING)
        return result


async def _look_ahead(prefetch: LinePrefetch) -> None:
    """Starts the lines after the current one, once the audio so far is on its way.

    The server sends it when this task waits for the first time, and cutting the rest of a long text takes a while.
    """
    if prefetch.is_behind:
        await asyncio.sleep(0)
        prefetch.look_ahead()
