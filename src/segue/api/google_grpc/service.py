"""The methods of ``TextToSpeech``, as handlers of bytes: what cannot be parsed is answered, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from segue.api.google.request import Reader
from segue.api.google.sound import content
from segue.api.google_grpc import messages
from segue.api.google_grpc.calls import Calls, trailers
from segue.api.google_grpc.stream import StreamingDoor, Waits
from segue.api.headers import audio_headers

if TYPE_CHECKING:
    from segue.api.context import Context
    from segue.api.google.voices import Voices
    from segue.api.google_grpc.messages import Version


class TextToSpeech:
    """One version of the service."""

    def __init__(self, context: Context, voices: Voices, version: Version, waits: Waits) -> None:
        self._context = context
        self._voices = voices
        self._version = version
        self._reader = Reader(context, voices)
        self._calls = Calls(context)
        self._streaming = StreamingDoor(context, self._reader, version, waits)

    def handlers(self) -> grpc.GenericRpcHandler[Any, Any]:
        methods = {
            "ListVoices": grpc.unary_unary_rpc_method_handler(self._list_voices),
            "SynthesizeSpeech": grpc.unary_unary_rpc_method_handler(self._synthesize_speech),
            "StreamingSynthesize": grpc.stream_stream_rpc_method_handler(self._streaming_synthesize),
        }
        return grpc.method_handlers_generic_handler(self._version.service, methods)

    async def _list_voices(self, data: bytes, call: Any) -> bytes:
        async with self._calls.attended(call):
            request = messages.parsed(self._version.list_voices, data)
            return messages.listed(self._version, self._voices.listed(request.language_code))
        raise AssertionError("unreachable: a call that fails is aborted")

    async def _synthesize_speech(self, data: bytes, call: Any) -> bytes:
        async with self._calls.attended(call) as caller:
            message = messages.parsed(self._version.synthesize, data)
            lost = messages.unknown_fields(message, message.input, message.voice, message.audio_config)
            request = self._reader.whole(messages.synthesis_request(message), caller, lost)
            pipeline = self._context.pipeline
            route = pipeline.enter(request)
            answer = pipeline.at_hand(route) or await pipeline.answer(route, keep=False)
            call.set_trailing_metadata(trailers(audio_headers(answer, caller.request_id)))
            audio = answer.found.audio
            return messages.synthesized(self._version, message, content(audio), audio)
        raise AssertionError("unreachable: a call that fails is aborted")

    async def _streaming_synthesize(self, _: object, call: Any) -> None:
        async with self._calls.attended(call) as caller:
            await self._streaming.answer(call, caller)
