"""Starts a program for each utterance."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from segue.speech.engines.background import NICENESS
from segue.speech.engines.command.failures import LATE, LEFT, LINGERS, Ending, failure_of
from segue.speech.engines.command.launch import Ears, Launcher, LaunchOrder
from segue.speech.engines.command.program import values_of
from segue.speech.engines.command.speech import Inbox, Measured, reader_of
from segue.speech.engines.quoting import last_line

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from segue.speech.core.speech import Pcm, Utterance
    from segue.speech.engines.command.options import CommandOptions
    from segue.speech.engines.command.program import Program
    from segue.speech.engines.command.running import RunningProgram


class Speaker(Protocol):
    """Makes utterances with a program."""

    async def start(self) -> None:
        """Raises Unavailable if it cannot work."""
        ...

    def said(self, utterance: Utterance) -> AsyncGenerator[Pcm, None]:
        """The pieces as they arrive. Raises SegueError."""
        ...

    @property
    def fault(self) -> str:
        """Why it cannot work now; empty if it can."""
        ...

    @property
    def detail(self) -> str:
        """Information about a speaker that works."""
        ...

    async def close(self) -> None:
        """Returns when none of its programs is running."""
        ...


class EachSpeaker:
    """Implements ``Speaker``.

    ``places`` programs run at the same time, and as many in the background with the lowest priority. A place
    becomes free when its program has ended, not when its caller leaves.
    """

    def __init__(self, options: CommandOptions, program: Program) -> None:
        self._options = options
        self._program = program
        self._launcher = Launcher(options.stop_within_s)
        self._places = asyncio.Semaphore(options.places)
        self._background = asyncio.Semaphore(options.places)

    async def start(self) -> None:
        """Nothing to do: the program was found when the options were read."""

    @property
    def fault(self) -> str:
        return self._program.fault

    @property
    def detail(self) -> str:
        return f"runs {self._options.arguments[0]} for each text"

    async def close(self) -> None:
        await self._launcher.close()

    async def said(self, utterance: Utterance) -> AsyncGenerator[Pcm, None]:
        """The program's output as it arrives.

        Raises:
            SegueError: the program failed, ran too long, or wrote something else than was declared.
        """
        options = self._options
        sound = Measured(reader_of(options), options.max_audio_s)
        inbox = Inbox(options.max_output_bytes)
        running = await self._started(utterance, inbox)
        try:
            while data := await inbox.next():
                piece = sound.fed(data)
                if piece is not None and piece.data:
                    yield piece
            await self._check(running, utterance.text)
            sound.end()
        finally:
            running.stop(LEFT)

    async def _started(self, utterance: Utterance, inbox: Inbox) -> RunningProgram:
        options = self._options
        places = self._background if utterance.background else self._places
        line = self._program.line(values_of(utterance, options))
        order = LaunchOrder(line, utterance.text.encode(), NICENESS if utterance.background else 0)
        await places.acquire()

        def gone() -> None:
            places.release()
            inbox.over()

        running = await self._launcher.run(order, Ears(inbox.heard, gone))
        running.limit(options.timeout_s, LATE)
        return running

    async def _check(self, running: RunningProgram, text: str) -> None:
        """Raises SegueError if the program did not end well. One that goes on behind its output is ended."""
        options = self._options
        running.limit(options.stop_within_s, LINGERS)
        status = await asyncio.shield(running.ended)
        ending = Ending(status, running.ended_for, last_line(running.complaint, text, self._program.secrets))
        failure = failure_of(ending, options)
        if failure is not None:
            raise failure
