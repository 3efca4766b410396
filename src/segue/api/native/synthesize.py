"""``POST /api/v1/audio/synthesize``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from segue.api.asgi import ClientGone, Response, headers_of, unless_gone
from segue.api.headers import answer_headers
from segue.api.native.errors import refused
from segue.api.native.request import DIALECT, understood
from segue.api.native.wire import CharacterBody, SynthesizeAnswer, SynthesizeBody
from segue.api.wire import decoded
from segue.core.errors import SegueError

if TYPE_CHECKING:
    from segue.api.asgi import Receive, Scope, Send
    from segue.api.context import Context
    from segue.service.found import Answer

PATH = "/api/v1/audio/synthesize"
AUDIO_PATH = "/api/v1/audio"
_DECODER = msgspec.json.Decoder(SynthesizeBody)
_ENCODER = msgspec.json.Encoder()
_JSON = (b"content-type", b"application/json")
_NOT_STORED = "the audio could not be stored: at most the process that answered can serve its URL"


class SynthesizeDoor:
    """The door as a plain ASGI application."""

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
        raw = await self._context.bodies.read(receive, self._context.max_body_bytes)
        body = decoded(_DECODER, raw)
        request = understood(self._context, raw, body, headers, request_id)
        pipeline = self._context.pipeline
        route = pipeline.enter(request)
        as_url = body.return_format == "url"
        answer = pipeline.at_hand(route)
        if answer is None:
            answer = await unless_gone(receive, pipeline.answer(route, keep=as_url))
        stored = not as_url or await unless_gone(receive, pipeline.settled(answer))
        shown = self._shown(answer, body, scope, headers)
        if not stored:
            shown = msgspec.structs.replace(shown, warnings=(*answer.warnings, _NOT_STORED))
        return Response(200, [_JSON, *answer_headers(answer, request_id)], _ENCODER.encode(shown))

    def _shown(
        self, answer: Answer, body: SynthesizeBody, scope: Scope, headers: dict[bytes, bytes]
    ) -> SynthesizeAnswer:
        found, character = answer.found, answer.route.character
        way, audio = found.leg.way, found.audio
        as_url = body.return_format == "url"
        url = f"{self._context.base_url(scope, headers)}{AUDIO_PATH}/{found.audio_id}.{audio.container}"
        return SynthesizeAnswer(
            url=url if as_url else None,
            audio_base64=None if as_url else audio.data,
            duration=round(audio.duration_s, 3),
            file_size=len(audio.data),
            cached=answer.cached,
            source=found.source,
            voice_model=way.model,
            voice_name=way.voice.label,
            character=CharacterBody(
                character.key,
                character.name,
                {"pitch": way.manner.pitch_semitones, "rate": way.manner.rate_ratio},
            ),
            arm=way.arm,
            assigned_arm=answer.route.assignment.arm,
            reason=answer.reason,
            fallback_error=found.failure,
            warnings=answer.warnings,
            remarks=found.remarks,
            request_id=answer.route.request.request_id,
        )
