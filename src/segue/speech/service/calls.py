"""The engine calls for one response, each through the bulkhead of its voice."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, cast

from segue.kernel.arms import UnitSource
from segue.kernel.errors import (
    BadAudio,
    DeadlineExceeded,
    EngineCrashed,
    InternalFailure,
    Overloaded,
    QuotaExhausted,
    SegueError,
    SentenceTooLong,
)
from segue.kernel.ports.recorder import Synthesized
from segue.speech.audio.finish import Finished, LineAudio, finish
from segue.speech.core.lines import Line
from segue.speech.core.speech import AudioFormat, Container
from segue.speech.service.admission import Rank, Visit
from segue.speech.service.line import QueuedCaller

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence

    from segue.speech.core.speech import Manner, Pcm, SpeechRequest, Utterance
    from segue.speech.service.bulkhead import Bulkhead
    from segue.speech.service.router import Rendition
    from segue.speech.service.stopwatch import Stopwatch
    from segue.speech.service.threads import Threads

_QUOTA_WAIT_S = 5.0
_RETRY_AFTER_S = 1.0
_PROBE_PHRASES = {"Hani": "你好，歡迎。", "Hira": "こんにちは。", "Hang": "안녕하세요."}
_PROBE_PHRASE = "Hello there."
_PROBE_TIMEOUT_S = 10.0
_PROBE_CHARACTER = ""
_BARE = AudioFormat(Container.PCM)
_BACKGROUND_WAITS_S = 60.0
"""How long a background call waits for a place among listeners, once it is its turn."""

_SPARE_WAITS_S = 2.0
"""How long each line of a shadow request waits for a place behind all listeners."""

_AT_ONCE = 3
"""Lines of one response that are requested at the same time: faster than a listener, without flooding the engine.
"""


_WHO_NAME_AN_ARM = QueuedCaller("an arm by name")


class Asking(NamedTuple):
    """The request for which calls are made; it is counted with every attempt. ``spare``: a shadow request."""

    request: SpeechRequest
    character_key: str
    spare: bool = False

    @property
    def background(self) -> bool:
        """Whether no caller waits for the result: a shadow request, or part of a job."""
        return self.spare or self.request.background

    @property
    def caller(self) -> QueuedCaller:
        """The caller for fair queueing.

        All requests of an address that name no unit share one turn. So do all requests that force an arm: they are
        checks, and listeners must not wait for them.
        """
        if self.request.forced_arm is not None:
            return _WHO_NAME_AN_ARM
        unit = self.request.unit
        return QueuedCaller(unit.address, "" if unit.source is UnitSource.RANDOM else unit.identity)


class LineChunk(NamedTuple):
    """Some samples of a line. ``fresh``: the engine started anew with them."""

    pcm: Pcm
    fresh: bool


class LineStart(NamedTuple):
    """When and how a line starts.

    It must have begun by ``deadline`` on the loop's clock. ``watch`` measures its engine's time. ``patient``: if
    the allowance is used up, the line waits for it until the deadline. ``rank``: whether the line before it is
    being heard.
    """

    deadline: float
    watch: Stopwatch
    patient: bool = False
    rank: Rank = Rank.WAITING


@dataclass(slots=True)
class Calls:
    """The calls of one response to one bulkhead. ``watch`` measures the engine's time.

    ``made`` is called for each line for which the engine has made audio.
    """

    bulkhead: Bulkhead
    rendition: Rendition
    asking: Asking
    threads: Threads
    watch: Stopwatch
    made: Callable[[Synthesized], None]

    @asynccontextmanager
    async def entered(self, deadline: float, sound_s: float = 0.0) -> AsyncIterator[None]:
        """Holds a turn for a response that a caller waits for, with this duration of audio; 0 for a stream.

        Raises:
            BreakerOpen, Overloaded, AnswerTooLong: there is no turn in time.
        """
        if self.asking.background:
            yield
            return
        async with self.bulkhead.entered(Visit(self.asking.caller, sound_s), deadline, self._probe):
            yield

    async def all(self, lines: Sequence[Line], deadline: float) -> list[LineAudio]:
        """Synthesizes all lines, a few at the same time. The first failure cancels the others."""
        start = LineStart(deadline, self.watch)
        if len(lines) == 1:
            return await self._one(lines[0], start)
        turns = asyncio.Semaphore(_AT_ONCE)

        async def in_turn(line: Line) -> list[LineAudio]:
            async with turns:
                return await self._one(line, start._replace(patient=line is not lines[0]))

        tasks = [asyncio.ensure_future(in_turn(line)) for line in lines]
        try:
            return [spoken for said in await asyncio.gather(*tasks) for spoken in said]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def chunks(self, line: Line, start: LineStart) -> AsyncGenerator[LineChunk, None]:
        """The line as the engine produces it; in one piece if the engine does not stream."""
        fresh = True
        try:
            async with aclosing(self._pieces(line, start)) as pieces:
                async for pcm in pieces:
                    yield LineChunk(pcm, fresh)
                    fresh = False
        except SentenceTooLong:
            parts = line.split_further()
            if not fresh or len(parts) == 1:
                raise
            for part in parts:
                async with aclosing(self.chunks(part, start._replace(patient=True))) as rest:
                    async for chunk in rest:
                        yield chunk

    async def _pieces(self, line: Line, start: LineStart) -> AsyncGenerator[Pcm, None]:
        async with self._place(line, start):
            utterance = self._utterance(line)
            if not self.rendition.render_plan.voice.capabilities.streaming:
                pcm = await self._asked(utterance)
                self._count(line)
                yield pcm
                return
            with self.bulkhead.allowance.stream(spare=self.asking.spare), _ours(self.bulkhead):
                stream = cast("AsyncGenerator[Pcm, None]", self.bulkhead.engine.stream(utterance))
                is_counted = False
                async with aclosing(stream):
                    async for pcm in stream:
                        self.watch.heard()
                        if not is_counted:
                            self._count(line)
                            is_counted = True
                        yield pcm

    async def finished(
        self, spoken: Sequence[LineAudio], manner: Manner, learnt_gain_db: float | None = None
    ) -> Finished:
        """The engine's audio, ready to be sent. Audio that makes the inspection itself fail is bad audio."""
        try:
            return await self.threads.run(finish, spoken, manner, learnt_gain_db)
        except ValueError as error:
            raise BadAudio(f"the engine's audio cannot be processed: {error}") from error

    async def _one(self, line: Line, start: LineStart) -> list[LineAudio]:
        try:
            async with self._place(line, start):
                pcm = await self._asked(self._utterance(line))
                self._count(line)
        except SentenceTooLong:
            parts = line.split_further()
            if len(parts) == 1:
                raise
            later = start._replace(patient=True)
            return [spoken for part in parts for spoken in await self._one(part, later)]
        return [LineAudio(line, pcm)]

    def _utterance(self, line: Line) -> Utterance:
        asking = self.asking
        return line.utterance(
            self.rendition.render_plan.manner, asking.character_key, background=asking.background
        )

    @asynccontextmanager
    async def _place(self, line: Line, start: LineStart) -> AsyncIterator[None]:
        chars, patient, deadline = len(line.text), start.patient, start.deadline
        now, spare = asyncio.get_running_loop().time(), self.asking.spare
        async with AsyncExitStack() as stack:
            if spare:
                deadline = min(deadline, now + _SPARE_WAITS_S)
            elif self.asking.request.background:
                await stack.enter_async_context(self.bulkhead.background)
                deadline = max(deadline, asyncio.get_running_loop().time() + _BACKGROUND_WAITS_S)
            visit = Visit(self.asking.caller, rank=start.rank if not spare else Rank.SPARE)
            admitted = self.bulkhead.admitted(chars, deadline, self._probe, visit, patient=patient)
            await stack.enter_async_context(admitted)
            stack.enter_context(self.watch.asking())
            if start.watch is not self.watch:
                stack.enter_context(start.watch.asking())
            yield

    def _count(self, line: Line) -> None:
        render_plan, asking = self.rendition.render_plan, self.asking
        self.made(
            Synthesized(
                asking.request,
                render_plan.arm,
                asking.character_key,
                render_plan.bulkhead,
                render_plan.voice.name,
                len(line.text),
                asking.spare,
            )
        )

    async def _asked(self, utterance: Utterance) -> Pcm:
        with _ours(self.bulkhead):
            return await self.bulkhead.engine.synthesize(utterance)

    def no_turn(self) -> Overloaded:
        """The error if the time was over before the engine could be called. It is not a failure of the engine."""
        model = self.rendition.render_plan.model
        return Overloaded(
            f"{model} had no place for this request in time, because there are too many requests or its calls "
            "take too long; try again shortly",
            retry_after_s=_RETRY_AFTER_S,
        )

    def check_spare(self) -> None:
        """Raises BreakerOpen, Overloaded or QuotaExhausted if a shadow request would not be let through now."""
        self.bulkhead.check_spare(len(self.rendition.text), self._probe)

    def failed(self, failure: SegueError) -> None:
        """Reports a failure to the bulkhead.

        Unusable audio and crashes may be due to a text that cannot be spoken. A background call may have run out
        of time because all others went first.
        """
        doubtful = isinstance(failure, BadAudio | EngineCrashed) or (
            self.asking.spare and isinstance(failure, DeadlineExceeded)
        )
        self.bulkhead.failed(self._probe if doubtful else None)

    async def _probe(self) -> None:
        """Synthesizes a short fixed phrase with the voice that failed. No caller's text is used."""
        manner = self.rendition.render_plan.manner
        phrase = _PROBE_PHRASES.get(self.rendition.render_plan.voice.scripts[0], _PROBE_PHRASE)
        line = Line(phrase, rate_ratio=manner.rate_ratio, pitch_semitones=manner.pitch_semitones)
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT_S):
                pcm = await self._asked(line.utterance(manner, _PROBE_CHARACTER))
        except TimeoutError:
            raise DeadlineExceeded("the engine did not answer the probe in time") from None
        await self.finished([LineAudio(line, pcm)], replace(manner, audio_format=_BARE, pauses=(), spans=()))


@contextmanager
def _ours(bulkhead: Bulkhead) -> Iterator[None]:
    """Converts unexpected exceptions of engines into errors of ``segue.kernel.errors``."""
    try:
        yield
    except QuotaExhausted as error:
        bulkhead.allowance.refused_upstream(error.retry_after_s or _QUOTA_WAIT_S)
        raise
    except SegueError:
        raise
    except Exception as error:
        raise InternalFailure(f"engine {bulkhead.name.engine} failed: {type(error).__name__}") from error
