"""Speaks an exchange: sentence by sentence as its text arrives, with sound as it is made."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, NamedTuple

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.tts import SynthesizeStopped

from segue.api.caller import count_text
from segue.kernel.errors import Unreadable
from segue.kernel.units import BYTES_PER_SAMPLE_S16

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from wyoming.event import Event

    from segue.access.roles import Caller
    from segue.api.context import Context
    from segue.api.wyoming.request import ExchangeSettings, WyomingReader
    from segue.api.wyoming.script import Script
    from segue.speech.service.router import Route
    from segue.speech.service.stream import Stream

    SendEvent: TypeAlias = Callable[[Event], Awaitable[None]]

_CHANNELS = 1
_PIECE_BYTES = 16 * 1024


class WyomingExchange(NamedTuple):
    """One exchange; ``streamed`` if its text arrives in chunks, and its end must be confirmed."""

    setting: ExchangeSettings
    script: Script
    streamed: bool
    caller: Caller | None = None


async def speak(context: Context, reader: WyomingReader, order: WyomingExchange, send: SendEvent) -> None:
    """Speaks the whole exchange as one sound, with the sample rate of the first voice.

    Raises:
        SegueError: the text, or the rest of it, cannot be spoken.
    """
    sound = _Sound(send)
    pipeline = context.pipeline

    def entered(text: str) -> Route:
        setting = order.setting
        text_format = order.script.format_of(text, setting.text_format)
        return context.enter(reader.request(setting, text, sound.rate_hz, text_format, is_part=order.streamed))

    unread: Unreadable | None = None
    while (text := await order.script.next()) is not None:
        try:
            route = await context.threads.run_if_long(len(text), entered, text)
        except Unreadable as error:
            unread = error
            sound.leave_out(error)
            continue
        await count_text(len(route.request.text))
        async with aclosing(await pipeline.stream(route)) as stream:
            await sound.begin(stream, order.setting.request_id)
            async for data in stream:
                await sound.go_on(data)
    if unread is not None and sound.rate_hz is None:
        raise unread
    await sound.end()
    if order.streamed:
        await send(SynthesizeStopped().event())


class _Sound:
    """Sends the events of one sound. ``rate_hz`` is None until it begins."""

    def __init__(self, send: SendEvent) -> None:
        self.rate_hz: int | None = None
        self._send = send
        self._bytes = 0
        self._warnings: dict[str, None] = {}

    def leave_out(self, error: Unreadable) -> None:
        """Records a sentence that no voice can read and that was therefore left out."""
        self._warnings[f"a sentence was left out: {error}"] = None

    async def begin(self, stream: Stream, request_id: str) -> None:
        self._warnings.update(dict.fromkeys(stream.warnings))
        if self.rate_hz is not None:
            return
        self.rate_hz = stream.rate_hz
        event = AudioStart(self.rate_hz, BYTES_PER_SAMPLE_S16, _CHANNELS, timestamp=0).event()
        event.data["segue"] = _told(stream, request_id)
        await self._send(event)

    async def go_on(self, data: bytes) -> None:
        """Sends audio; returns when the client has received it, except for data in network buffers."""
        assert self.rate_hz is not None
        for start in range(0, len(data), _PIECE_BYTES):
            piece = data[start : start + _PIECE_BYTES]
            chunk = AudioChunk(self.rate_hz, BYTES_PER_SAMPLE_S16, _CHANNELS, piece, timestamp=self._at_ms())
            await self._send(chunk.event())
            self._bytes += len(piece)

    async def end(self) -> None:
        """Ends the sound. The last event has the warnings of all sentences; the first one knew only some."""
        event = AudioStop(timestamp=self._at_ms()).event()
        if self._warnings:
            event.data["segue"] = {"warnings": list(self._warnings)}
        await self._send(event)

    def _at_ms(self) -> int:
        assert self.rate_hz is not None
        return self._bytes * 1000 // (self.rate_hz * BYTES_PER_SAMPLE_S16)


def _told(stream: Stream, request_id: str) -> dict[str, object]:
    """The result of the request, as extra data; clients ignore unknown fields."""
    answer = stream.heard
    render_plan = answer.result.rendition.render_plan
    return {
        "request_id": request_id,
        "arm": str(render_plan.arm),
        "reason": str(answer.reason),
        "model": render_plan.model,
        "source": answer.result.source,
        "warnings": list(answer.warnings),
    }
