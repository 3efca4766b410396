"""An exchange spoken: its text as it becomes whole, its sound as it is made."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.tts import SynthesizeStopped

from segue.core.errors import InvalidRequest
from segue.core.units import BYTES_PER_SAMPLE_S16

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from wyoming.event import Event

    from segue.api.wyoming.request import Reader, Setting
    from segue.api.wyoming.script import Script
    from segue.service.pipeline import Pipeline
    from segue.service.stream import Stream

    SendEvent: TypeAlias = Callable[[Event], Awaitable[None]]

_CHANNELS = 1
_PIECE_BYTES = 16 * 1024


class Order(NamedTuple):
    """One exchange; ``streamed`` where its text comes in chunks and its end is to be confirmed."""

    setting: Setting
    script: Script
    streamed: bool


async def speak(pipeline: Pipeline, reader: Reader, order: Order, send: SendEvent) -> None:
    """Says all of it, in one sound of one sample rate: that of the voice that begins.

    Raises:
        SegueError: why it cannot be said, or not to its end.
    """
    sound = _Sound(send)
    while (text := await order.script.next()) is not None:
        route = pipeline.enter(reader.request(order.setting, text, sound.rate_hz))
        async with aclosing(await pipeline.stream(route)) as stream:
            await sound.begin(stream, order.setting.request_id)
            async for data in stream:
                await sound.go_on(data)
    if sound.rate_hz is None:
        raise InvalidRequest("text holds nothing that can be spoken", field="text")
    await sound.end()
    if order.streamed:
        await send(SynthesizeStopped().event())


class _Sound:
    """Events of one sound. ``rate_hz`` is None until it begins."""

    def __init__(self, send: SendEvent) -> None:
        self.rate_hz: int | None = None
        self._send = send
        self._bytes = 0

    async def begin(self, stream: Stream, request_id: str) -> None:
        if self.rate_hz is not None:
            return
        self.rate_hz = stream.rate_hz
        event = AudioStart(self.rate_hz, BYTES_PER_SAMPLE_S16, _CHANNELS, timestamp=0).event()
        event.data["segue"] = _told(stream, request_id)
        await self._send(event)

    async def go_on(self, data: bytes) -> None:
        """Returns when the listener has taken it, but for what the network holds."""
        assert self.rate_hz is not None
        for start in range(0, len(data), _PIECE_BYTES):
            piece = data[start : start + _PIECE_BYTES]
            chunk = AudioChunk(self.rate_hz, BYTES_PER_SAMPLE_S16, _CHANNELS, piece, timestamp=self._at_ms())
            await self._send(chunk.event())
            self._bytes += len(piece)

    async def end(self) -> None:
        await self._send(AudioStop(timestamp=self._at_ms()).event())

    def _at_ms(self) -> int:
        assert self.rate_hz is not None
        return self._bytes * 1000 // (self.rate_hz * BYTES_PER_SAMPLE_S16)


def _told(stream: Stream, request_id: str) -> dict[str, object]:
    """What became of the request, for who looks; clients ignore what they do not know."""
    answer = stream.heard
    way = answer.found.leg.way
    return {
        "request_id": request_id,
        "arm": str(way.arm),
        "reason": str(answer.reason),
        "model": way.model,
        "source": answer.found.source,
        "warnings": list(answer.warnings),
    }
