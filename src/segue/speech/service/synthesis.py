"""Makes a rendition into audio: calls the engine within its time, then inspects and encodes the result."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from segue.kernel.errors import (
    AnswerTooLong,
    BreakerOpen,
    DeadlineExceeded,
    InvalidRequest,
    Overloaded,
    QuotaExhausted,
    SegueError,
)
from segue.kernel.ports.recorder import Attempt
from segue.speech.core.lines import whole_lines
from segue.speech.core.text.pace import usual_length_s
from segue.speech.service.calls import Asking, Calls
from segue.speech.service.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.kernel.arms import Arm
    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.recorder import BulkheadName, Synthesized
    from segue.speech.audio.finish import Finished, LineAudio
    from segue.speech.core.speech import SpeechRequest
    from segue.speech.service.bulkhead import Bulkhead
    from segue.speech.service.levels import Levels
    from segue.speech.service.router import Rendition
    from segue.speech.service.threads import Threads

_GIVEN_UP_S = 4.0
"""If a caller leaves after waiting this long for the engine, that counts as a failure of the engine.

99 % of requests should take less. Otherwise, an engine that hangs would not be noticed as long as callers are less
patient than the service.
"""

_NOBODYS = (InvalidRequest, AnswerTooLong, QuotaExhausted, Overloaded, BreakerOpen)


class Attempts(Protocol):
    """Counts attempts. For listeners' requests, this is the recorder."""

    def attempted(self, attempt: Attempt) -> None: ...

    def synthesized(self, synthesized: Synthesized) -> None: ...


class Synthesis:
    """Makes audio through bulkheads. Every attempt is counted for its arm, whatever its outcome.

    ``spare``: it makes shadow requests (``Bulkhead.admitted``). ``threads`` do the work on samples.
    """

    def __init__(
        self,
        bulkhead_of: Callable[[BulkheadName, Arm], Bulkhead],
        threads: Threads,
        levels: Levels,
        clock: Clock,
        recorder: Attempts,
        *,
        spare: bool = False,
    ) -> None:
        self._bulkhead_of = bulkhead_of
        self.threads = threads
        self._levels = levels
        self._clock = clock
        self._recorder = recorder
        self._spare = spare

    def calls(self, rendition: Rendition, request: SpeechRequest, character_key: str) -> Calls:
        """The calls to the rendition's engine for one response."""
        asking = Asking(request, character_key, self._spare)
        threads = self.threads.background if asking.background else self.threads
        bulkhead = self._bulkhead_of(rendition.render_plan.bulkhead, rendition.render_plan.arm)
        return Calls(bulkhead, rendition, asking, threads, Stopwatch(self._clock), self._recorder.synthesized)

    async def make(
        self, rendition: Rendition, request: SpeechRequest, character_key: str, timeout_s: float
    ) -> Finished:
        """Audio for the rendition within ``timeout_s``.

        Raises:
            SegueError: there is none. The attempt has been counted already.
        """
        calls = self.calls(rendition, request, character_key)
        deadline = asyncio.get_running_loop().time() + timeout_s
        can = rendition.render_plan.voice.capabilities
        lines = await self.threads.run_if_long(len(rendition.text), whole_lines, rendition.resolved, can)
        sound_s = usual_length_s(rendition.resolved)
        try:
            async with asyncio.timeout_at(deadline), calls.entered(deadline, sound_s):
                finished = await self._finished(calls, await calls.all(lines, deadline))
        except TimeoutError:
            failure: SegueError = _too_late(calls, sound_s, timeout_s)
        except SegueError as error:
            failure = error
        except asyncio.CancelledError:
            self.given_up(calls)
            raise
        else:
            self.succeeded(calls, calls.watch.elapsed_s)
            return finished
        self.blame(calls, calls.watch.elapsed_s, failure)
        raise failure

    async def _finished(self, calls: Calls, spoken: Sequence[LineAudio]) -> Finished:
        manner = calls.rendition.render_plan.manner
        finished = await calls.finished(spoken, manner, self._levels.gain_db(manner))
        self._levels.learn(manner, finished.gain_db, finished.audio.duration_s)
        return finished

    def succeeded(self, calls: Calls, engine_s: float, first_audio_s: float | None = None) -> None:
        """Counts an attempt that succeeded."""
        self._count(calls, engine_s, None, first_audio_s)
        calls.bulkhead.succeeded()

    def blame(
        self, calls: Calls, engine_s: float, failure: SegueError, first_audio_s: float | None = None
    ) -> None:
        """Counts an attempt that failed.

        A caller's mistake, a quota that is used up, or an engine that was never called does not count as a failure
        of the arm.
        """
        if not calls.watch.asked or isinstance(failure, _NOBODYS):
            return
        self._count(calls, engine_s, failure, first_audio_s)
        calls.failed(failure)

    def given_up(self, calls: Calls, *, first_audio_s: float | None = None) -> None:
        """The caller left before the response.

        This is a failure of the engine only if it was called and did not respond for long.
        """
        if calls.watch.cut_short and calls.watch.silent_s >= _GIVEN_UP_S:
            failure = DeadlineExceeded(
                f"{calls.rendition.render_plan.model} had not answered when the caller left"
            )
            self.blame(calls, calls.watch.elapsed_s, failure, first_audio_s)

    def _count(
        self, calls: Calls, engine_s: float, failure: SegueError | None, first_audio_s: float | None
    ) -> None:
        render_plan, asking = calls.rendition.render_plan, calls.asking
        code, detail = (None, "") if failure is None else (failure.code, str(failure))
        self._recorder.attempted(
            Attempt(
                asking.request,
                render_plan.arm,
                render_plan.model,
                asking.character_key,
                engine_s,
                code,
                detail,
                first_audio_s,
                render_plan.bulkhead,
            )
        )


def _too_late(calls: Calls, sound_s: float, timeout_s: float) -> SegueError:
    """The error if there was no response within ``timeout_s``.

    It is a failure of the engine if the engine did not respond. It is not if the engine produced line after line
    of a long text, or if the request waited in our own queues.
    """
    model, watch = calls.rendition.render_plan.model, calls.watch
    if not watch.cut_short:
        return calls.no_turn()
    if watch.silent_s >= min(_GIVEN_UP_S, timeout_s / 2):
        return DeadlineExceeded(f"{model} did not answer in time")
    return AnswerTooLong(
        f"{model} could not complete about {sound_s:.0f} s of audio within {timeout_s:.0f} s; "
        "request a stream or a job, or send the text in parts"
    )
