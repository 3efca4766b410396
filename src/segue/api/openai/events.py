"""Speech as server-sent events: ``stream_format: sse``.

``usage`` is an estimate, because these voices have no tokens: one token for every four bytes of the text in UTF-8,
and one for every 50 ms of audio, each rounded up.
"""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING

import msgspec

from segue.api.openai.errors import body_of
from segue.api.openai.wire import AudioDelta, AudioDone, Usage
from segue.kernel.errors import SegueError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from segue.speech.service.stream import Stream

CONTENT_TYPE = b"text/event-stream; charset=utf-8"
_PART_BYTES = 12 * 1024
"""Audio bytes per event; a multiple of three, so that base64 needs no padding between events."""

_BYTES_A_TOKEN = 4
_TOKENS_A_SECOND = 20
_ENCODER = msgspec.json.Encoder()


def deltas(audio: bytes) -> Iterator[bytes]:
    """The audio as events of bounded size."""
    for start in range(0, len(audio), _PART_BYTES):
        part = base64.b64encode(audio[start : start + _PART_BYTES]).decode("ascii")
        yield _event(AudioDelta(part))


async def framed(stream: Stream) -> AsyncIterator[bytes]:
    """The stream as events; if it fails, the last event is an error."""
    try:
        async for audio in stream:
            for event in deltas(audio):
                yield event
    except SegueError as error:
        yield broken_off(error)
    else:
        yield done(stream.route.request.text, stream.duration_s)


def done(text: str, duration_s: float) -> bytes:
    """The last event of a complete response."""
    spoken = math.ceil(len(text.encode()) / _BYTES_A_TOKEN)
    heard = math.ceil(round(duration_s * _TOKENS_A_SECOND, 6))
    return _event(AudioDone(Usage(spoken, heard, spoken + heard)))


def broken_off(error: SegueError) -> bytes:
    """The last event of an incomplete response; the official clients raise it as an error."""
    return b"event: error\n" + _event(body_of(error))


def _event(content: msgspec.Struct) -> bytes:
    return b"data: " + _ENCODER.encode(content) + b"\n\n"
