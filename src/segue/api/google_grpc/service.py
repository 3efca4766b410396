"""The methods of ``TextToSpeech``, as handlers of bytes, so that an unparsable request gets a proper error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from segue.access.roles import Permission
from segue.api.caller import count_text
from segue.api.google.request import GoogleRequestReader
from segue.api.google.sound import content
from segue.api.google.status import UNIMPLEMENTED, GoogleRefusal
from segue.api.google_grpc import messages
from segue.api.google_grpc.calls import Ended, trailers
from segue.api.google_grpc.stream import StreamingEndpoint, StreamTimeouts
from segue.api.headers import audio_headers

if TYPE_CHECKING:
    from segue.api.context import Context
    from segue.api.google.request import GoogleCaller
    from segue.api.google.voices import GoogleVoices
    from segue.api.google.wire import SynthesizeSpeechRequest
    from segue.api.google_grpc.calls import GrpcCalls
    from segue.api.google_grpc.messages import Version
    from segue.speech.core.speech import Loss
    from segue.speech.service.router import Route


class TextToSpeech:
    """The service in one version of the API."""

    def __init__(
        self, context: Context, voices: GoogleVoices, version: Version, waits: StreamTimeouts, calls: GrpcCalls
    ) -> None:
        self._context = context
        self._voices = voices
        self._version = version
        self._reader = GoogleRequestReader(context, voices)
        self._calls = calls
        self._streaming = StreamingEndpoint(context, self._reader, version, waits)

    def handlers(self) -> grpc.GenericRpcHandler[Any, Any]:
        methods = {
            "ListVoices": grpc.unary_unary_rpc_method_handler(self._list_voices),
            "SynthesizeSpeech": grpc.unary_unary_rpc_method_handler(self._synthesize_speech),
            "StreamingSynthesize": grpc.stream_stream_rpc_method_handler(self._streaming_synthesize),
        }
        return grpc.method_handlers_generic_handler(self._version.service, methods)

    async def _list_voices(self, data: bytes, call: Any) -> bytes:
        async with self._calls.attended(call, Permission.LIST):
            request = messages.parsed(self._version.list_voices, data)
            return messages.listed(self._version, self._voices.listed(request.language_code))
        raise AssertionError("unreachable: a call that fails is aborted")

    async def _synthesize_speech(self, data: bytes, call: Any) -> bytes:
        async with self._calls.attended(call) as caller:
            message = messages.parsed(self._version.synthesize, data)
            lost = messages.unknown_fields(message, message.input, message.voice, message.audio_config)
            asked = messages.synthesis_request(message)
            pipeline = self._context.pipeline
            route = await self._context.threads.run_if_long(len(data), self._entered, asked, caller, lost)
            await count_text(len(route.request.text))
            answer = pipeline.at_hand(route) or await pipeline.answer(route, keep=False)
            call.set_trailing_metadata(trailers(audio_headers(answer, caller.request_id)))
            audio = answer.result.audio
            return messages.synthesized(self._version, message, content(audio), audio)
        raise AssertionError("unreachable: a call that fails is aborted")

    def _entered(self, asked: SynthesizeSpeechRequest, caller: GoogleCaller, lost: tuple[Loss, ...]) -> Route:
        return self._context.enter(self._reader.whole(asked, caller, lost))

    async def _streaming_synthesize(self, _: object, call: Any) -> None:
        async with self._calls.attended(call) as caller:
            await self._streaming.answer(call, caller)


class OtherMethods(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # not subscriptable at run time
    """Refuses methods that do not exist, so that only callers with a key learn which do."""

    def __init__(self, calls: GrpcCalls) -> None:
        self._calls = calls

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        """The handler for any method; it takes and gives any number of messages."""
        del handler_call_details
        return grpc.stream_stream_rpc_method_handler(self._refuse)

    async def _refuse(self, _: object, call: Any) -> None:
        async with self._calls.attended(call, Permission.LIST):
            raise Ended(GoogleRefusal(UNIMPLEMENTED, "this service has no such method", "METHOD_NOT_FOUND"))
