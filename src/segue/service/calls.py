"""The calls that one answer needs, each through the lane of its voice: a place, the breaker, the allowance."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, cast

from segue.audio.finish import Finished, Spoken, finish
from segue.core.errors import (
    BadAudio,
    DeadlineExceeded,
    InternalFailure,
    QuotaExhausted,
    SegueError,
    SentenceTooLong,
)
from segue.core.lines import Line
from segue.core.speech import AudioFormat, Container

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence

    from segue.core.speech import Manner, Pcm, SpeechRequest, Utterance
    from segue.ports.clock import Clock
    from segue.service.lane import Lane
    from segue.service.router import Leg
    from segue.service.threads import Threads

_QUOTA_WAIT_S = 5.0
_PROBE_PHRASES = {"Hani": "你好，歡迎。", "Hira": "こんにちは。", "Hang": "안녕하세요."}
_PROBE_PHRASE = "Hello there."
_PROBE_TIMEOUT_S = 10.0
_PROBE_CHARACTER = ""
_BARE = AudioFormat(Container.PCM)
_BACKGROUND_WAITS_S = 60.0
"""For a place among listeners, once it is a background call's turn."""

_AT_ONCE = 3
"""Lines of one answer that are asked for at the same time: enough to outrun a listener, and no flood."""


class Asking(NamedTuple):
    """Who asks for what is made: counted with every attempt."""

    request: SpeechRequest
    character_key: str


class Chunk(NamedTuple):
    """Some samples of a line. ``fresh``: the engine began anew with them."""

    pcm: Pcm
    fresh: bool


@dataclass(slots=True)
class Stopwatch:
    """When the engine was first asked for an answer, by the process's own clock; None: it never was."""

    clock: Clock
    began_s: float | None = None

    def start(self) -> None:
        if self.began_s is None:
            self.began_s = self.clock.monotonic_s()

    @property
    def elapsed_s(self) -> float:
        return 0.0 if self.began_s is None else self.clock.monotonic_s() - self.began_s


class Start(NamedTuple):
    """When a line must have begun, on the loop's clock, and the watch of its engine's time. ``patient``: a spent
    allowance is waited for until then. ``begun``: what comes before it is being heard.
    """

    deadline: float
    watch: Stopwatch
    patient: bool = False
    begun: bool = False


@dataclass(slots=True)
class Calls:
    """What one answer asks of one lane. ``watch`` says whether and how long the engine has been at it."""

    lane: Lane
    leg: Leg
    asking: Asking
    threads: Threads
    watch: Stopwatch

    async def all(self, lines: Sequence[Line], deadline: float) -> list[Spoken]:
        """Every line spoken, a few at once; the first failure ends the others."""
        start = Start(deadline, self.watch)
        if len(lines) == 1:
            return await self._one(lines[0], start)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def in_turn(line: Line) -> list[Spoken]:
            async with turns:
                return await self._one(line, start._replace(patient=line is not lines[0]))

        tasks = [asyncio.ensure_future(in_turn(line)) for line in lines]
        try:
            return [spoken for said in await asyncio.gather(*tasks) for spoken in said]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def chunks(self, line: Line, start: Start) -> AsyncGenerator[Chunk, None]:
        """The line as the engine makes it; in one piece where it does not stream."""
        fresh = True
        try:
            async with aclosing(self._pieces(line, start)) as pieces:
                async for pcm in pieces:
                    yield Chunk(pcm, fresh)
                    fresh = False
        except SentenceTooLong:
            parts = line.split_further()
            if not fresh or len(parts) == 1:
                raise
            for part in parts:
                async with aclosing(self.chunks(part, start._replace(patient=True))) as rest:
                    async for chunk in rest:
                        yield chunk

    async def _pieces(self, line: Line, start: Start) -> AsyncGenerator[Pcm, None]:
        async with self._place(line, start):
            utterance = line.utterance(self.leg.way.manner, self.asking.character_key)
            if not self.leg.way.voice.capabilities.streaming:
                yield await self._asked(utterance)
                return
            with self.lane.allowance.stream(), _ours(self.lane):
                stream = cast("AsyncGenerator[Pcm, None]", self.lane.engine.stream(utterance))
                async with aclosing(stream):
                    async for pcm in stream:
                        yield pcm

    async def finished(
        self, spoken: Sequence[Spoken], manner: Manner, learnt_gain_db: float | None = None
    ) -> Finished:
        """What the engine made, ready to be heard; audio that even breaks the inspection is bad audio."""
        try:
            return await self.threads.run(finish, spoken, manner, learnt_gain_db)
        except ValueError as error:
            raise BadAudio(f"the audio cannot be read: {error}") from error

    async def _one(self, line: Line, start: Start) -> list[Spoken]:
        try:
            async with self._place(line, start):
                pcm = await self._asked(line.utterance(self.leg.way.manner, self.asking.character_key))
        except SentenceTooLong:
            parts = line.split_further()
            if len(parts) == 1:
                raise
            later = start._replace(patient=True)
            return [spoken for part in parts for spoken in await self._one(part, later)]
        return [Spoken(line, pcm)]

    @asynccontextmanager
    async def _place(self, line: Line, start: Start) -> AsyncIterator[None]:
        chars, patient, begun, deadline = len(line.text), start.patient, start.begun, start.deadline
        async with AsyncExitStack() as stack:
            if self.asking.request.background:
                await stack.enter_async_context(self.lane.background)
                deadline = max(deadline, asyncio.get_running_loop().time() + _BACKGROUND_WAITS_S)
            admitted = self.lane.admitted(chars, deadline, self._probe, patient=patient, begun=begun)
            await stack.enter_async_context(admitted)
            self.watch.start()
            start.watch.start()
            yield

    async def _asked(self, utterance: Utterance) -> Pcm:
        with _ours(self.lane):
            return await self.lane.engine.synthesize(utterance)

    def failed(self, failure: SegueError) -> None:
        """Tells the lane. Audio that no speech can be may be the fault of a text that cannot be spoken."""
        self.lane.failed(self._probe if isinstance(failure, BadAudio) else None)

    async def _probe(self) -> None:
        """A short fixed phrase in the voice that failed; nobody's text is spoken twice."""
        manner = self.leg.way.manner
        phrase = _PROBE_PHRASES.get(self.leg.way.voice.scripts[0], _PROBE_PHRASE)
        line = Line(phrase, rate_ratio=manner.rate_ratio, pitch_semitones=manner.pitch_semitones)
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT_S):
                pcm = await self._asked(line.utterance(manner, _PROBE_CHARACTER))
        except TimeoutError:
            raise DeadlineExceeded("the probe was not answered in time") from None
        await self.finished([Spoken(line, pcm)], replace(manner, audio_format=_BARE, pauses=(), spans=()))


@contextmanager
def _ours(lane: Lane) -> Iterator[None]:
    """Here end all surprises of engines: what leaves is one of our errors."""
    try:
        yield
    except QuotaExhausted as error:
        lane.allowance.refused_upstream(error.retry_after_s or _QUOTA_WAIT_S)
        raise
    except SegueError:
        raise
    except Exception as error:
        raise InternalFailure(f"engine {lane.engine.name} failed: {type(error).__name__}") from error
