"""An engine that calls a server over HTTP. The vendor's engine defines the requests and the voices."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack, aclosing, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from segue.kernel.errors import (
    BadAudio,
    DeadlineExceeded,
    QuotaExhausted,
    SegueError,
    SentenceTooLong,
    Unavailable,
)
from segue.speech.core.speech import Container, joined
from segue.speech.engines.http.bodies import Body, body_of
from segue.speech.engines.http.formats import check_declared, check_head, check_rate, declared, is_undecided
from segue.speech.engines.http.server import RemoteServer
from segue.speech.ports.engine import Health

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    import httpx

    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Pcm, Utterance
    from segue.speech.engines.http.failures import Read, VendorRefusal
    from segue.speech.engines.http.options import HttpOptions
    from segue.speech.engines.http.secret import Keys
    from segue.speech.engines.http.server import Call

_GREETING_TIMEOUT_S = 5.0
_IN_CLEAR = "whoever can read the traffic to this host can read the key; use https:// in base_url"
_BLOCK_BYTES = 256 * 1024
"""A whole response is decoded in blocks of this size. Cancellation takes effect between two blocks."""

_LIGHT_BYTES = 4096
"""Decoding so little takes half a millisecond, about as long as starting a thread."""


class HttpEngine(ABC):
    """Implements everything in ``segue.speech.ports.engine.Engine`` that does not depend on the vendor.

    ``start`` does not fail if the server cannot be reached: until then, every call raises ``unavailable``. A
    missing key is a ``ConfigurationError``. If the last call failed, ``health`` asks the server again, without
    cost. With ``concurrency`` set, there are no more concurrent requests than that; the others wait.
    ``declared_too`` are further content types that the vendor uses for bare samples.
    """

    declared_too: frozenset[str] = frozenset()

    def __init__(self, name: str, version: str, options: HttpOptions, container: Container, rate_hz: int) -> None:
        self.name = name
        self.version = version
        self.voices_revision = 0
        self._server = RemoteServer(options, self._signed, self._read, self._keys())
        self._in_clear = options.sends_key_in_clear
        self._container = container
        self._rate_hz = rate_hz
        self._turns = asyncio.Semaphore(options.concurrency) if options.concurrency else None
        if options.concurrency:
            self.places = options.concurrency
        self._last_error = ""
        self._greeted = False
        self._log = structlog.get_logger(f"segue.speech.engines.{name}")

    @abstractmethod
    def _signed(self, key: str, call: Call) -> Mapping[str, str]:
        """The headers that contain the key, or sign the call with it."""

    def _keys(self) -> Keys | None:
        """The source of the key, for vendors with a method of their own; None: from the options."""
        return None

    @abstractmethod
    def _read(self, refusal: VendorRefusal) -> Read:
        """Classifies a refusal."""

    @abstractmethod
    def _call(self, utterance: Utterance, voice: Voice, *, streamed: bool) -> Call:
        """The request for the utterance. Raises Unsupported if the voice does not support it."""

    @abstractmethod
    async def _ask_voices(self, server: RemoteServer) -> None:
        """Asks which voices there are, without cost, and stores them. Raises SegueError if it fails."""

    @abstractmethod
    def voices(self) -> Sequence[Voice]: ...

    @abstractmethod
    def voice(self, name: str) -> Voice: ...

    def _answered(self, headers: httpx.Headers) -> None:  # noqa: B027 - most vendors tell nothing there
        """Gets the headers of every response with speech. A vendor's headers may contain the costs."""

    async def start(self) -> None:
        await self._server.start()
        if self._in_clear:
            self._log.warning("key_sent_in_clear", host=self._server.host, effect=_IN_CLEAR)
        await self._greet()

    async def refresh_voices(self) -> None:
        """Asks the server which voices it has.

        Raises:
            SegueError: there was no response.
        """
        try:
            async with asyncio.timeout(_GREETING_TIMEOUT_S):
                await self._ask_voices(self._server)
        except TimeoutError as error:
            raise DeadlineExceeded(f"{self._server.host} did not list its voices in time") from error
        self._greeted = True
        self.voices_revision += 1

    async def synthesize(self, utterance: Utterance) -> Pcm:
        async with aclosing(self._spoken(utterance, streamed=False)) as pieces:
            return _joined([piece async for piece in pieces])

    async def stream(self, utterance: Utterance) -> AsyncIterator[Pcm]:
        async with aclosing(self._spoken(utterance, streamed=True)) as pieces:
            async for piece in pieces:
                yield piece

    async def health(self) -> Health:
        if not self._server.is_open:
            return Health(ready=False, detail="not started, or closed")
        if self._last_error or not self._greeted:
            await self._greet()
        return Health(ready=not self._last_error, detail=self._last_error or f"connected to {self._server.host}")

    async def close(self) -> None:
        await self._server.close()

    async def _greet(self) -> None:
        try:
            await self.refresh_voices()
        except QuotaExhausted:
            return  # it is there
        except SegueError as error:
            self._last_error = str(error)
            self._log.warning("engine_not_reached", host=self._server.host, error=str(error))
        else:
            self._last_error = ""

    async def _spoken(self, utterance: Utterance, *, streamed: bool) -> AsyncGenerator[Pcm, None]:
        voice = self.voice(utterance.voice)
        check_length(utterance.text, voice)
        call = self._call(utterance, voice, streamed=streamed)
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(self._turns or nullcontext())
                response = await stack.enter_async_context(self._server.answer(call))
                self._answered(response.headers)
                decoded = self._decoded(response, streamed=streamed)
                async for piece in await stack.enter_async_context(aclosing(decoded)):
                    yield piece
        except (Unavailable, DeadlineExceeded) as error:
            self._last_error = str(error)
            raise
        self._last_error = ""

    async def _decoded(self, response: httpx.Response, *, streamed: bool) -> AsyncGenerator[Pcm, None]:
        """The audio as it arrives. For a whole response, after all of it has arrived, which takes less work."""
        body = self._body(response)
        heard_bytes = 0
        checked = self._checked(response)
        async with aclosing(checked if streamed else _in_blocks(checked)) as pieces:
            async for data in pieces:
                for piece in await _worked(body, data):
                    heard_bytes += len(piece.data)
                    self._server.check_length(heard_bytes)
                    yield piece
        for piece in body.finish():
            heard_bytes += len(piece.data)
            yield piece
        if not heard_bytes:
            raise BadAudio(f"{self._server.host} answered without any sound", findings=("empty",))

    async def _checked(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        """The body as it arrives, once its first bytes have shown that the format is correct."""
        head = b""
        passed = False
        async with aclosing(self._server.pieces(response)) as pieces:
            async for data in pieces:
                if passed:
                    yield data
                    continue
                head += data
                if not is_undecided(head):
                    check_head(head, self._container, self._server.host)
                    passed = True
                    yield head
        if not passed and head:
            check_head(head, self._container, self._server.host)
            yield head

    def _body(self, response: httpx.Response) -> Body:
        said = declared(response.headers)
        if said.kind not in self.declared_too:
            check_declared(said, self._container, self._server.host)
        check_rate(said, self._server.host)
        if (said.channels or 1) != 1:
            raise BadAudio(
                f"{self._server.host} sends bare samples of {said.channels} channels: set `format: wav`",
                findings=("channels",),
            )
        return body_of(self._container, said.rate_hz or self._rate_hz)


def check_length(text: str, voice: Voice) -> None:
    """Raises SentenceTooLong if a text is longer than a voice accepts, before a call that costs."""
    most = voice.capabilities.max_input_chars
    if most is not None and len(text) > most:
        raise SentenceTooLong(f"the text for {voice.label} has {len(text)} characters; the limit is {most}")


async def _in_blocks(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same bytes in few pieces, after all of them have arrived."""
    async with aclosing(pieces):
        data = b"".join([piece async for piece in pieces])
    for start in range(0, len(data), _BLOCK_BYTES):
        yield data[start : start + _BLOCK_BYTES]


def _joined(pieces: Sequence[Pcm]) -> Pcm:
    """The whole body as one. An empty body has raised an error before."""
    if len(pieces) == 1:
        return pieces[0]
    data, original = b"".join([piece.data for piece in pieces]), joined([piece.original for piece in pieces])
    if original is not None and original.container is Container.PCM:
        original = original._replace(data=data)  # the same bytes, kept only once
    return replace(pieces[0], data=data, original=original)


async def _worked(body: Body, data: bytes) -> Sequence[Pcm]:
    """The samples that these bytes complete. Heavy work is done in a thread."""
    if body.is_heavy and len(data) > _LIGHT_BYTES:
        return await asyncio.to_thread(_pushed, body, data)
    return _pushed(body, data)


def _pushed(body: Body, data: bytes) -> list[Pcm]:
    return list(body.push(data))
