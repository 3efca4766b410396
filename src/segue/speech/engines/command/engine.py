"""The engine that runs the program."""

from __future__ import annotations

import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

from segue.kernel.errors import InvalidRequest, SegueError, Unavailable, Unsupported
from segue.kernel.names import nearest
from segue.speech.core.speech import Pcm
from segue.speech.engines.command.each import EachSpeaker
from segue.speech.engines.command.options import NAME, CommandOptions
from segue.speech.engines.command.program import Program
from segue.speech.engines.command.warm import WarmSpeaker
from segue.speech.ports.engine import Health

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Utterance
    from segue.speech.engines.command.each import Speaker

_NOT_STARTED = "not started"
_READY = "ready"
_CLOSED = "closed"
_MOST_NAMED = 8


class CommandEngine:
    """Implements ``segue.speech.ports.engine.Engine``."""

    def __init__(self, options: CommandOptions) -> None:
        """Raises ValueError if the program cannot be run."""
        program = Program(options)
        self.name = NAME
        self.version = program.version
        self.voices_revision = 0
        self.places = options.places
        self._options = options
        speaker: Speaker = (WarmSpeaker if options.serves_lines else EachSpeaker)(options, program)
        self._speaker = speaker
        self._state = _NOT_STARTED

    async def start(self) -> None:
        self._refuse_if_closed()
        try:
            await self._speaker.start()
        except SegueError as error:
            self._state = str(error)
            raise
        self._state = _READY

    def voices(self) -> Sequence[Voice]:
        return [self._options.voice(name) for name in self._options.voices]

    def voice(self, name: str) -> Voice:
        known = self._options.voices
        if name in known:
            return self._options.voice(name)
        near = nearest(name, known) or list(known)[:_MOST_NAMED]
        raise Unsupported(f"the program has no voice {name[:64]!r}; the option voices has {', '.join(near)}")

    async def synthesize(self, utterance: Utterance) -> Pcm:
        async with aclosing(self.stream(utterance)) as said:
            pieces = [piece async for piece in said]
        if not pieces:
            return Pcm(b"", self._options.rate_hz or 1)
        return Pcm(b"".join([piece.data for piece in pieces]), pieces[0].rate_hz, pieces[0].encoding)

    async def stream(self, utterance: Utterance) -> AsyncGenerator[Pcm, None]:
        """The pieces in order, as the program writes them. Unread pieces are kept in memory."""
        self._refuse_if_closed()
        self.voice(utterance.voice)
        self._refuse_undeclared(utterance)
        _refuse_half_pairs(utterance.text)
        async with aclosing(self._speaker.said(utterance)) as said:
            async for piece in said:
                yield piece

    async def health(self) -> Health:
        if self._state is not _READY:
            return Health(ready=False, detail=self._state)
        fault = self._speaker.fault
        return Health(ready=not fault, detail=fault or self._speaker.detail)

    async def close(self) -> None:
        self._state = _CLOSED
        await self._speaker.close()

    def _refuse_if_closed(self) -> None:
        if self._state is _CLOSED:
            raise Unavailable("the engine is closed")

    def _refuse_undeclared(self, utterance: Utterance) -> None:
        options = self._options
        if utterance.rate_ratio != 1.0 and options.rate_ratio is None:
            raise Unsupported(
                f"the rate of {utterance.voice} cannot be changed, because the option rate_ratio is not set"
            )
        if utterance.pitch_semitones and options.pitch_semitones is None:
            raise Unsupported(
                f"the pitch of {utterance.voice} cannot be changed, because the option pitch_semitones is not set"
            )


def _refuse_half_pairs(text: str) -> None:
    """Raises InvalidRequest if the text cannot be written in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            "the text contains a lone surrogate (half a character); remove it", field="text"
        ) from error


def create(options: Mapping[str, object]) -> CommandEngine:
    """The entry point; the options are the fields of ``CommandOptions``.

    Raises:
        ValueError: the options are wrong, the program cannot be run, or this is not Linux.
    """
    if sys.platform != "linux":
        raise ValueError("needs Linux: nothing else tells safely when a program has ended")
    return CommandEngine(CommandOptions.read(options))
