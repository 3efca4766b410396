"""``StreamingSynthesize``: receives a configuration and then pieces of text, and sends audio as it is made."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.access.roles import Api
from segue.api.caller import count_text
from segue.api.client import client_address
from segue.api.credentials import of_google
from segue.api.google.spoken import marked
from segue.api.google.status import ABORTED, GoogleRefusal
from segue.api.google.wire import SynthesisInput
from segue.api.google_grpc import messages
from segue.api.google_grpc.calls import Ended, trailers
from segue.api.google_grpc.incoming import MessageReader
from segue.api.google_grpc.sentences import Scrap, Sentences
from segue.api.headers import answer_headers, listed
from segue.kernel.errors import InvalidRequest, SegueError, Unreadable
from segue.speech.core.speech import Loss
from segue.speech.core.text.written import TextFormat

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from segue.api.asgi import Header
    from segue.api.context import Context
    from segue.api.google.request import CallSettings, GoogleCaller, GoogleRequestReader
    from segue.api.google_grpc.messages import Version
    from segue.speech.service.answers import Answer
    from segue.speech.service.router import Route

_PIECE_BYTES = 16 * 1024


class StreamTimeouts(NamedTuple):
    """Timeouts of a stream.

    ``idle_s``: the longest time without a message. ``unfinished_s``: how long an incomplete sentence waits for its
    end before it is spoken. ``refused_s``: how long messages are read and discarded after an error.
    """

    idle_s: float = 30.0
    unfinished_s: float = 1.0
    refused_s: float = 0.25


class _Account:
    """The trailers of a stream: the headers of its last response, with the warnings of all."""

    def __init__(self) -> None:
        self.headers: tuple[Header, ...] | None = None
        self.unread: Unreadable | None = None
        self._warnings: dict[str, None] = {}

    def of(self, answer: Answer, request_id: str) -> None:
        self.headers = answer_headers(answer, request_id)
        self._warnings.update(dict.fromkeys(answer.warnings))

    def leave_out(self, error: Unreadable) -> None:
        """Records a sentence that no voice can read and that was therefore left out."""
        self.unread = self.unread or error
        self._warnings[f"a sentence was left out: {error}"] = None

    def trailers(self) -> tuple[Header, ...]:
        warnings = (b"x-segue-warnings", listed(tuple(self._warnings)))
        return (*(self.headers or ()), warnings) if self._warnings else (self.headers or ())


class StreamingEndpoint:
    """Serves the streams of one version of the API."""

    def __init__(
        self, context: Context, reader: GoogleRequestReader, version: Version, waits: StreamTimeouts
    ) -> None:
        self._context = context
        self._reader = reader
        self._version = version
        self._waits = waits

    async def answer(self, call: Any, caller: GoogleCaller) -> None:
        """Runs until all text has been received and all audio sent.

        Raises:
            SegueError, Ended: the call ends with an error.
        """
        async with aclosing(MessageReader(call, self._version)) as incoming:
            try:
                await self._converse(call, incoming, caller)
            except SegueError:
                await incoming.drain(self._waits.refused_s)
                raise

    async def _converse(self, call: Any, incoming: MessageReader, caller: GoogleCaller) -> None:
        setting = self._setting(await self._next(incoming), caller)
        told = _Account()
        async with aclosing(self._scraps(incoming)) as scraps:
            async for scrap in scraps:
                try:
                    await self._speak(call, setting, scrap, told)
                except Unreadable as error:
                    told.leave_out(error)
        if told.unread is not None and told.headers is None:
            raise told.unread
        if told.headers is not None:
            call.set_trailing_metadata(trailers(told.trailers()))

    def _setting(self, first: Any | None, caller: GoogleCaller) -> CallSettings:
        if first is None or not first.HasField("streaming_config"):
            raise InvalidRequest("The first message of a stream must contain streaming_config and no input.")
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

    async def _next(self, incoming: MessageReader) -> Any | None:
        try:
            return await incoming.next(self._waits.idle_s)
        except TimeoutError:
            said = f"Stream timed out after receiving no more client requests for {self._waits.idle_s:g} s."
            raise Ended(GoogleRefusal(ABORTED, said, "STREAM_IDLE")) from None

    async def _scraps(self, incoming: MessageReader) -> AsyncGenerator[Scrap, None]:
        """Yields sentences as soon as they can be spoken."""
        sentences = Sentences(keeps_marks=self._context.literal_format is TextFormat.MARKDOWN)
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
        for scrap in sentences.last():
            yield scrap

    def _check_again(self, caller: GoogleCaller) -> None:
        """Raises NotAuthenticated if the caller's key was revoked, or expired, while the call was open."""
        if self._context.callers is not None:
            self._context.callers.check_again(of_google(caller.headers), Api.GOOGLE, client_address())

    async def _speak(self, call: Any, setting: CallSettings, scrap: Scrap, told: _Account) -> None:
        self._check_again(setting.caller)
        setting = setting._replace(caller=setting.caller._replace(allowed_s=call.time_remaining()))
        route = await self._context.threads.run_if_long(len(scrap.text), self._entered, setting, scrap)
        await count_text(len(route.request.text))
        async with aclosing(await self._context.pipeline.stream(route)) as stream:
            told.of(stream.heard, setting.caller.request_id)
            call.set_trailing_metadata(trailers(told.trailers()))
            async for data in stream:
                await self._send(call, data)

    def _entered(self, setting: CallSettings, scrap: Scrap) -> Route:
        given: dict[str, Any] = {scrap.kind: scrap.text}
        context = self._context
        said = marked(SynthesisInput(**given), context.max_input_chars, context.literal_format, is_part=True)
        return self._context.enter(self._reader.request(setting, said, scrap.losses))

    async def _send(self, call: Any, data: bytes) -> None:
        """Sends audio. Waits while the client does not read, so that no further audio is made meanwhile."""
        for start in range(0, len(data), _PIECE_BYTES):
            piece = data[start : start + _PIECE_BYTES]
            await call.write(self._version.streamed(audio_content=piece).SerializeToString())


def _scrap(message: Any) -> Scrap:
    """The text of a message.

    Raises:
        InvalidRequest: it has no text, or contains another configuration.
    """
    if not message.HasField("input"):
        raise InvalidRequest(
            "Only the first message of a stream may contain streaming_config; the others must contain input."
        )
    given = message.input
    kind = given.WhichOneof("input_source")
    if kind not in ("text", "markup"):
        raise InvalidRequest("Either `input.text` or `input.markup` must be set.", field="input")
    losses = messages.unknown_fields(message, given)
    if given.prompt:
        losses = (
            *losses,
            Loss("prompt", f"of {len(given.prompt)} characters", "", "these voices do not support prompts"),
        )
    return Scrap(kind, getattr(given, kind), losses)
