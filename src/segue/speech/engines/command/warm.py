"""Keeps programs running and sends them one text after another. A program that fails is replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.errors import BadAudio
from segue.speech.engines.background import NICENESS
from segue.speech.engines.command.launch import Launcher
from segue.speech.engines.command.pool import ProgramPool
from segue.speech.engines.command.speech import Measured, reader_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from segue.speech.core.speech import Pcm, Utterance
    from segue.speech.engines.command.options import CommandOptions
    from segue.speech.engines.command.program import Program
    from segue.speech.engines.command.worker import Exchange, Worker

_BACKGROUND_WORKERS = 1


class WarmSpeaker:
    """Implements ``Speaker`` (``segue.speech.engines.command.each``).

    ``places`` programs serve listeners. One more, with the lowest priority, does background work; it is started
    when it is first needed.
    """

    def __init__(self, options: CommandOptions, program: Program) -> None:
        self._options = options
        self._launcher = Launcher(options.stop_within_s)
        self._pool = ProgramPool(options, program, self._launcher, options.places, 0)
        self._background = ProgramPool(options, program, self._launcher, _BACKGROUND_WORKERS, NICENESS)

    async def start(self) -> None:
        """Returns when the first program is ready.

        Raises:
            Unavailable: it is not; the message says why. Further attempts follow.
        """
        await self._pool.ready()

    @property
    def fault(self) -> str:
        return self._pool.fault

    @property
    def detail(self) -> str:
        return self._pool.detail

    async def close(self) -> None:
        await self._pool.close()
        await self._background.close()
        await self._launcher.close()

    async def said(self, utterance: Utterance) -> AsyncGenerator[Pcm, None]:
        """The response's audio as it arrives. If a program had ended before it sent anything, another one is used.

        Raises:
            SegueError: it failed, took too long, or wrote something else than was declared.
        """
        pool = self._background if utterance.background else self._pool
        for is_last in (False, True):
            worker = await pool.taken()
            while not worker.is_alive:  # it has ended since it was handed over
                worker = await pool.taken()
            exchange = worker.speak(utterance)
            try:
                sound = Measured(reader_of(self._options), self._options.max_audio_s)
                async for piece in _pieces(worker, exchange, sound):
                    yield piece
                if not is_last and await worker.is_blameless(exchange):
                    continue
                failure = await worker.failure(exchange)
                if failure is not None:
                    raise failure
                sound.end()
                pool.spoke()
                return
            finally:
                worker.leave(exchange)


async def _pieces(worker: Worker, exchange: Exchange, sound: Measured) -> AsyncGenerator[Pcm, None]:
    while data := await exchange.inbox.next():
        try:
            piece = sound.fed(data)
        except BadAudio:
            worker.drop()
            raise
        if piece is not None and piece.data:
            yield piece
