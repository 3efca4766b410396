"""The common part of engines that work in threads: runs utterances in threads, passes chunks on, and cancels."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack

from segue.kernel.errors import InternalFailure, SegueError, Unavailable
from segue.speech.core.speech import Pcm
from segue.speech.engines.background import background_pool
from segue.speech.ports.engine import Health

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from concurrent.futures import Executor

    from segue.speech.core.speech import Utterance

Ts = TypeVarTuple("Ts")
T = TypeVar("T")

_let_others_run = getattr(os, "sched_yield", partial(time.sleep, 0))
"""After the first chunk: where cores are few, the loop that sends it on may stand behind the engine's thread for a
whole time slice."""

_NOT_STARTED = "not started"
_READY = "ready"
_CLOSED = "closed"


class ThreadedEngine(ABC):
    """An engine whose work blocks.

    Subclasses emit chunks in a worker thread, and this class passes them to the event loop.

    ``threads`` utterances are made at the same time, and as many in the background. Further ones wait. Once a call
    is cancelled or the engine closed, ``emit`` returns False, and ``_speak`` must end. If the engine was closed,
    the caller gets Unavailable.
    """

    stops_within_s = 10.0
    """How long ``_speak`` may continue after it was cancelled: long enough for a sentence of a neural engine.

    A sheltered engine is killed after that.
    """

    real_time_factor = 0.0
    """The seconds that a second of audio takes at best. 0 if the engine is never too slow for a whole response."""

    def __init__(self, *, threads: int) -> None:
        if threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        self.places = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=type(self).__name__)
        self._background = background_pool(threads, f"{type(self).__name__}-background")
        self._stops: set[threading.Event] = set()
        self.voices_revision = 0
        self._state = _NOT_STARTED

    @abstractmethod
    def _load(self) -> None:
        """Loads and warms up, in a worker thread. Raises Unavailable with the cause and what to do."""

    @abstractmethod
    def _speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        """Makes the utterance in a worker thread, and emits it in chunks until ``emit`` returns False."""

    def load_here(self) -> None:
        """Loads in the calling thread, the only thread of a sheltered process.

        Raises:
            SegueError: the engine cannot work; the message says why.
        """
        try:
            self._load()
        except SegueError:
            raise
        except Exception as error:
            raise Unavailable(f"{type(self).__name__} cannot start: {type(error).__name__}: {error}") from error

    def speak_here(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        """Makes the utterance in the calling thread, and emits it until ``emit`` returns False.

        Raises:
            SegueError: the utterance cannot be made; the message says why.
        """
        try:
            self._speak(utterance, emit)
        except SegueError:
            raise
        except Exception as error:
            raise InternalFailure(f"{type(self).__name__} failed: {type(error).__name__}") from error

    async def start(self) -> None:
        try:
            await self._submit(self._pool, self.load_here)
        except SegueError as error:
            if self._state is not _CLOSED:
                self._state = str(error)
            raise
        self._state = _READY

    async def synthesize(self, utterance: Utterance) -> Pcm:
        with self._stop_flag() as stop:
            return await self._submit(self._pool_for(utterance), self._speak_whole, utterance, stop)

    async def stream(self, utterance: Utterance) -> AsyncIterator[Pcm]:
        """The chunks in order. They are buffered (one text's worth), so a slow reader holds no thread."""
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[Pcm | SegueError | None] = asyncio.Queue()

        def hand_over(item: Pcm | SegueError | None) -> None:
            loop.call_soon_threadsafe(chunks.put_nowait, item)

        with self._stop_flag() as stop:
            work = self._submit(self._pool_for(utterance), self._pump, utterance, stop, hand_over)
            while (item := await chunks.get()) is not None:
                if isinstance(item, SegueError):
                    raise item
                yield item
            await work

    async def health(self) -> Health:
        return Health(ready=self._state is _READY, detail=self._state)

    async def close(self) -> None:
        self._state = _CLOSED
        for stop in self._stops:
            stop.set()
        for pool in (self._pool, self._background):
            await asyncio.get_running_loop().run_in_executor(None, pool.shutdown)

    @contextmanager
    def _stop_flag(self) -> Iterator[threading.Event]:
        stop = threading.Event()
        self._stops.add(stop)
        try:
            yield stop
        finally:
            stop.set()
            self._stops.discard(stop)

    def _pool_for(self, utterance: Utterance) -> Executor:
        return self._background if utterance.background else self._pool

    def _submit(self, pool: Executor, work: Callable[[Unpack[Ts]], T], *args: *Ts) -> asyncio.Future[T]:
        if self._state is _CLOSED:
            raise Unavailable("the engine is closed")
        return asyncio.get_running_loop().run_in_executor(pool, work, *args)

    def _speak_whole(self, utterance: Utterance, stop: threading.Event) -> Pcm:
        pieces: list[Pcm] = []

        def emit(piece: Pcm) -> bool:
            pieces.append(piece)
            return not stop.is_set()

        self._speak_for(stop, utterance, emit)
        if not pieces:
            return Pcm(b"", 1)
        return Pcm(b"".join([piece.data for piece in pieces]), pieces[0].rate_hz, pieces[0].encoding)

    def _pump(
        self,
        utterance: Utterance,
        stop: threading.Event,
        hand_over: Callable[[Pcm | SegueError | None], None],
    ) -> None:
        begun = False

        def emit(piece: Pcm) -> bool:
            nonlocal begun
            hand_over(piece)
            if not begun:
                begun = True
                _let_others_run()
            return not stop.is_set()

        try:
            self._speak_for(stop, utterance, emit)
        except SegueError as error:
            hand_over(error)
        hand_over(None)

    def _speak_for(self, stop: threading.Event, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        """Makes the utterance.

        Raises only errors of ``segue.kernel.errors``, and also if the utterance is incomplete.
        """
        if not stop.is_set():
            self.speak_here(utterance, emit)
        if stop.is_set():
            raise Unavailable("the engine was closed before it had produced all audio")
