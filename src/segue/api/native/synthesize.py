"""``POST /api/v1/audio/synthesize``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from segue.api.asgi import ClientGone, Response, headers_of, unless_gone
from segue.api.caller import count_text
from segue.api.headers import answer_headers
from segue.api.native.errors import refused
from segue.api.native.request import DIALECT, understood
from segue.api.native.wire import CatalogueCharacterBody, SynthesizeAnswer, SynthesizeBody
from segue.api.wire import decoded
from segue.kernel.errors import SegueError

if TYPE_CHECKING:
    from segue.api.asgi import Receive, Scope, Send
    from segue.api.context import Context
    from segue.speech.service.answers import Answer, AudioResult
    from segue.speech.service.router import Route

PATH = "/api/v1/audio/synthesize"
_DECODER = msgspec.json.Decoder(SynthesizeBody)
_ENCODER = msgspec.json.Encoder()
_JSON = (b"content-type", b"application/json")
_NOT_STORED = "the audio could not be stored, so the URL may work only in the process that answered"


class SynthesizeEndpoint:
    """The endpoint as a plain ASGI application."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        request_id = self._context.identity.request_id(headers)
        try:
            response = await self._respond(scope, headers, receive, request_id)
        except ClientGone:
            return
        except SegueError as error:
            self._context.note_refusal(DIALECT, error)
            response = refused(error, request_id)
        await response(send)

    async def _respond(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, request_id: str
    ) -> Response:
        coding = headers.get(b"content-encoding")
        raw = await self._context.bodies.read(receive, self._context.max_body_bytes, coding)
        body, route = await self._context.threads.run_if_long(len(raw), self._entered, raw, headers, request_id)
        await count_text(len(route.request.text))
        pipeline = self._context.pipeline
        as_url = body.return_format == "url"
        answer = pipeline.at_hand(route)
        if answer is None:
            answer = await unless_gone(receive, pipeline.answer(route, keep=as_url))
        stored = not as_url or await unless_gone(receive, pipeline.settled(answer))
        shown = self._shown(answer, body, scope, headers)
        if not stored:
            shown = msgspec.structs.replace(shown, warnings=(*answer.warnings, _NOT_STORED))
        return Response(200, [_JSON, *answer_headers(answer, request_id)], _ENCODER.encode(shown))

    def _entered(self, raw: bytes, headers: dict[bytes, bytes], request_id: str) -> tuple[SynthesizeBody, Route]:
        body = decoded(_DECODER, raw)
        request = understood(self._context, raw, body, headers, request_id)
        return body, self._context.enter(request)

    def _shown(
        self, answer: Answer, body: SynthesizeBody, scope: Scope, headers: dict[bytes, bytes]
    ) -> SynthesizeAnswer:
        found, character = answer.result, answer.route.character
        render_plan, audio = found.rendition.render_plan, found.audio
        as_url = body.return_format == "url"
        return SynthesizeAnswer(
            url=self._url(found, scope, headers) if as_url else None,
            audio_base64=None if as_url else audio.data,
            duration=round(audio.duration_s, 3),
            file_size=len(audio.data),
            cached=answer.cached,
            source=found.source,
            voice_model=render_plan.model,
            voice_name=render_plan.voice.label,
            character=CatalogueCharacterBody(
                character.key,
                character.name,
                {"pitch": render_plan.manner.pitch_semitones, "rate": render_plan.manner.rate_ratio},
            ),
            arm=render_plan.arm,
            assigned_arm=answer.route.assignment.arm,
            reason=answer.reason,
            fallback_error=found.failure,
            warnings=answer.warnings,
            remarks=found.remarks,
            request_id=answer.route.request.request_id,
        )

    def _url(self, found: AudioResult, scope: Scope, headers: dict[bytes, bytes]) -> str:
        path = self._context.links.path_of(f"{found.audio_id}.{found.audio.container}")
        return self._context.base_url(scope, headers) + path
