"""A stream being spoken: line after line, a change of arm where one breaks off, and the account of it all."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from segue.audio.flow import Flow
from segue.core.assign import Diversion
from segue.core.errors import InvalidRequest, SegueError, Unavailable
from segue.core.speech import EncodedAudio
from segue.service.accounts import answer_of
from segue.service.failover import error_type
from segue.service.found import NEW, Found

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Iterator

    from segue.audio.pcm import Samples
    from segue.core.speech import AudioFormat
    from segue.ports.clock import Clock
    from segue.ports.recorder import Recorder
    from segue.service.accounts import Accounts
    from segue.service.router import Leg, Route, Router
    from segue.service.shelf import Shelf
    from segue.service.streams import Opened, Streams
    from segue.service.synthesis import Synthesis
    from segue.service.threads import Threads

T = TypeVar("T")

_SLICES_S = (0.1, 0.2, 0.4)
"""The first sound leaves in small slices, for the codecs take their time; what follows in larger ones."""

_SLICE_S = 1.0


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

    def __init__(
        self, stage: Stage, route: Route, opened: Opened, latency_s: float, *, one_voice: bool = False
    ) -> None:
        wanted = route.request.audio_format
        self.beginning = 0
        self._stage = stage
        self._opened = opened
        self._latency_s = latency_s
        self._one_voice = one_voice
        self._flow = self._begun(wanted)
        self._nothing_yet = EncodedAudio(b"", wanted.container, self._flow.encoded_rate_hz, 0.0, "")
        self.answer = answer_of(route, self._found())
        self._sizes = iter(_SLICES_S)
        self._sent: list[bytes] | None = [] if route.request.cache_enabled else None
        self._heard_of_line = False
        self._said_chars = 0
        self._waiting_since_s: float | None = None
        self._retried = False
        self._over = False

    @property
    def said_chars(self) -> int:
        return self._said_chars

    @property
    def duration_s(self) -> float:
        return self._flow.duration_s

    async def content(self) -> AsyncGenerator[bytes, None]:
        """The bytes.

        Raises:
            SegueError: it had to be cut off.
        """
        async with aclosing(self._sound()) as sound:
            async for data in sound:
                if data:
                    if self._sent is not None:
                        self._sent.append(data)
                    yield data
        rest = await self._stage.threads.run(self._flow.finish)
        await self._ended(rest)
        yield rest

    async def close(self) -> None:
        """The listener left, unless it is over already."""
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
            takes.look_ahead()
            while (part := await self._waited(take.next(streams.rules.gap_s))) is not None:
                fresh = part.fresh
                for piece in self._slices(part.samples, take.rate_hz):
                    self._heard_of_line = True
                    yield await run(flow.push, piece, fresh)
                    fresh = False
            await streams.heard_whole(takes)
            yield await run(flow.end)
            if not self._said_chars:
                await streams.learn(takes)
            self._heard_of_line = False
            self._said_chars = take.line.start + len(take.line.text)
            if takes.turn() is None:
                return
            await self._waited(streams.audible(takes, streams.rules.gap_s))

    async def _change_arm(self, failure: SegueError) -> None:
        """The rest of the text goes to the baseline, or once more to it.

        Raises:
            Unavailable: nobody can say it; the stream is cut.
        """
        takes = self._opened.takes
        await takes.close()
        self._stage.synthesis.blame(takes.calls, takes.calls.watch.elapsed_s, failure, takes.first_audio_s)
        backup = None if isinstance(failure, InvalidRequest) else self._backup()
        if backup is None:
            raise self._cut(failure) from failure
        route, streams = self.answer.route, self._stage.streams
        diversion = self._opened.diversion
        if backup is not self._opened.leg:
            self._stage.recorder.fell_back(route.request, route.character.key, error_type(failure))
            diversion = Diversion.FALLBACK
        start = 0 if self._one_voice else self._next_start()
        try:
            again = streams.open(route, backup, streams.rules.gap_s, start, one_voice=self._one_voice)
            opened = await self._waited(again)
        except SegueError as error:
            raise self._cut(error) from error
        self._opened = opened._replace(diversion=diversion, failure=failure.code)
        self._sent = None  # of two voices: nobody else's answer
        if self._one_voice:
            self._flow = self._begun(route.request.audio_format)
            self.beginning += 1
        self.answer = answer_of(route, self._found())

    def _backup(self) -> Leg | None:
        """Who says the rest: the baseline behind a candidate; behind the baseline, once, itself."""
        if not (self._stage.streams.rules.go_on or self._one_voice):
            return None
        route, leg = self.answer.route, self._opened.leg
        if leg is route.leg and (fallback := self._stage.router.fallback(route)) is not None:
            return fallback
        if self._retried:
            return None
        self._retried = True
        return leg

    def _next_start(self) -> int:
        """Where the rest begins: with the line that broke off, or the next one where some of it was heard. A last
        line is said again all the same: better twice than half.
        """
        left = self._opened.takes.left
        return left[1].start if self._heard_of_line and len(left) > 1 else left[0].start

    def _cut(self, error: SegueError) -> Unavailable:
        self._over = True
        self._stage.accounts.failed(self.answer.route, error, self._latency_s)
        heard_s = self._flow.duration_s
        return Unavailable(
            f"the stream was cut off after {heard_s:.1f} s of sound ({error.code}); ask for it again"
        )

    async def _ended(self, rest: bytes) -> None:
        self._over = True
        self._stage.accounts.served(self.answer, self._latency_s)
        if self._sent is not None:
            leg, audio = self._opened.leg, self._flow.whole(b"".join([*self._sent, rest]))
            await self._stage.shelf.put(leg.key, leg, self.answer.route.character.key, audio)

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
