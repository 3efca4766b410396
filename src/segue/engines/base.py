"""What engines share that work in threads: an utterance to a thread, chunks to the loop, cancellation."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from segue.core.errors import InternalFailure, SegueError, Unavailable
from segue.core.speech import Pcm
from segue.ports.engine import Health

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from segue.core.speech import Utterance

P = ParamSpec("P")
T = TypeVar("T")

_let_others_run = getattr(os, "sched_yield", partial(time.sleep, 0))
"""After the first chunk: where cores are few, the loop that sends it on may stand behind the engine's thread for a
whole time slice."""

_NOT_STARTED = "not started"
_READY = "ready"
_CLOSED = "closed"


class ThreadedEngine(ABC):
    """An engine whose work blocks. Subclasses push chunks from a worker thread; this brings them to the loop.

    ``threads`` utterances are spoken at once; more wait their turn. Once a call is cancelled, or the engine
    closed, ``emit`` answers False, and ``_speak`` must end; its caller then gets Unavailable.
    """

    def __init__(self, *, threads: int) -> None:
        if threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=type(self).__name__)
        self._stops: set[threading.Event] = set()
        self.voices_revision = 0
        self._state = _NOT_STARTED

    @abstractmethod
    def _load(self) -> None:
        """Loads and warms up, in a worker thread. Raises Unavailable with the cause and the remedy."""

    @abstractmethod
    def _speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        """Makes the utterance, in a worker thread, and emits it in chunks for as long as they are wanted."""

    async def start(self) -> None:
        try:
            await self._submit(self._load_or_tell)
        except SegueError as error:
            if self._state is not _CLOSED:
                self._state = str(error)
            raise
        self._state = _READY

    async def synthesize(self, utterance: Utterance) -> Pcm:
        with self._stop_flag() as stop:
            return await self._submit(self._speak_whole, utterance, stop)

    async def stream(self, utterance: Utterance) -> AsyncIterator[Pcm]:
        """Chunks in order. A slow reader holds no thread: what is made waits in memory, one text's worth."""
        loop = asyncio.get_running_loop()
        chunks: asyncio.Queue[Pcm | SegueError | None] = asyncio.Queue()

        def hand_over(item: Pcm | SegueError | None) -> None:
            loop.call_soon_threadsafe(chunks.put_nowait, item)

        with self._stop_flag() as stop:
            work = self._submit(self._pump, utterance, stop, hand_over)
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
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)

    @contextmanager
    def _stop_flag(self) -> Iterator[threading.Event]:
        stop = threading.Event()
        self._stops.add(stop)
        try:
            yield stop
        finally:
            stop.set()
            self._stops.discard(stop)

    def _submit(self, work: Callable[P, T], *args: P.args, **_: P.kwargs) -> asyncio.Future[T]:
        if self._state is _CLOSED:
            raise Unavailable("the engine is closed")
        return asyncio.get_running_loop().run_in_executor(self._pool, work, *args)

    def _load_or_tell(self) -> None:
        try:
            self._load()
        except SegueError:
            raise
        except Exception as error:
            raise Unavailable(f"{type(self).__name__} cannot start: {type(error).__name__}: {error}") from error

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
        """Speaks; only our own errors leave, and half an utterance is not passed off as a whole one."""
        try:
            if not stop.is_set():
                self._speak(utterance, emit)
        except SegueError:
            raise
        except Exception as error:
            raise InternalFailure(f"{type(self).__name__} failed: {type(error).__name__}") from error
        if stop.is_set():
            raise Unavailable("the engine was closed before it had said all")
