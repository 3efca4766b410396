"""An engine whose utterances are made in separate processes."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import TYPE_CHECKING

from segue.kernel.errors import EngineCrashed, SegueError, Unavailable, Unsupported
from segue.speech.core.speech import Pcm
from segue.speech.engines.background import NICENESS
from segue.speech.engines.shelter.fork_server import ForkServer
from segue.speech.engines.shelter.pool import PoolRules, ProcessPool
from segue.speech.ports.engine import Health

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Utterance
    from segue.speech.engines.shelter.control import EngineSource

_BACKGROUND_PROCESSES = 1
_MOST_NAMES_KNOWN = 4096
_TRIES = 2

_NOT_STARTED = "not started"
_READY = "ready"
_CLOSED = "closed"


class ShelteredEngine:
    """Implements ``segue.speech.ports.engine.Engine`` for another engine, which is not loaded in this process.

    Each utterance is made in a process of its own. One more process, with the lowest priority, does background
    work; it is started when it is first needed.
    """

    def __init__(self, source: EngineSource, *, processes: int) -> None:
        """Starts the engine's fork server, which takes as long as creating the engine.

        Raises:
            ImportError, TypeError, ValueError: the engine's package is missing, or it refuses its options.
            SegueError: it cannot be created; the message says why.
        """
        if processes < 1:
            raise ValueError(f"processes must be at least 1, not {processes}")
        self._server = ForkServer(source)
        self.name, self.version, self._stops_within_s, self.real_time_factor = self._server.identity
        self.voices_revision = 0
        self.places = processes
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"{self.name}-processes")
        self._pool = ProcessPool(self._server, self._executor, PoolRules(processes, 0))
        self._background = ProcessPool(self._server, self._executor, PoolRules(_BACKGROUND_PROCESSES, NICENESS))
        self._known: dict[str, Voice | Unsupported] = {}
        self._state = _NOT_STARTED

    async def start(self) -> None:
        self._refuse_if_closed()
        try:
            await self._pool.ready()
        except SegueError as error:
            if self._state is not _CLOSED:
                self._state = str(error)
            raise
        self._state = _READY

    def voices(self) -> Sequence[Voice]:
        """Asks the fork server. This call blocks."""
        return self._server.voices()

    def voice(self, name: str) -> Voice:
        """Asks the fork server the first time. This call blocks for milliseconds."""
        found = self._known.get(name)
        if found is None:
            try:
                found = self._server.voice(name)
            except Unsupported as error:
                found = error
            if len(self._known) < _MOST_NAMES_KNOWN:
                self._known[name] = found
        if isinstance(found, Unsupported):
            raise Unsupported(str(found))
        return found

    async def synthesize(self, utterance: Utterance) -> Pcm:
        async with aclosing(self._said(utterance, whole=True)) as said:
            pieces = [piece async for piece in said]
        if not pieces:
            return Pcm(b"", 1)
        return Pcm(b"".join([piece.data for piece in pieces]), pieces[0].rate_hz, pieces[0].encoding)

    async def stream(self, utterance: Utterance) -> AsyncGenerator[Pcm, None]:
        """The pieces in order. They are buffered (one text's worth), so a slow reader holds no process."""
        async with aclosing(self._said(utterance, whole=False)) as said:
            async for piece in said:
                yield piece

    async def health(self) -> Health:
        if self._state is not _READY:
            return Health(ready=False, detail=self._state)
        if self._pool.failure:
            return Health(ready=False, detail=self._pool.failure)
        return Health(ready=True, detail="; ".join(filter(None, (_READY, self._pool.ends))))

    async def close(self) -> None:
        self._state = _CLOSED
        await asyncio.gather(self._pool.close(), self._background.close())
        await asyncio.get_running_loop().run_in_executor(None, self._end)

    def _end(self) -> None:
        self._executor.shutdown()
        self._server.close()

    async def _said(self, utterance: Utterance, *, whole: bool) -> AsyncGenerator[Pcm, None]:
        """Tries again if a process was killed from outside before there was any audio, because the text cannot be
        the cause.
        """
        self._refuse_if_closed()
        pool = self._background if utterance.background else self._pool
        for tries_left in reversed(range(_TRIES)):
            begun = False
            try:
                async with aclosing(self._tried(pool, utterance, whole=whole)) as said:
                    async for piece in said:
                        begun = True
                        yield piece
            except EngineCrashed as crash:
                if self._state is _CLOSED:
                    raise Unavailable("the engine was closed before it had produced all audio") from crash
                if begun or not crash.from_outside or not tries_left:
                    raise
            else:
                pool.spoke()
                return

    async def _tried(self, pool: ProcessPool, utterance: Utterance, *, whole: bool) -> AsyncGenerator[Pcm, None]:
        process = await pool.process()
        pieces = process.speak(utterance, whole=whole).pieces(self._stops_within_s)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    def _refuse_if_closed(self) -> None:
        if self._state is _CLOSED:
            raise Unavailable("the engine is closed because the service is stopping")
