"""``POST /v1/text:synthesize`` and ``POST /v1beta1/text:synthesize``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from segue.api.asgi import ClientGone, Response, headers_of, unless_gone
from segue.api.caller import count_text
from segue.api.google.enums import member
from segue.api.google.request import DIALECT, GoogleCaller
from segue.api.google.sound import content
from segue.api.google.wire import AudioConfig, AudioEncoding, SynthesizeSpeechResponse
from segue.api.google_rest.errors import refused
from segue.api.google_rest.query import GoogleQuery
from segue.api.google_rest.spelling import read_synthesis
from segue.api.headers import audio_headers
from segue.kernel.errors import SegueError

if TYPE_CHECKING:
    from segue.api.asgi import Receive, Scope, Send
    from segue.api.context import Context
    from segue.api.google.request import GoogleRequestReader
    from segue.speech.core.speech import EncodedAudio
    from segue.speech.service.router import Route

PATH = "/v1/text:synthesize"
BETA_PATH = "/v1beta1/text:synthesize"
_JSON = (b"content-type", b"application/json; charset=UTF-8")
_ENCODER = msgspec.json.Encoder()


class GoogleSynthesizeEndpoint:
    """The endpoint as a plain ASGI application. With ``beta`` it answers as v1beta1, with empty ``timepoints``."""

    def __init__(self, context: Context, reader: GoogleRequestReader, *, beta: bool = False) -> None:
        self._context = context
        self._reader = reader
        self._beta = beta

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        request_id = self._context.identity.request_id(headers)
        try:
            response = await self._respond(GoogleQuery(scope), headers, receive, request_id)
        except ClientGone:
            return
        except SegueError as error:
            self._context.note_refusal(DIALECT, error)
            response = refused(error, request_id)
        await response(send)

    async def _respond(
        self, query: GoogleQuery, headers: dict[bytes, bytes], receive: Receive, request_id: str
    ) -> Response:
        coding = headers.get(b"content-encoding")
        raw = await self._context.bodies.read(receive, self._context.max_body_bytes, coding)
        caller = GoogleCaller(query.with_key(headers), request_id)
        config, route = await self._context.threads.run_if_long(len(raw), self._entered, raw, caller)
        await count_text(len(route.request.text))
        pipeline = self._context.pipeline
        answer = pipeline.at_hand(route)
        if answer is None:
            answer = await unless_gone(receive, pipeline.answer(route, keep=False))
        shown = self._shown(answer.result.audio, config, query)
        return Response(200, [_JSON, *audio_headers(answer, request_id)], _ENCODER.encode(shown))

    def _entered(self, raw: bytes, caller: GoogleCaller) -> tuple[AudioConfig, Route]:
        body, lost = read_synthesis(raw)
        return body.audio_config, self._context.enter(self._reader.whole(body, caller, lost))

    def _shown(self, audio: EncodedAudio, wanted: AudioConfig, query: GoogleQuery) -> SynthesizeSpeechResponse:
        data = content(audio)
        if not self._beta:
            return SynthesizeSpeechResponse(data)
        encoding = member(AudioEncoding, wanted.audio_encoding, "audio_config.audio_encoding")
        heard = msgspec.structs.replace(
            wanted, audio_encoding=query.enum(encoding), sample_rate_hertz=audio.rate_hz
        )
        return SynthesizeSpeechResponse(data, [], heard)
