"""``POST /v1/text-to-speech/{voice_id}`` and ``POST /v1/text-to-speech/{voice_id}/stream``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from segue.api.asgi import ClientGone, Response, headers_of, unless_gone
from segue.api.caller import count_text
from segue.api.elevenlabs.errors import NotOffered, refused
from segue.api.elevenlabs.request import DIALECT, SpeechCall, understood
from segue.api.elevenlabs.wire import ElevenLabsSpeechBody
from segue.api.headers import audio_headers
from segue.api.refusals import WrongMethod
from segue.api.streaming import send_stream
from segue.api.wire import decoded
from segue.kernel.errors import SegueError
from segue.speech.core.speech import CONTENT_TYPES
from segue.speech.service.answers import Answer

if TYPE_CHECKING:
    from segue.api.asgi import Header, Receive, Scope, Send
    from segue.api.context import Context
    from segue.speech.service.router import Route
    from segue.speech.service.stream import Stream

PREFIX = "/v1/text-to-speech/"
_STREAM = "stream"
_WAYS = ("", _STREAM)
_DECODER = msgspec.json.Decoder(ElevenLabsSpeechBody)
_TYPES = {container: (b"content-type", kind.encode()) for container, kind in CONTENT_TYPES.items()}


class ElevenLabsSpeechEndpoint:
    """The endpoint for everything under ``PREFIX``, as a plain ASGI application."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        request_id = self._context.identity.request_id(headers)
        voice_id, _, way = scope["path"].removeprefix(PREFIX).partition("/")
        call = SpeechCall(voice_id, scope["query_string"], headers, request_id)
        try:
            if scope["method"] != "POST":
                raise WrongMethod(scope["method"], "POST")
            found = await self._found(call, way, receive)
        except ClientGone:
            return
        except SegueError as error:
            self._context.note_refusal(DIALECT, error)
            await refused(error, request_id)(send)
            return
        told = _headers(found if isinstance(found, Answer) else found.heard)
        if isinstance(found, Answer):
            await Response(200, told, found.result.audio.data)(send)
        else:
            await send_stream(found, told, receive, send)

    async def _found(self, call: SpeechCall, way: str, receive: Receive) -> Answer | Stream:
        if way not in _WAYS:
            raise NotOffered(
                f"text-to-speech has no {way[:64]!r} here, because these voices do not report when each character "
                "is spoken, and estimated times would be wrong. Send the request without it for the audio alone"
            )
        coding = call.headers.get(b"content-encoding")
        raw = await self._context.bodies.read(receive, self._context.max_body_bytes, coding)
        pipeline = self._context.pipeline
        route = await self._context.threads.run_if_long(len(raw), self._entered, call, raw)
        await count_text(len(route.request.text))
        answer = pipeline.at_hand(route)
        if answer is not None:
            return answer
        if way == _STREAM:
            return await unless_gone(receive, pipeline.stream(route))
        return await unless_gone(receive, pipeline.answer(route, keep=False))

    def _entered(self, call: SpeechCall, raw: bytes) -> Route:
        return self._context.enter(understood(self._context, call, decoded(_DECODER, raw)))


def _headers(heard: Answer) -> list[Header]:
    request = heard.route.request
    return [
        _TYPES[request.audio_format.container],
        (b"request-id", request.request_id.encode()),
        (b"character-cost", b"%d" % len(request.text)),
        *audio_headers(heard, request.request_id),
    ]
