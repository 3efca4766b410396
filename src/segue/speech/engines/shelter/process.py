"""One process that synthesizes, as seen from the event loop."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from typing import TYPE_CHECKING, cast

from segue.kernel.errors import EngineCrashed, SegueError
from segue.speech.engines.shelter.wire import (
    FrameKind,
    Frames,
    GarbledFrame,
    ProcessOrder,
    failure_of,
    packed,
    packed_order,
    sound_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from segue.speech.core.speech import Pcm, Utterance
    from segue.speech.engines.shelter.wire import Frame

_TELLS_WITHIN_S = 3.0


class SpeakingProcess(asyncio.Protocol):
    """Makes one utterance at a time.

    ``ready`` is done when it has loaded, with the failure if it cannot. ``lost`` is set when it has ended, and
    ``returncode`` is done some time after that, with how it ended. ``rested`` is called at the end of each
    utterance.
    """

    def __init__(self, engine: str, pid: int, rested: Callable[[SpeakingProcess], None]) -> None:
        loop = asyncio.get_running_loop()
        self.engine = engine
        self.pid = pid
        self.ready: asyncio.Future[SegueError | None] = loop.create_future()
        self.lost = asyncio.Event()
        self.returncode: asyncio.Future[int | None] = loop.create_future()
        self.dropped_for = ""
        self._rested = rested
        self._speech: UtteranceTask | None = None
        self._frames = Frames()
        self._transport: asyncio.WriteTransport | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._frames.fed(data):
                self._take(frame)
        except GarbledFrame as error:
            self.drop(f"it sent data that cannot be read: {error}")

    def connection_lost(self, _: Exception | None) -> None:
        self.lost.set()
        self._be_patient_no_more()
        if not self.ready.done():
            self.ready.set_result(None)
        if self._speech is not None:
            self._speech.news.set()

    def speak(self, utterance: Utterance, *, whole: bool) -> UtteranceTask:
        """Starts an utterance. The process must be idle."""
        assert self._speech is None, "one utterance at a time"
        assert self._transport is not None
        self._speech = speech = UtteranceTask(self)
        self._transport.write(packed_order(ProcessOrder(utterance, whole)))
        return speech

    def stop(self, within_s: float) -> None:
        """Asks it to end the utterance, and drops it if it has not done so within this time."""
        if self._transport is not None and not self.lost.is_set():
            self._transport.write(packed(FrameKind.STOP))
            late = "it did not stop when it was told to"
            self._patience = asyncio.get_running_loop().call_later(within_s, self.drop, late)

    def drop(self, why: str) -> None:
        """Ignores it from now on. Its owner ensures that it is killed."""
        self.dropped_for = self.dropped_for or why
        if self._transport is not None:
            self._transport.abort()

    def _take(self, frame: Frame) -> None:
        if not self.ready.done():
            self.ready.set_result(failure_of(frame.body) if frame.kind is FrameKind.FAILED else None)
        elif self._speech is not None:
            speech, is_last = self._speech, frame.kind in (FrameKind.END, FrameKind.FAILED)
            speech.take(frame)
            if is_last:
                self._speech = None
                self._be_patient_no_more()
                self._rested(self)

    def _be_patient_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class UtteranceTask:
    """One utterance that is being made.

    The process's output is read immediately and buffered (one text's worth), so a slow reader never blocks it.
    """

    def __init__(self, process: SpeakingProcess) -> None:
        self.news = asyncio.Event()
        self._process = process
        self._came: deque[Pcm] = deque()
        self._failure: SegueError | None = None
        self._is_over = False

    def take(self, frame: Frame) -> None:
        """Raises Garbled."""
        if frame.kind is FrameKind.SOUND:
            self._came.append(sound_of(frame.body))
        elif frame.kind is FrameKind.FAILED:
            self._failure = failure_of(frame.body)
        self._is_over = frame.kind is not FrameKind.SOUND
        self.news.set()

    async def pieces(self, stops_within_s: float) -> AsyncGenerator[Pcm, None]:
        """The pieces in order. If the caller leaves early, the process must stop within ``stops_within_s``.

        Raises:
            EngineCrashed: it died, or sent invalid data.
            SegueError: the engine's own failure.
        """
        try:
            while not (self._is_over and not self._came):
                if self._came:
                    yield self._came.popleft()
                elif self._process.lost.is_set():
                    raise await self._crash()
                else:
                    self.news.clear()
                    await self.news.wait()
        finally:
            if not self._is_over:
                self._process.stop(stops_within_s)
        if self._failure is not None:
            raise self._failure

    async def _crash(self) -> EngineCrashed:
        process = self._process
        self._is_over = True
        try:
            async with asyncio.timeout(_TELLS_WITHIN_S):
                returncode = await asyncio.shield(process.returncode)
        except TimeoutError:
            returncode = None
        from_outside = not process.dropped_for and returncode == -signal.SIGKILL
        return EngineCrashed(
            f"a process of engine {process.engine} ended in the middle of this text "
            f"({process.dropped_for or how_ended(returncode)}) and is being replaced; other texts are not affected"
            f"{'' if from_outside else '; the text may be the cause'}",
            from_outside=from_outside,
        )


def how_ended(returncode: int | None) -> str:
    """In words: by which signal, or with which status."""
    if returncode is None:
        return "unknown"
    if returncode >= 0:
        return f"exit status {returncode}"
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
