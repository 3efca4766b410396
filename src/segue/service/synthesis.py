"""One leg made into audio: the engine called inside its time, its work inspected, wrapped and judged."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from segue.core.errors import (
    BreakerOpen,
    DeadlineExceeded,
    InvalidRequest,
    Overloaded,
    QuotaExhausted,
    SegueError,
)
from segue.core.lines import whole_lines
from segue.ports.recorder import Attempt
from segue.service.calls import Asking, Calls, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.audio.finish import Finished, Spoken
    from segue.core.speech import SpeechRequest
    from segue.ports.clock import Clock
    from segue.ports.recorder import LaneName, Recorder
    from segue.service.lane import Lane
    from segue.service.levels import Levels
    from segue.service.router import Leg
    from segue.service.threads import Threads

_GIVEN_UP_S = 4.0
"""Who leaves after waiting so long for the engine has been failed by it: 99 % are to be made in less. Without
this, an engine that hangs would go unnoticed for as long as callers are less patient than the service."""

_NOBODYS = (InvalidRequest, QuotaExhausted, Overloaded, BreakerOpen)


class Synthesis:
    """Makes audio through lanes; every attempt is counted for its arm, whatever becomes of it."""

    def __init__(
        self,
        lane_of: Callable[[LaneName], Lane],
        threads: Threads,
        levels: Levels,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        self._lane_of = lane_of
        self._threads = threads
        self._levels = levels
        self._clock = clock
        self._recorder = recorder

    def calls(self, leg: Leg, request: SpeechRequest, character_key: str) -> Calls:
        """The way to the engine of the leg, for one answer."""
        asking = Asking(request, character_key)
        return Calls(self._lane_of(leg.way.lane), leg, asking, self._threads, Stopwatch(self._clock))

    async def make(self, leg: Leg, request: SpeechRequest, character_key: str, timeout_s: float) -> Finished:
        """Audio for the leg of the request within ``timeout_s``.

        Raises:
            SegueError: why there is none. Whether the arm is to blame has been counted already.
        """
        calls = self.calls(leg, request, character_key)
        lines = whole_lines(leg.resolved, leg.way.voice.capabilities)
        engine_s = 0.0
        deadline = asyncio.get_running_loop().time() + timeout_s
        try:
            async with asyncio.timeout_at(deadline):
                spoken = await calls.all(lines, deadline)
            engine_s = calls.watch.elapsed_s
            finished = await self._finished(calls, spoken)
        except TimeoutError:
            failure: SegueError = DeadlineExceeded(f"{leg.way.model} did not answer in time")
        except SegueError as error:
            failure = error
        except asyncio.CancelledError:
            self.given_up(calls)
            raise
        else:
            self.succeeded(calls, engine_s)
            return finished
        self.blame(calls, engine_s or calls.watch.elapsed_s, failure)
        raise failure

    async def _finished(self, calls: Calls, spoken: Sequence[Spoken]) -> Finished:
        manner = calls.leg.way.manner
        finished = await calls.finished(spoken, manner, self._levels.gain_db(manner))
        self._levels.learn(manner, finished.gain_db, finished.audio.duration_s)
        return finished

    def succeeded(self, calls: Calls, engine_s: float, first_audio_s: float | None = None) -> None:
        """Counts an attempt that ended well."""
        self._count(calls, engine_s, None, first_audio_s)
        calls.lane.succeeded()

    def blame(
        self, calls: Calls, engine_s: float, failure: SegueError, first_audio_s: float | None = None
    ) -> None:
        """Counts one that did not: a caller's mistake is nobody's failure; a spent quota is not the arm's, and an
        engine that was never asked has failed nobody.
        """
        if calls.watch.began_s is None or isinstance(failure, _NOBODYS):
            return
        self._count(calls, engine_s, failure, first_audio_s)
        calls.failed(failure)

    def given_up(self, calls: Calls, waited_s: float | None = None, *, first_audio_s: float | None = None) -> None:
        """The caller left before an answer, after ``waited_s`` for the engine."""
        waited_s = calls.watch.elapsed_s if waited_s is None else waited_s
        if waited_s >= _GIVEN_UP_S:
            failure = DeadlineExceeded(f"{calls.leg.way.model} had not answered when the caller left")
            self.blame(calls, calls.watch.elapsed_s, failure, first_audio_s)

    def _count(
        self, calls: Calls, engine_s: float, failure: SegueError | None, first_audio_s: float | None
    ) -> None:
        way, asking = calls.leg.way, calls.asking
        code, detail = (None, "") if failure is None else (failure.code, str(failure))
        self._recorder.attempted(
            Attempt(
                asking.request, way.arm, way.model, asking.character_key, engine_s, code, detail, first_audio_s
            )
        )
