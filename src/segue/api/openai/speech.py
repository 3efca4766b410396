"""``POST /v1/audio/speech``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from segue.api.asgi import ClientGone, Response, headers_of, unless_gone
from segue.api.caller import count_text
from segue.api.headers import audio_headers
from segue.api.openai import events
from segue.api.openai.errors import InputTooLong, refused
from segue.api.openai.wire import SpeechBody
from segue.api.streaming import send_stream
from segue.api.wire import decoded
from segue.kernel.errors import SegueError
from segue.speech.core.speech import CONTENT_TYPES, NEUTRAL, AudioFormat, Container, Controls, Loss, SpeechRequest
from segue.speech.core.text.written import read_text
from segue.speech.service.answers import Answer

if TYPE_CHECKING:
    from segue.api.asgi import Header, Receive, Scope, Send
    from segue.api.context import Context
    from segue.speech.service.router import Route
    from segue.speech.service.stream import Stream

PATH = "/v1/audio/speech"
_DIALECT = "openai"
_DECODER = msgspec.json.Decoder(SpeechBody)
_PCM_RATE_HZ = 24_000
_FORMATS = {
    str(container): AudioFormat(container, _PCM_RATE_HZ if container is Container.PCM else None)
    for container in Container
}
"""OpenAI's ``pcm`` has 24 kHz; files in the other formats contain their sample rate."""

_TYPES = {container: (b"content-type", kind.encode()) for container, kind in CONTENT_TYPES.items()}
_EVENTS: tuple[Header, ...] = ((b"content-type", events.CONTENT_TYPE), (b"cache-control", b"no-cache"))


class OpenAISpeechEndpoint:
    """The endpoint as a plain ASGI application."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        request_id = self._context.identity.request_id(headers)
        try:
            coding = headers.get(b"content-encoding")
            raw = await self._context.bodies.read(receive, self._context.max_body_bytes, coding)
            body, route = await self._context.threads.run_if_long(
                len(raw), self._entered, raw, headers, request_id
            )
            await count_text(len(route.request.text))
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

    def _entered(self, raw: bytes, headers: dict[bytes, bytes], request_id: str) -> tuple[SpeechBody, Route]:
        body = decoded(_DECODER, raw)
        return body, self._context.enter(self._understood(body, headers, request_id))

    async def _made(
        self, route: Route, body: SpeechBody, headers: dict[bytes, bytes], receive: Receive
    ) -> Answer | Stream:
        """The complete response if the client reads it as a whole; otherwise a stream."""
        pipeline = self._context.pipeline
        if body.stream_format == "audio" and _is_read_whole(headers):
            return await unless_gone(receive, pipeline.answer(route, keep=False))
        return await unless_gone(receive, pipeline.stream(route))

    def _understood(self, body: SpeechBody, headers: dict[bytes, bytes], request_id: str) -> SpeechRequest:
        context = self._context
        marked = read_text(
            _within(body.input, context.max_input_chars),
            body.text_format or context.text_format,
            max_chars=context.max_input_chars,
        )
        controls = NEUTRAL if body.speed == 1.0 else Controls(rate_ratio=body.speed)
        return SpeechRequest(  # by position: by name takes longer, and every cache hit passes here
            marked.text,
            body.voice if isinstance(body.voice, str) else body.voice.id,
            context.identity.unit(
                headers, body.user_id, body.session_id, end_user=body.safety_identifier or body.user
            ),
            request_id,
            _DIALECT,
            _FORMATS[body.response_format],
            controls.marked_by(marked) if marked.pauses else controls,
            forced_arm=context.catalogue.arm_meant(body.model),
            timeout_s=context.request_timeout_s,
            losses=(*marked.losses, _UNHEARD) if body.instructions else marked.losses,
        )


_UNHEARD = Loss("instructions", "given", "", "these voices do not follow instructions")


def _is_read_whole(headers: dict[bytes, bytes]) -> bool:
    """Whether the client waits for the whole response. Only the official Python client says so in its headers."""
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
    audio = answer.result.audio
    return Response(200, [_TYPES[audio.container], *audio_headers(answer, request_id)], audio.data)


def _as_events(answer: Answer, request_id: str) -> Response:
    audio, text = answer.result.audio, answer.route.request.text
    body = b"".join([*events.deltas(audio.data), events.done(text, audio.duration_s)])
    return Response(200, [*_EVENTS, *audio_headers(answer, request_id)], body)
