"""The engine that calls the server."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import structlog

from segue.kernel.errors import DeadlineExceeded, InvalidRequest, SegueError, Unavailable, Unsupported
from segue.speech.core.speech import Pcm
from segue.speech.engines.wyoming.answer import STOP, STOPPED, AnswerLimits, WyomingAnswer
from segue.speech.engines.wyoming.connection import Lost, ServerConnections
from segue.speech.engines.wyoming.events import WyomingEvent
from segue.speech.engines.wyoming.options import NAME, WyomingOptions
from segue.speech.engines.wyoming.voices import Described, VoiceName, believed
from segue.speech.ports.engine import Health

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Utterance
    from segue.speech.engines.wyoming.connection import ServerConnection

_WHOLE = "whole"
_STREAMED = "streamed"
_UNTIL = {_WHOLE: STOP, _STREAMED: STOPPED}
_MOST_OTHERS = 100
"""How many events that are not a description are read before giving up."""


class WyomingEngine:
    """Implements ``segue.speech.ports.engine.Engine``.

    ``start`` does not fail if the server cannot be reached: each call tries to connect again. Until the server has
    described itself, the catalogue's voices are assumed to exist.
    """

    def __init__(self, options: WyomingOptions) -> None:
        self.name = NAME
        self.voices_revision = 0
        self._options = options
        self._connections = ServerConnections(options)
        self._described: Described | None = None
        self._last_error = ""
        self._state = "not started"
        self._log = structlog.get_logger("segue.engines.wyoming")

    @property
    def version(self) -> str:
        """Identifies the sound as far as the server reports it: its address, its programs' versions, and
        ``revision``.
        """
        told = self._described.version if self._described else ""
        return "-".join(part for part in (NAME, str(self._options.address), told, self._options.revision) if part)

    async def start(self) -> None:
        self._refuse_if_closed()
        self._state = ""
        await self._greet()

    async def refresh_voices(self) -> None:
        """Asks the server to describe itself.

        Raises:
            SegueError: it does not.
        """
        connection = await self._connections.taken(_WHOLE, fresh=True)
        try:
            await connection.ask([WyomingEvent("describe", {})])
            for _ in range(_MOST_OTHERS):
                event = await connection.next()
                if event.type == "info":
                    self._described = Described(event.data, self._options)
                    self.voices_revision += 1
                    return
            raise Unavailable("the Wyoming server does not describe itself")
        finally:
            self._connections.drop(connection)

    def voices(self) -> Sequence[Voice]:
        described = self._described
        if described is None:
            return [self.voice(name) for name in self._options.languages]
        return [described.voice(name) for name in described.names()]

    def voice(self, name: str) -> Voice:
        return self._described.voice(name) if self._described else believed(name, self._options)

    async def synthesize(self, utterance: Utterance) -> Pcm:
        async with aclosing(self._said(utterance, _WHOLE)) as said:
            pieces = [piece async for piece in said]
        if not pieces:
            return Pcm(b"", 1)
        return Pcm(b"".join([piece.data for piece in pieces]), pieces[0].rate_hz, pieces[0].encoding)

    async def stream(self, utterance: Utterance) -> AsyncGenerator[Pcm, None]:
        """Sentence by sentence if the server supports it, else as it sends the whole text."""
        kind = _STREAMED if self.voice(utterance.voice).capabilities.streaming else _WHOLE
        async with aclosing(self._said(utterance, kind)) as said:
            async for piece in said:
                yield piece

    async def health(self) -> Health:
        """Asks the server to describe itself if its last call failed, or if it has not done so yet."""
        if self._state:
            return Health(ready=False, detail=self._state)
        if self._last_error or self._described is None:
            await self._greet()
        return Health(not self._last_error, self._last_error or f"connected to {self._options.address}")

    async def close(self) -> None:
        self._state = "closed"
        await self._connections.close()

    async def _greet(self) -> None:
        try:
            await self.refresh_voices()
            self._last_error = ""
        except SegueError as error:
            self._last_error = str(error)
            self._log.warning("wyoming_not_described", address=str(self._options.address), error=str(error))

    async def _said(self, utterance: Utterance, kind: str) -> AsyncGenerator[Pcm, None]:
        """Tries again on a new connection if an idle one turns out to be closed."""
        self._refuse_if_closed()
        self._refuse_undeclared(utterance)
        events = _asking(utterance, kind)
        is_fresh = False
        while True:
            connection = await self._taken(kind, is_fresh=is_fresh)
            try:
                async with aclosing(self._answered(connection, events, utterance)) as said:
                    async for piece in said:
                        yield piece
            except Lost as lost:
                if connection.is_reused and lost.before_answer and not is_fresh:
                    is_fresh = True
                    continue
                raise
            return

    async def _taken(self, kind: str, *, is_fresh: bool) -> ServerConnection:
        try:
            return await self._connections.taken(kind, fresh=is_fresh)
        except Unavailable as error:
            self._last_error = str(error)
            raise

    async def _answered(
        self, connection: ServerConnection, events: Sequence[WyomingEvent], utterance: Utterance
    ) -> AsyncGenerator[Pcm, None]:
        limits = AnswerLimits(self._options.max_output_bytes, self._options.max_audio_s)
        answer = WyomingAnswer(_UNTIL[connection.kind], utterance.text, limits)
        try:
            await connection.ask(events)
            while not answer.is_over:
                piece = answer.take(await connection.next())
                if piece is not None and piece.data:
                    yield piece
        except DeadlineExceeded as error:
            self._last_error = str(error)
            raise
        finally:
            self._part(connection, is_whole=answer.is_over)

    def _part(self, connection: ServerConnection, *, is_whole: bool) -> None:
        if is_whole:
            self._connections.give_back(connection)
        else:
            self._connections.drop(connection)

    def _refuse_if_closed(self) -> None:
        if self._state == "closed":
            raise Unavailable("the engine is closed because the service is stopping")

    def _refuse_undeclared(self, utterance: Utterance) -> None:
        """Refuses what the protocol does not support."""
        self.voice(utterance.voice)
        if utterance.rate_ratio != 1.0 or utterance.pitch_semitones:
            raise Unsupported("the Wyoming protocol has neither rate nor pitch")
        try:
            utterance.text.encode()
        except UnicodeEncodeError as error:
            raise InvalidRequest(
                "the text contains a lone surrogate (half a character); remove it", field="text"
            ) from error


def _asking(utterance: Utterance, kind: str) -> list[WyomingEvent]:
    wanted = VoiceName.of(utterance.voice)
    voice = {"name": wanted.name} | ({"speaker": wanted.speaker} if wanted.speaker else {})
    if kind == _WHOLE:
        return [WyomingEvent("synthesize", {"text": utterance.text, "voice": voice})]
    return [
        WyomingEvent("synthesize-start", {"voice": voice}),
        WyomingEvent("synthesize-chunk", {"text": utterance.text}),
        WyomingEvent("synthesize-stop", {}),
    ]


def create(options: Mapping[str, object]) -> WyomingEngine:
    """The entry point. The options are the fields of ``WyomingOptions``.

    Raises:
        ValueError: an option is missing, unknown, of another type or out of range.
    """
    return WyomingEngine(WyomingOptions.read(options))
