"""``POST /v1/audio/speech``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from segue.api.asgi import ClientGone, Response, headers_of, read_body, unless_gone
from segue.api.headers import answer_headers
from segue.api.openai.errors import refused
from segue.api.openai.wire import MAX_INPUT_CHARS, SpeechBody
from segue.api.wire import decoded
from segue.core.catalogue import ARM_NAMES
from segue.core.errors import SegueError
from segue.core.speech import CONTENT_TYPES, NEUTRAL, AudioFormat, Container, Controls, SpeechRequest
from segue.core.text.normalize import normalize

if TYPE_CHECKING:
    from segue.api.asgi import Receive, Scope, Send
    from segue.api.context import Context

PATH = "/v1/audio/speech"
_DIALECT = "openai"
_DECODER = msgspec.json.Decoder(SpeechBody)
_PCM_RATE_HZ = 24_000
_FORMATS = {
    str(container): AudioFormat(container, _PCM_RATE_HZ if container is Container.PCM else None)
    for container in Container
}
"""OpenAI's ``pcm`` is 24 kHz; the other formats say themselves what they are."""

_TYPES = {container: (b"content-type", kind.encode()) for container, kind in CONTENT_TYPES.items()}


class SpeechDoor:
    """The door as a plain ASGI application."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        request_id = self._context.identity.request_id(headers)
        try:
            body = decoded(_DECODER, await read_body(receive, self._context.max_body_bytes))
            pipeline = self._context.pipeline
            route = pipeline.enter(self._understood(body, headers, request_id))
            answer = pipeline.at_hand(route)
            if answer is None:
                answer = await unless_gone(receive, pipeline.answer(route, keep=False))
        except ClientGone:
            return
        except SegueError as error:
            self._context.note_refusal(_DIALECT, error)
            response = refused(error, request_id)
        else:
            audio = answer.found.audio
            kind = _TYPES[audio.container]
            response = Response(200, [kind, *answer_headers(answer, request_id)], audio.data)
        await response(send)

    def _understood(self, body: SpeechBody, headers: dict[bytes, bytes], request_id: str) -> SpeechRequest:
        context = self._context
        return SpeechRequest(
            text=normalize(body.input, max_chars=MAX_INPUT_CHARS),
            character_key=body.voice if isinstance(body.voice, str) else body.voice.id,
            unit=context.identity.unit(headers, body.user, body.session_id),
            request_id=request_id,
            dialect=_DIALECT,
            audio_format=_FORMATS[body.response_format],
            controls=NEUTRAL if body.speed == 1.0 else Controls(rate_ratio=body.speed),
            forced_arm=ARM_NAMES.get(body.model),
            timeout_s=context.request_timeout_s,
        )
