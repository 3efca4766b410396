"""A stream being spoken: line after line, a change of arm where one breaks off, and the account of it all."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from segue.audio.flow import Flow
from segue.core.assign import Diversion
from segue.core.errors import SegueError, Unavailable
from segue.core.speech import EncodedAudio
from segue.service.accounts import answer_of
from segue.service.backups import Backups
from segue.service.failover import error_type
from segue.service.found import NEW, Found
from segue.service.streams import BEGINNING, Place

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Iterator

    from segue.audio.pcm import Samples
    from segue.core.lines import Line
    from segue.core.speech import AudioFormat
    from segue.ports.clock import Clock
    from segue.ports.recorder import Recorder
    from segue.service.accounts import Accounts
    from segue.service.backups import Backup
    from segue.service.router import Route, Router
    from segue.service.shelf import Shelf
    from segue.service.streams import Opened, Streams
    from segue.service.synthesis import Synthesis
    from segue.service.threads import Threads

T = TypeVar("T")

_SLICES_S = (0.1, 0.2, 0.4)
"""The first sound leaves in small slices, for the codecs take their time; what follows in larger ones."""

_SLICE_S = 1.0

_MOST_KEPT_BYTES = 64 * 1024 * 1024
"""More is not kept in memory until it can go to the cache: a long text may have a gigabyte of samples."""


class Stage(NamedTuple):
    """What every answer is made with."""

    router: Router
    streams: Streams
    synthesis: Synthesis
    accounts: Accounts
    recorder: Recorder
    clock: Clock
    threads: Threads
    shelf: Shelf


class Recital:
    """One stream, from the opened leg to its end; ``content`` may be read once."""

    def __init__(self, stage: Stage, route: Route, opened: Opened, latency_s: float) -> None:
        wanted = route.request.audio_format
        self.beginning = 0
        self._stage = stage
        self._opened = opened
        self._latency_s = latency_s
        self._one_voice = route.request.background
        self._gap_s = stage.streams.gap_s(route.request)
        self._flow = self._begun(wanted)
        self._nothing_yet = EncodedAudio(b"", wanted.container, self._flow.encoded_rate_hz, 0.0, "")
        self.answer = answer_of(route, self._found())
        self._sizes = iter(_SLICES_S)
        self._sent: list[bytes] | None = [] if route.request.cache_enabled else None
        self._heard_of_line = False
        self._begun_to_sound = False
        self._said_chars = 0
        self._waiting_since_s: float | None = None
        self._sent_bytes = 0
        self._backups = Backups(stage.router, route, opened.leg, go_on=stage.streams.rules.go_on)
        self._over = False

    @property
    def said_chars(self) -> int:
        return self._said_chars

    @property
    def duration_s(self) -> float:
        return self._flow.duration_s

    def head_of_file(self, head: bytes, file_bytes: int) -> bytes:
        return self._flow.head_of_file(head, file_bytes)

    async def content(self) -> AsyncGenerator[bytes, None]:
        """The bytes.

        Raises:
            SegueError: it had to be cut off.
        """
        async with aclosing(self._sound()) as sound:
            async for data in sound:
                if data:
                    self._keep(data)
                    yield data
        try:
            rest = await self._stage.threads.run(self._flow.finish)
        except SegueError as error:
            raise self._cut(error) from error
        self._ended(rest)
        yield rest

    async def close(self) -> None:
        """The listener left, unless it is over already."""
        if not self._flow.closed:
            await self._stage.threads.run(self._flow.close)
        if self._over:
            return
        self._over = True
        takes, synthesis = self._opened.takes, self._stage.synthesis
        await takes.close()
        if self._waiting_since_s is not None:
            waited_s = self._stage.clock.monotonic_s() - self._waiting_since_s
            synthesis.given_up(takes.calls, waited_s, first_audio_s=takes.first_audio_s)
        elif self._said_chars:
            synthesis.succeeded(takes.calls, takes.calls.watch.elapsed_s, takes.first_audio_s)
        self._stage.accounts.served(self.answer, self._latency_s)

    async def _sound(self) -> AsyncGenerator[bytes, None]:
        """Every line, by the arm that can say it."""
        while True:
            try:
                async with aclosing(self._leg(self._opened)) as sound:
                    async for data in sound:
                        yield data
            except SegueError as failure:
                await self._change_arm(failure)
            else:
                break
        takes = self._opened.takes
        self._stage.synthesis.succeeded(takes.calls, takes.engine_s, takes.first_audio_s)

    async def _leg(self, opened: Opened) -> AsyncGenerator[bytes, None]:
        streams, takes, flow = self._stage.streams, opened.takes, self._flow
        run = self._stage.threads.run
        while True:
            take = takes.present
            flow.begin(take.line, take.rate_hz, streams.gain_ratio(takes))
            if self._one_voice:
                takes.look_ahead()
                await self._waited(streams.complete(takes))
            while (part := await self._waited(take.next(self._gap_s))) is not None:
                fresh = part.fresh
                for piece in self._slices(part.samples, take.rate_hz):
                    begun, self._heard_of_line = self._begun_to_sound, True
                    self._begun_to_sound = True
                    # The very first slice is a millisecond's work, and a thread may be waited for longer.
                    yield await run(flow.push, piece, fresh) if begun else flow.push(piece, fresh)
                    fresh = False
                    takes.look_ahead()  # not before: what can be heard now does not wait for what comes next
            await streams.heard_whole(takes)
            yield await run(flow.end)
            if not self._said_chars or streams.levels.knows_little_of(takes.calls.leg.way.manner):
                await streams.learn(takes)
            self._heard_of_line = False
            self._said_chars = take.line.start + len(take.line.text)
            if takes.turn() is None:
                return
            await self._waited(streams.audible(takes, self._gap_s))

    async def _change_arm(self, failure: SegueError) -> None:
        """The rest of the text goes to who can go on.

        Raises:
            Unavailable: nobody can say it; the stream is cut.
        """
        takes = self._opened.takes
        await takes.close()
        self._stage.synthesis.blame(takes.calls, takes.calls.watch.elapsed_s, failure, takes.first_audio_s)
        line = self._next_line()
        while (backup := self._backups.after(failure, line.start)) is not None:
            try:
                opened = await self._waited(self._reopened(backup, line, failure))
            except SegueError as error:
                failure = error
            else:
                return await self._taken_over(opened, backup)
            if not self._one_voice:
                break
        raise self._cut(failure) from failure

    async def _reopened(self, backup: Backup, line: Line, failure: SegueError) -> Opened:
        """The leg that goes on, from the line on or anew, once it can be heard."""
        route, now = self.answer.route, self._opened
        diversion = now.diversion
        if backup.leg is not now.leg:
            self._stage.recorder.fell_back(route.request, route.character.key, error_type(failure))
            diversion = Diversion.FALLBACK
        if backup.wait_s:
            await self._stage.clock.sleep(backup.wait_s)
        place = BEGINNING if backup.anew else Place(line.start, line.silence_before_ms)
        streams = self._stage.streams
        opened = await streams.open(route, backup.leg, self._gap_s, place)
        return opened._replace(diversion=diversion, failure=failure.code)

    async def _taken_over(self, opened: Opened, backup: Backup) -> None:
        if backup.anew:
            await self._stage.threads.run(self._flow.close)
        if backup.anew or not self._one_voice:
            self._sent = None  # of two voices: nobody else's answer
        self._opened = opened
        if backup.anew:
            self._flow = self._begun(self.answer.route.request.audio_format)
            self._said_chars = 0
            self.beginning += 1
        self.answer = answer_of(self.answer.route, self._found())

    def _next_line(self) -> Line:
        """Where the rest begins: with the line that broke off, or the next one where some of it was heard. A last
        line is said again all the same: better twice than half.
        """
        left = self._opened.takes.left
        return left[1] if self._heard_of_line and len(left) > 1 else left[0]

    def _cut(self, error: SegueError) -> Unavailable:
        self._over = True
        self._stage.accounts.failed(self.answer.route, error, self._latency_s)
        heard_s = self._flow.duration_s
        return Unavailable(
            f"the stream was cut off after {heard_s:.1f} s of sound ({error.code}); ask for it again"
        )

    def _keep(self, data: bytes) -> None:
        self._sent_bytes += len(data)
        if self._sent_bytes > _MOST_KEPT_BYTES:
            self._sent = None
        if self._sent is not None:
            self._sent.append(data)

    def _ended(self, rest: bytes) -> None:
        self._over = True
        self._stage.accounts.served(self.answer, self._latency_s)
        if self._sent is not None:
            leg, audio = self._opened.leg, self._flow.whole([*self._sent, rest])
            self._stage.shelf.put(leg.key, leg, self.answer.route.character.key, audio)

    def _begun(self, wanted: AudioFormat) -> Flow:
        opened = self._opened
        limited = opened.leg.way.manner.level_lufs is not None
        return Flow(wanted, opened.takes.present.rate_hz, limited=limited)

    def _found(self) -> Found:
        opened = self._opened
        return Found(opened.leg, self._nothing_yet, NEW, "", (), opened.diversion, opened.failure)

    def _slices(self, samples: Samples, rate_hz: int) -> Iterator[Samples]:
        start = 0
        while start < samples.size:
            size = max(1, int(next(self._sizes, _SLICE_S) * rate_hz))
            yield samples[start : start + size]
            start += size

    async def _waited(self, engine: Awaitable[T]) -> T:
        """Waits for the engine, and knows since when."""
        self._waiting_since_s = self._stage.clock.monotonic_s()
        result = await engine
        self._waiting_since_s = None
        return result
