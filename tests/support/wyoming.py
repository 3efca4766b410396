"""Wyoming's official client, unmodified, and what it hears."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import write_event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wyoming.event import Event

_READ_TIMEOUT_S = 20.0


@dataclass(slots=True)
class Heard:
    """One exchange, as its client got it."""

    starts: list[AudioStart] = field(default_factory=list)
    chunks: list[AudioChunk] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    error: Error | None = None
    last: str | None = None

    @property
    def duration_s(self) -> float:
        return sum(chunk.seconds for chunk in self.chunks)

    @property
    def audio(self) -> bytes:
        return b"".join(chunk.audio for chunk in self.chunks)

    def take(self, event: Event) -> None:
        self.last = event.type
        if AudioStart.is_type(event.type):
            self.starts.append(AudioStart.from_event(event))
            self.told = event.data.get("segue", {})
        elif AudioChunk.is_type(event.type):
            self.chunks.append(AudioChunk.from_event(event))
        elif AudioStop.is_type(event.type):
            self.warnings = event.data.get("segue", {}).get("warnings", [])
        elif Error.is_type(event.type):
            self.error = Error.from_event(event)


def client_of(port: int, host: str = "127.0.0.1") -> AsyncTcpClient:
    return AsyncTcpClient(host, port)


def synthesize(text: str, name: str | None = None, **more: Any) -> Event:
    """``more`` is what newer clients know besides."""
    voice = None if name is None else SynthesizeVoice(name=name)
    event = Synthesize(text=text, voice=voice).event()
    event.data.update(more)
    return event


def as_bytes(event: Event) -> bytes:
    """What the client writes for the event."""
    written = io.BytesIO()
    write_event(event, written)
    return written.getvalue()


async def heard(client: AsyncTcpClient, *, until: str = "audio-stop") -> Heard:
    """All that comes up to an event of that type, an error, or the connection's end (``last`` is None then)."""
    found = Heard()
    async with asyncio.timeout(_READ_TIMEOUT_S):
        while (event := await client.read_event()) is not None:
            found.take(event)
            if event.type == until or found.error is not None:
                return found
    found.last = None
    return found


async def said(port: int, *events: Event, until: str = "audio-stop") -> Heard:
    """The answer to these events, over a connection of its own."""
    async with client_of(port) as client:
        for event in events:
            await client.write_event(event)
        return await heard(client, until=until)


def in_chunks(chunks: Iterable[str], name: str | None = None) -> list[Event]:
    """A text as Home Assistant streams it, with the whole of it for servers that take no chunks."""
    parts = list(chunks)
    voice = None if name is None else SynthesizeVoice(name=name)
    return [
        SynthesizeStart(voice=voice).event(),
        *(SynthesizeChunk(text=part).event() for part in parts),
        Synthesize(text="".join(parts), voice=voice).event(),
        SynthesizeStop().event(),
    ]


STOPPED = SynthesizeStopped().event().type
