"""The engine: calls Google's client."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
import structlog
from google.cloud.texttospeech_v1 import SsmlVoiceGender

from segue.kernel.errors import DeadlineExceeded, SegueError, Unavailable
from segue.speech.core.speech import Pcm
from segue.speech.engines.google import voices
from segue.speech.engines.google.connect import connect
from segue.speech.engines.google.failures import ReasonLost, translated
from segue.speech.engines.google.messages import (
    STREAM_RATE_HZ,
    stream_requests,
    unwrapped,
    whole_request,
    whole_samples,
)
from segue.speech.engines.google.options import GoogleOptions
from segue.speech.ports.engine import Health

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from google.cloud.texttospeech_v1 import TextToSpeechAsyncClient

    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Utterance

_GREETING_TIMEOUT_S = 5.0
_STREAM_TIMEOUT_S = 600.0
"""For a whole stream. Audio comes at about real time, and 5,000 bytes of text can take minutes."""

_END_OF_STREAM = grpc.aio.EOF  # type: ignore[attr-defined]  # the stubs forget it
_GENDERS = {SsmlVoiceGender.FEMALE: "female", SsmlVoiceGender.MALE: "male"}


class GoogleEngine:
    """Implements ``segue.speech.ports.engine.Engine``.

    ``start`` opens and warms up the channel inside the running event loop, because a cold channel makes the first
    listener wait. ``start`` does not fail if the service cannot be reached: the channel reconnects automatically,
    and until then every call raises ``unavailable``. Missing credentials raise a ``ConfigurationError``.
    """

    def __init__(self, options: GoogleOptions) -> None:
        self.name = voices.NAME
        self.version = options.version
        self.voices_revision = 0
        self._options = options
        self._client: TextToSpeechAsyncClient | None = None
        self._listed: voices.Listed | None = None
        self._last_error = ""
        self._log = structlog.get_logger("segue.engines.google")

    async def start(self) -> None:
        self._client = await connect(self._options)
        await self._greet()

    async def refresh_voices(self) -> None:
        """Asks ListVoices which voices are available. Until it has answered, the published list applies.

        Raises:
            SegueError: it did not answer.
        """
        answer = await self._call("list_voices", min(_GREETING_TIMEOUT_S, self._options.timeout_s), request={})
        self._listed = {found.name: _GENDERS.get(found.ssml_gender) for found in answer.voices} or None
        self.voices_revision += 1

    def voices(self) -> Sequence[Voice]:
        names = voices.PUBLISHED if self._listed is None else sorted(self._listed)
        return [found for name in names if (found := self._known(name))]

    def voice(self, name: str) -> Voice:
        return voices.voice(name, self._listed)

    async def synthesize(self, utterance: Utterance) -> Pcm:
        request = whole_request(utterance, self.voice(utterance.voice))
        answer = await self._call("synthesize_speech", self._options.timeout_s, request=request)
        return unwrapped(answer.audio_content)

    async def stream(self, utterance: Utterance) -> AsyncIterator[Pcm]:
        voice = self.voice(utterance.voice)
        if not voice.capabilities.streaming:
            yield await self.synthesize(utterance)
            return
        call = self._opened(stream_requests(utterance, voice))
        held = b""
        try:
            while (answer := await self._next(call)) is not _END_OF_STREAM:
                held += answer.audio_content
                whole = whole_samples(held)
                piece, held = held[:whole], held[whole:]
                if piece:
                    yield Pcm(piece, STREAM_RATE_HZ)
        except ReasonLost:
            yield await self.synthesize(utterance)  # nothing has been heard yet; asked so, it can say why
        finally:
            call.cancel()

    async def health(self) -> Health:
        """Asks the service again if its last call failed, or if it has not listed its voices yet."""
        if self._client is None:
            return Health(ready=False, detail="not started, or closed")
        if self._last_error or self._listed is None:
            await self._greet()
        return Health(ready=not self._last_error, detail=self._last_error or f"connected to {self._options.host}")

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.transport.close()  # type: ignore[no-untyped-call]  # the library leaves it untyped

    async def _greet(self) -> None:
        try:
            await self.refresh_voices()
        except SegueError as error:
            self._last_error = str(error)
            self._log.warning("google_not_reached", host=self._options.host, error=str(error))

    async def _call(self, method: str, timeout_s: float, **arguments: Any) -> Any:
        client = self._connected()
        with self._in_our_terms():
            return await getattr(client, method)(timeout=timeout_s, **arguments)

    def _opened(self, requests: list[Any]) -> Any:
        """A stream of the transport. The client's own stream cannot be cancelled before it is connected."""
        open_stream: Any = self._connected().transport.streaming_synthesize
        return open_stream(_each(requests), timeout=_STREAM_TIMEOUT_S)

    def _connected(self) -> TextToSpeechAsyncClient:
        if self._client is None:
            raise Unavailable("the Google engine has not been started, or is already closed")
        return self._client

    async def _next(self, call: Any) -> Any:
        """The next response of a stream.

        It is read and not iterated, so that an abandoned stream leaves no generator.
        """
        with self._in_our_terms():
            async with asyncio.timeout(self._options.timeout_s):
                return await call.read()

    @contextmanager
    def _in_our_terms(self) -> Iterator[None]:
        """Converts errors, and records whether the service can be reached."""
        try:
            yield
        except asyncio.CancelledError as error:
            if _asked_to_stop():
                raise
            raise Unavailable("the Google engine was closed during the call") from error
        except Exception as error:
            failure = translated(error)
            if isinstance(failure, Unavailable | DeadlineExceeded):
                self._last_error = str(failure)
            raise failure from error
        self._last_error = ""

    def _known(self, name: str) -> Voice | None:
        try:
            return voices.voice(name, self._listed)
        except SegueError:
            return None  # a family that Segue does not drive


def create(options: Mapping[str, object]) -> GoogleEngine:
    """The entry point. The options are the fields of ``GoogleOptions``."""
    return GoogleEngine(GoogleOptions.read(options))


def _asked_to_stop() -> bool:
    """Whether our own caller cancels. Closing a channel cancels its calls, too."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _each(requests: list[Any]) -> AsyncIterator[Any]:
    for request in requests:
        yield request
