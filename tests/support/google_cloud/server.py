"""The stand-in itself: a gRPC server on the loopback interface."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import grpc
from google.cloud import texttospeech_v1 as google

from support.google_cloud import rules
from support.google_cloud.calls import Call, Outcome
from support.google_cloud.quota import QuotaCounter
from support.google_cloud.service import Service
from support.google_cloud.sound import Babbler, Delivery, encoded, pieces, streamed
from support.google_cloud.status import INTERNAL, Refusal, invalid, quota_spent
from support.google_cloud.trouble import HEALTHY, LIST, STREAM, SYNTHESIZE, Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from types import TracebackType

    from support.google_cloud.tls import TlsIdentity
    from support.google_cloud.voices import ServedVoice

_NAME = "google.cloud.texttospeech.v1.TextToSpeech"
_REMEMBERED_CALLS = 1000
_STREAM_QUOTA = "ConcurrentStreamingSessions"
_STREAM_RETRY_S = 1.0


class GoogleServer:
    """Serves while it is entered. ``endpoint`` is ``127.0.0.1:port``.

    ``trouble`` may be changed at any time; ``calls`` keeps the last thousand. ``port`` 0 takes a free one.
    With ``identity`` it speaks TLS. ``now_s`` is the clock of the quotas.
    """

    def __init__(
        self,
        service: Service | None = None,
        *,
        port: int = 0,
        identity: TlsIdentity | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.service = service or Service()
        self.trouble = HEALTHY
        self.proceed = asyncio.Event()
        self.calls: deque[Call] = deque(maxlen=_REMEMBERED_CALLS)
        self._arrived = asyncio.Event()
        self._port = port
        self._identity = identity
        self._quotas = QuotaCounter(self.service, now_s)
        self._babbler = Babbler()
        self._throat = ThreadPoolExecutor(1, thread_name_prefix="google-stand-in")
        self._streams = 0
        self._server: grpc.aio.Server | None = None

    @property
    def port(self) -> int:
        return self._port

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self._port}"

    async def start(self) -> None:
        server = grpc.aio.server(
            options=(
                ("grpc.max_receive_message_length", self.service.max_message_bytes),
                ("grpc.so_reuseport", 0),
            ),
            maximum_concurrent_rpcs=self.service.max_calls,
        )
        server.add_generic_rpc_handlers((self._handlers(),))
        if self._identity is None:
            self._port = server.add_insecure_port(self.endpoint)
        else:
            self._port = server.add_secure_port(self.endpoint, grpc.ssl_server_credentials([self._identity]))
        self._server = server
        await server.start()

    async def stop(self) -> None:
        """Ends all calls at once. May be called twice; afterwards it cannot be started again."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop(None)
        self._throat.shutdown(cancel_futures=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    async def next_call(self) -> Call:
        """The next call to come."""
        self._arrived.clear()
        await self._arrived.wait()
        return self.calls[-1]

    def _handlers(self) -> grpc.GenericRpcHandler[Any, Any]:
        return grpc.method_handlers_generic_handler(
            _NAME,
            {
                LIST: grpc.unary_unary_rpc_method_handler(
                    self._list, google.ListVoicesRequest.deserialize, google.ListVoicesResponse.serialize
                ),
                SYNTHESIZE: grpc.unary_unary_rpc_method_handler(
                    self._synthesize,
                    google.SynthesizeSpeechRequest.deserialize,
                    google.SynthesizeSpeechResponse.serialize,
                ),
                STREAM: grpc.stream_stream_rpc_method_handler(
                    self._stream,
                    google.StreamingSynthesizeRequest.deserialize,
                    google.StreamingSynthesizeResponse.serialize,
                ),
            },
        )

    async def _list(self, request: google.ListVoicesRequest, context: Any) -> google.ListVoicesResponse:
        async with self._attended(LIST, context) as (call, _):
            call.messages.append(request)
            wanted = request.language_code.lower()
            found = [voice for voice in self.service.voices if voice.locale.lower().startswith(wanted)]
            return google.ListVoicesResponse(voices=[self._listed(voice) for voice in found])
        raise AssertionError("unreachable: the context ends the call")

    async def _synthesize(
        self, request: google.SynthesizeSpeechRequest, context: Any
    ) -> google.SynthesizeSpeechResponse:
        async with self._attended(SYNTHESIZE, context) as (call, trouble):
            call.messages.append(request)
            audio = request.audio_config
            voice = rules.chosen_voice(request.voice, self.service, streaming=False)
            rules.check_audio(audio, voice)
            rules.check_pronunciations(request.input.custom_pronunciations)
            text = rules.spoken_text(request.input, voice, self.service)
            self._quotas.take(voice.family)
            if trouble.empty:
                return google.SynthesizeSpeechResponse()
            how = self._delivery(voice, audio, audio.pitch)
            samples = await self._said(text, how)
            content = encoded(samples, how.rate_hz, audio.audio_encoding, trouble.wav_chunk)
            return google.SynthesizeSpeechResponse(audio_content=content)
        raise AssertionError("unreachable: the context ends the call")

    async def _stream(self, requests: AsyncIterator[google.StreamingSynthesizeRequest], context: Any) -> None:
        async with self._attended(STREAM, context) as (call, trouble), self._session():
            received = aiter(requests)
            first = await anext(received, google.StreamingSynthesizeRequest())
            call.messages.append(first)
            voice, audio = self._opened(first)
            async for request in received:
                call.messages.append(request)
                if "input" not in request:
                    raise invalid("Only the first message of a stream may hold streaming_config.")
                text = rules.spoken_text(request.input, voice, self.service)
                for piece in () if trouble.empty else await self._pieces(text, voice, audio):
                    await self._hold_or_abort(call, trouble)
                    call.pieces += 1
                    await context.write(google.StreamingSynthesizeResponse(audio_content=piece))

    def _opened(self, first: google.StreamingSynthesizeRequest) -> tuple[ServedVoice, google.StreamingAudioConfig]:
        if "streaming_config" not in first:
            raise invalid("The first message of a stream must hold streaming_config, and no input.")
        config = first.streaming_config
        voice = rules.chosen_voice(config.voice, self.service, streaming=True)
        rules.check_streaming_audio(config.streaming_audio_config)
        rules.check_pronunciations(config.custom_pronunciations)
        self._quotas.take(voice.family)
        return voice, config.streaming_audio_config

    async def _pieces(self, text: str, voice: ServedVoice, audio: google.StreamingAudioConfig) -> Iterator[bytes]:
        how = self._delivery(voice, audio)
        data, sample_bytes = streamed(await self._said(text, how), how.rate_hz, audio.audio_encoding)
        step_bytes = int(how.rate_hz * self.service.piece_s) * sample_bytes + self.service.torn_pieces
        return pieces(data, step_bytes)

    async def _hold_or_abort(self, call: Call, trouble: Trouble) -> None:
        if call.pieces == trouble.hold_after_pieces:
            await self.proceed.wait()
        if call.pieces == trouble.abort_after_pieces:
            raise Refusal(trouble.status or INTERNAL)

    def _delivery(self, voice: ServedVoice, audio: Any, pitch_semitones: float = 0.0) -> Delivery:
        rate_hz = audio.sample_rate_hertz or self.service.natural_rate_hz
        return Delivery(voice, rate_hz, audio.speaking_rate or 1.0, pitch_semitones)

    async def _said(self, text: str, how: Delivery) -> bytes:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._throat, self._babbler.say, text, how)

    def _listed(self, voice: ServedVoice) -> google.Voice:
        gender = google.SsmlVoiceGender.FEMALE if voice.female else google.SsmlVoiceGender.MALE
        return google.Voice(
            language_codes=[voice.locale],
            name=voice.name,
            ssml_gender=gender,
            natural_sample_rate_hertz=self.service.natural_rate_hz,
        )

    @asynccontextmanager
    async def _attended(self, method: str, context: Any) -> AsyncIterator[tuple[Call, Trouble]]:
        """Keeps the record of a call, lets trouble befall it, and ends it as Google would."""
        call = Call(method, dict(context.invocation_metadata()), context.time_remaining())
        self.calls.append(call)
        self._arrived.set()
        try:
            yield call, await self._befallen(method)
            call.outcome = Outcome.ANSWERED
        except Refusal as refusal:
            call.outcome = Outcome.REFUSED
            status = refusal.status
            await context.abort(status.code, status.message, status.trailers())
        except asyncio.CancelledError:
            call.outcome = Outcome.CANCELLED
            raise
        finally:
            call.ended.set()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[None]:
        if self._streams >= self.service.concurrent_streams:
            raise Refusal(quota_spent(_STREAM_QUOTA, _STREAM_RETRY_S))
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    async def _befallen(self, method: str) -> Trouble:
        trouble = self.trouble
        if method not in trouble.methods:
            return HEALTHY
        if trouble.times is not None:
            self.trouble = replace(trouble, times=trouble.times - 1) if trouble.times > 1 else HEALTHY
        if trouble.delay_s:
            await asyncio.sleep(trouble.delay_s)
        if trouble.hang:
            await asyncio.Event().wait()
        if trouble.status is not None and trouble.abort_after_pieces is None:
            raise Refusal(trouble.status)
        return trouble
