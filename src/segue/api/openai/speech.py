"""``POST /v1/audio/speech``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from segue.api.asgi import ClientGone, Response, headers_of, unless_gone
from segue.api.headers import audio_headers
from segue.api.openai import events
from segue.api.openai.errors import InputTooLong, refused
from segue.api.openai.wire import SpeechBody
from segue.api.streaming import send_stream
from segue.api.wire import decoded
from segue.core.errors import SegueError
from segue.core.speech import CONTENT_TYPES, NEUTRAL, AudioFormat, Container, Controls, Loss, SpeechRequest
from segue.core.text.normalize import normalize
from segue.service.found import Answer

if TYPE_CHECKING:
    from segue.api.asgi import Header, Receive, Scope, Send
    from segue.api.context import Context
    from segue.service.router import Route
    from segue.service.stream import Stream

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
_EVENTS: tuple[Header, ...] = ((b"content-type", events.CONTENT_TYPE), (b"cache-control", b"no-cache"))


class SpeechDoor:
    """The door as a plain ASGI application."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        request_id = self._context.identity.request_id(headers)
        try:
            body = decoded(_DECODER, await self._context.bodies.read(receive, self._context.max_body_bytes))
            route = self._context.pipeline.enter(self._understood(body, headers, request_id))
            found = self._context.pipeline.at_hand(route) or await self._made(route, body, headers, receive)
        except ClientGone:
            return
        except SegueError as error:
            self._context.note_refusal(_DIALECT, error)
            await refused(error, request_id)(send)
            return
        as_events = body.stream_format == "sse"
        if isinstance(found, Answer):
            await (_as_events if as_events else _as_audio)(found, request_id)(send)
        else:
            kind = _EVENTS if as_events else (_TYPES[_FORMATS[body.response_format].container],)
            framing = (lambda _: events.framed(found)) if as_events else None
            told = [*kind, *audio_headers(found.heard, request_id)]
            await send_stream(found, told, receive, send, framing)

    async def _made(
        self, route: Route, body: SpeechBody, headers: dict[bytes, bytes], receive: Receive
    ) -> Answer | Stream:
        """The whole answer where the caller reads it whole; else one that begins early."""
        pipeline = self._context.pipeline
        if body.stream_format == "audio" and _is_read_whole(headers):
            return await unless_gone(receive, pipeline.answer(route, keep=False))
        return await unless_gone(receive, pipeline.stream(route))

    def _understood(self, body: SpeechBody, headers: dict[bytes, bytes], request_id: str) -> SpeechRequest:
        context = self._context
        return SpeechRequest(  # by position: by name takes twice as long, on the way of every cache hit
            normalize(_within(body.input, context.max_input_chars), max_chars=context.max_input_chars),
            body.voice if isinstance(body.voice, str) else body.voice.id,
            context.identity.unit(
                headers, body.user_id, body.session_id, end_user=body.safety_identifier or body.user
            ),
            request_id,
            _DIALECT,
            _FORMATS[body.response_format],
            NEUTRAL if body.speed == 1.0 else Controls(rate_ratio=body.speed),
            forced_arm=context.catalogue.arm_meant(body.model),
            timeout_s=context.request_timeout_s,
            losses=(_UNHEARD,) if body.instructions else (),
        )


_UNHEARD = Loss("instructions", "given", "", "the voices here do not follow instructions")


def _is_read_whole(headers: dict[bytes, bytes]) -> bool:
    """The official Python client says which of its answers are read as they come. Of others, any may be."""
    return headers.get(b"x-stainless-lang") == b"python" and headers.get(b"x-stainless-raw-response") != b"stream"


def _within(text: str, max_chars: int) -> str:
    if len(text) > max_chars:
        raise InputTooLong(
            f"Invalid 'input': string too long. Expected a string with maximum length {max_chars}, but got a "
            f"string with length {len(text)} instead.",
            field="input",
        )
    return text


def _as_audio(answer: Answer, request_id: str) -> Response:
    audio = answer.found.audio
    return Response(200, [_TYPES[audio.container], *audio_headers(answer, request_id)], audio.data)


def _as_events(answer: Answer, request_id: str) -> Response:
    audio, text = answer.found.audio, answer.route.request.text
    body = b"".join([*events.deltas(audio.data), events.done(text, audio.duration_s)])
    return Response(200, [*_EVENTS, *audio_headers(answer, request_id)], body)
