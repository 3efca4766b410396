"""One leg made into audio: the engine called inside its time, its work inspected, wrapped and judged."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from segue.audio.finish import Finished, finish
from segue.core.errors import (
    BadAudio,
    DeadlineExceeded,
    InternalFailure,
    InvalidRequest,
    QuotaExhausted,
    SegueError,
)
from segue.core.speech import AudioFormat, Container, ResolvedRequest, SpeechRequest
from segue.ports.recorder import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from segue.core.speech import Pcm, Utterance
    from segue.ports.clock import Clock
    from segue.ports.engine import Engine
    from segue.ports.recorder import LaneName, Recorder
    from segue.service.lane import Lane
    from segue.service.router import Leg

_PROBE_PHRASES = {"Hani": "你好，歡迎。", "Hira": "こんにちは。", "Hang": "안녕하세요."}
_PROBE_PHRASE = "Hello there."
_PROBE_TIMEOUT_S = 10.0
_PROBE_CHARACTER = ""
_QUOTA_WAIT_S = 5.0
_GIVEN_UP_S = 4.0
"""Who leaves after waiting so long for the engine has been failed by it: 99 % are to be made in less. Without
this, an engine that hangs would go unnoticed for as long as callers are less patient than the service."""
_BARE = AudioFormat(Container.PCM)


class _Asking(NamedTuple):
    """Who asks for what is made: counted with every attempt."""

    request: SpeechRequest
    character_key: str


class Synthesis:
    """Makes audio through lanes; every attempt is counted for its arm, whatever becomes of it."""

    def __init__(
        self, lane_of: Callable[[LaneName], Lane], executor: Executor, clock: Clock, recorder: Recorder
    ) -> None:
        self._lane_of = lane_of
        self._executor = executor
        self._clock = clock
        self._recorder = recorder

    async def make(self, leg: Leg, request: SpeechRequest, character_key: str, timeout_s: float) -> Finished:
        """Audio for the leg of the request within ``timeout_s``.

        Raises:
            SegueError: why there is none. Whether the arm is to blame has been counted already.
        """
        lane = self._lane_of(leg.way.lane)
        deadline = asyncio.get_running_loop().time() + timeout_s

        async def probe() -> None:
            await self._probe(lane, leg)

        async with lane.admitted(len(leg.text), deadline, probe):
            return await self._attempt(lane, leg, _Asking(request, character_key), deadline)

    async def _attempt(self, lane: Lane, leg: Leg, asking: _Asking, deadline: float) -> Finished:
        began_s = self._clock.monotonic_s()
        engine_s = 0.0
        try:
            async with asyncio.timeout_at(deadline):
                pcm = await _asked(lane.engine, leg.resolved.utterance(asking.character_key))
            engine_s = self._clock.monotonic_s() - began_s
            finished = await self._finished(pcm, leg.resolved)
        except TimeoutError:
            failure: SegueError = DeadlineExceeded(f"{leg.way.model} did not answer in time")
        except SegueError as error:
            failure = error
        except asyncio.CancelledError:
            self._note_given_up(lane, leg, asking, self._clock.monotonic_s() - began_s)
            raise
        else:
            self._count(leg, asking, engine_s, None)
            lane.succeeded()
            return finished
        self._blame(lane, leg, asking, engine_s or self._clock.monotonic_s() - began_s, failure)
        raise failure

    async def _finished(self, pcm: Pcm, resolved: ResolvedRequest) -> Finished:
        """What the engine made, ready to be heard; audio that even breaks the inspection is bad audio."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, finish, pcm, resolved)
        except ValueError as error:
            raise BadAudio(f"the audio cannot be read: {error}") from error

    def _blame(self, lane: Lane, leg: Leg, asking: _Asking, engine_s: float, failure: SegueError) -> None:
        """A caller's mistake is nobody's failure; a spent quota is not the arm's."""
        if isinstance(failure, InvalidRequest):
            return
        if isinstance(failure, QuotaExhausted):
            lane.allowance.refused_upstream(failure.retry_after_s or _QUOTA_WAIT_S)
            return
        self._count(leg, asking, engine_s, failure)
        lane.failed()

    def _note_given_up(self, lane: Lane, leg: Leg, asking: _Asking, waited_s: float) -> None:
        if waited_s >= _GIVEN_UP_S:
            failure = DeadlineExceeded(f"{leg.way.model} had not answered when the caller left")
            self._blame(lane, leg, asking, waited_s, failure)

    def _count(self, leg: Leg, asking: _Asking, engine_s: float, failure: SegueError | None) -> None:
        way = leg.way
        code, detail = (None, "") if failure is None else (failure.code, str(failure))
        self._recorder.attempted(
            Attempt(asking.request, way.arm, way.model, asking.character_key, engine_s, code, detail)
        )

    async def _probe(self, lane: Lane, leg: Leg) -> None:
        """A short fixed phrase in the voice that failed; nobody's text is spoken twice."""
        voice = leg.way.voice
        phrase = _PROBE_PHRASES.get(voice.scripts[0], _PROBE_PHRASE)
        resolved = ResolvedRequest(replace(leg.way.manner, audio_format=_BARE, pauses=(), spans=()), phrase)
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT_S):
                pcm = await _asked(lane.engine, resolved.utterance(_PROBE_CHARACTER))
        except TimeoutError:
            raise DeadlineExceeded("the probe was not answered in time") from None
        await self._finished(pcm, resolved)


async def _asked(engine: Engine, utterance: Utterance) -> Pcm:
    """The engine's answer, or one of our errors: here end all surprises of engines."""
    try:
        return await engine.synthesize(utterance)
    except SegueError:
        raise
    except Exception as error:
        raise InternalFailure(f"engine {engine.name} failed: {type(error).__name__}") from error
