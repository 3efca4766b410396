"""``StreamingSynthesize``: a configuration, then texts as they are written; audio as it is made."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.api.google.spoken import marked
from segue.api.google.status import ABORTED, Told
from segue.api.google.wire import SynthesisInput
from segue.api.google_grpc import messages
from segue.api.google_grpc.calls import Ended, trailers
from segue.api.google_grpc.incoming import Incoming
from segue.api.google_grpc.sentences import Scrap, Sentences
from segue.api.headers import audio_headers
from segue.core.errors import InvalidRequest, SegueError
from segue.core.speech import Loss

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from segue.api.context import Context
    from segue.api.google.request import Caller, Reader, Setting
    from segue.api.google_grpc.messages import Version

_PIECE_BYTES = 16 * 1024


class Waits(NamedTuple):
    """``idle_s``: how long a stream may say nothing. ``unfinished_s``: how long an unfinished sentence waits for
    its end before it is spoken as it is. ``refused_s``: how long a caller who is refused may go on writing.
    """

    idle_s: float = 30.0
    unfinished_s: float = 1.0
    refused_s: float = 0.25


class StreamingDoor:
    """Answers streams of one version."""

    def __init__(self, context: Context, reader: Reader, version: Version, waits: Waits) -> None:
        self._context = context
        self._reader = reader
        self._version = version
        self._waits = waits

    async def answer(self, call: Any, caller: Caller) -> None:
        """Runs until the caller has said all and heard all.

        Raises:
            SegueError, Ended: how the call ends otherwise.
        """
        async with aclosing(Incoming(call, self._version)) as incoming:
            try:
                await self._converse(call, incoming, caller)
            except SegueError:
                await incoming.drain(self._waits.refused_s)
                raise

    async def _converse(self, call: Any, incoming: Incoming, caller: Caller) -> None:
        setting = self._setting(await self._next(incoming), caller)
        async with aclosing(self._scraps(incoming)) as scraps:
            async for scrap in scraps:
                await self._speak(call, setting, scrap)

    def _setting(self, first: Any | None, caller: Caller) -> Setting:
        if first is None or not first.HasField("streaming_config"):
            raise InvalidRequest("The first message of a stream must hold streaming_config, and no input.")
        config = first.streaming_config
        audio = config.streaming_audio_config
        setting = self._reader.setting(
            messages.voice_choice(config.voice),
            messages.streaming_audio_config(audio),
            messages.pronunciations(config.custom_pronunciations),
            caller,
            streaming=True,
        )
        lost = messages.unknown_fields(first, config, config.voice, audio)
        return setting._replace(losses=(*setting.losses, *lost))

    async def _next(self, incoming: Incoming) -> Any | None:
        try:
            return await incoming.next(self._waits.idle_s)
        except TimeoutError:
            said = f"Stream timed out after receiving no more client requests for {self._waits.idle_s:g} s."
            raise Ended(Told(ABORTED, said, "STREAM_IDLE")) from None

    async def _scraps(self, incoming: Incoming) -> AsyncGenerator[Scrap, None]:
        """What can be spoken, as soon as it can."""
        sentences = Sentences()
        while True:
            if sentences.empty or await incoming.arrives(self._waits.unfinished_s):
                message = await self._next(incoming)
                if message is None:
                    break
                ready = sentences.push(_scrap(message))
            else:
                ready = sentences.rest()
            for scrap in ready:
                yield scrap
        for scrap in sentences.rest():
            yield scrap

    async def _speak(self, call: Any, setting: Setting, scrap: Scrap) -> None:
        setting = setting._replace(caller=setting.caller._replace(allowed_s=call.time_remaining()))
        given: dict[str, Any] = {scrap.kind: scrap.text}
        said = marked(SynthesisInput(**given), self._context.max_input_chars)
        route = self._context.pipeline.enter(self._reader.request(setting, said, scrap.losses))
        async with aclosing(await self._context.pipeline.stream(route)) as stream:
            call.set_trailing_metadata(trailers(audio_headers(stream.heard, setting.caller.request_id)))
            async for data in stream:
                await self._send(call, data)

    async def _send(self, call: Any, data: bytes) -> None:
        """Waits while the caller does not read, and so nothing more is made meanwhile."""
        for start in range(0, len(data), _PIECE_BYTES):
            piece = data[start : start + _PIECE_BYTES]
            await call.write(self._version.streamed(audio_content=piece).SerializeToString())


def _scrap(message: Any) -> Scrap:
    """The text of a message.

    Raises:
        InvalidRequest: it holds none, or another configuration.
    """
    if not message.HasField("input"):
        raise InvalidRequest(
            "Only the first message of a stream may hold streaming_config; the others hold input."
        )
    given = message.input
    kind = given.WhichOneof("input_source")
    if kind not in ("text", "markup"):
        raise InvalidRequest("Either `input.text` or `input.markup` must be set.", field="input")
    losses = messages.unknown_fields(message, given)
    if given.prompt:
        losses = (*losses, Loss("prompt", f"of {len(given.prompt)} characters", "", "the voices take no prompts"))
    return Scrap(kind, getattr(given, kind), losses)
