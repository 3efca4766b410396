"""A strict server of the Wyoming protocol, with the events of its own package: it ends a connection on which
anything is asked that the protocol does not have, and does in its answers what a word of the text orders.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, async_read_event, async_write_event
from wyoming.info import Attribution, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Iterator

    from wyoming.tts import SynthesizeVoice

RATE_HZ = 16_000
BEAT_SAMPLES = RATE_HZ // 10
_BEAT = b"\x00\x10\x00\xf0" * (BEAT_SAMPLES // 2)
_BY = Attribution("tests", "")
_FIELDS = {
    "describe": set[str](),
    "synthesize": {"text", "voice"},
    "synthesize-start": {"voice"},
    "synthesize-chunk": {"text"},
    "synthesize-stop": set[str](),
}
RAW = {
    "no_json": b"this is no event\n",
    "no_type": b'{"data": {}}\n',
    "endless_line": b"x" * 2_000_000,
    "huge_payload": b'{"type": "audio-chunk", "payload_length": 99999999999}\n',
    "half_event": b'{"type": "audio-chunk", "data_length": 50}\n{',
    "negative": b'{"type": "audio-chunk", "data_length": -1}\n',
    "no_rate": b'{"type": "audio-start", "data": {"width": 2}}\n',
}


def described(*, streaming: bool = True) -> Info:
    speakers = [TtsVoiceSpeaker("p1"), TtsVoiceSpeaker("p2")]
    voices = [
        TtsVoice("en_US-joe-medium", _BY, installed=True, description="Joe", version="1", languages=["en_US"]),
        TtsVoice("many", _BY, True, "Many", "1", ["zh-TW", "en"], speakers),
        TtsVoice("not-here-yet", _BY, installed=False, description=None, version=None, languages=["de"]),
    ]
    program = TtsProgram("strict", _BY, True, "Strict", "2.5", voices, supports_synthesize_streaming=streaming)
    return Info(tts=[program])


class Refused(Exception):  # noqa: N818 - a condition of the client
    """What a strict server does not take."""


@dataclass(slots=True)
class StrictServer:
    """Counts its connections and keeps what it was asked."""

    info: Info
    uri: str = ""
    connections: int = 0
    open: int = 0
    asked: list[Event] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    closes_after_answers: bool = False

    async def attend(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            await _Conversation(self, reader, writer).hold()
        except Refused as refusal:
            self.refusals.append(str(refusal))
            with suppress(OSError):
                await async_write_event(Error(text=str(refusal), code="Refused").event(), writer)
        except (OSError, EOFError):
            pass
        finally:
            self.open -= 1
            writer.transport.abort()


class _Conversation:
    def __init__(self, server: StrictServer, reader: StreamReader, writer: StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._voice: SynthesizeVoice | None = None
        self._text: str | None = None
        self._was_streamed = False

    async def hold(self) -> None:
        while (event := await async_read_event(self._reader)) is not None:
            self._server.asked.append(event)
            self._check(event)
            answered = await self._take(event)
            if answered and self._server.closes_after_answers:
                return

    def _check(self, event: Event) -> None:
        if event.type not in _FIELDS:
            raise Refused(f"no event {event.type}")
        strange = set(event.data) - _FIELDS[event.type]
        if strange:
            raise Refused(f"{event.type} has {', '.join(sorted(strange))}")
        if Synthesize.is_type(event.type) and self._was_streamed:
            raise Refused("a whole text on a connection of texts in chunks, which wyoming-piper passes over")

    async def _take(self, event: Event) -> bool:
        """Whether that was the end of a request."""
        if event.type == "describe":
            await self._write(self._server.info)
        elif Synthesize.is_type(event.type):
            asked = Synthesize.from_event(event)
            await self._say(asked.text, asked.voice, streamed=False)
            return True
        elif SynthesizeStart.is_type(event.type):
            self._voice, self._text = SynthesizeStart.from_event(event).voice, ""
        elif self._text is None:
            raise Refused(f"{event.type} before synthesize-start")
        elif SynthesizeChunk.is_type(event.type):
            self._text += SynthesizeChunk.from_event(event).text
        elif SynthesizeStop.is_type(event.type):
            text, self._text, self._was_streamed = self._text, None, True
            await self._say(text, self._voice, streamed=True)
            return True
        return False

    async def _say(self, text: str, voice: SynthesizeVoice | None, *, streamed: bool) -> None:
        known = {found.name: found for program in self._server.info.tts for found in program.voices}
        if voice is None or voice.name not in known:
            raise Refused(f"no voice {voice}")
        if text == "refuse my diagnosis":
            await self._write(Error(text=f"cannot say {text!r}, for it is long", code="unsupported"))
            raise EOFError
        sentences = [part for part in text.split(".") if part.strip()] if streamed else [text]
        for sentence in sentences:
            await self._sound(sentence)
        if streamed:
            await self._write(SynthesizeStopped())

    async def _sound(self, sentence: str) -> None:
        form = {"rate": RATE_HZ, "width": 2, "channels": 1}
        form |= {
            "wide": {"width": 4},
            "narrow": {"width": 1},
            "stereo": {"channels": 2},
            "slow_rate": {"rate": 1},
        }.get(sentence.split(" ", maxsplit=1)[0], {})
        await self._write(AudioStart(**form))
        for word in sentence.split():
            await self._obey(word, form)
        await self._write(AudioStop())

    async def _obey(self, word: str, form: dict[str, Any]) -> None:
        if word in RAW:
            self._writer.write(RAW[word])
            await self._writer.drain()
        if word in {"cut", "half_event"}:
            raise EOFError
        if word in {"hang", "endless_line", "huge_payload"}:
            await self._reader.read()  # until the client leaves
            raise EOFError
        if word == "nap":
            await asyncio.sleep(0.2)
        if word == "change":
            form = form | {"rate": 8000}
        while word == "flood":
            await self._write(AudioChunk(**form, audio=bytes(65536)))
        while word == "pong":
            await async_write_event(Event("pong"), self._writer)
            await asyncio.sleep(0)  # a write alone does not wait while there is room
        while word == "empty":
            await self._write(AudioChunk(**form, audio=b""))
            await asyncio.sleep(0)
        audio = b"x" if word == "odd" else _BEAT * (form["width"] // 2 or 1) * form["channels"]
        await self._write(AudioChunk(**form, audio=audio))

    async def _write(self, what: Any) -> None:
        await async_write_event(what.event(), self._writer)


@asynccontextmanager
async def strict_server(*, path: str = "", streaming: bool = True) -> AsyncIterator[StrictServer]:
    """On a free port of loopback, or on a Unix socket at ``path``."""
    server = StrictServer(described(streaming=streaming))
    tasks: set[asyncio.Task[None]] = set()

    def attend(reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.ensure_future(server.attend(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    if path:
        listening = await asyncio.start_unix_server(attend, path)
        server.uri = f"unix://{path}"
    else:
        listening = await asyncio.start_server(attend, "127.0.0.1", 0)
        server.uri = f"tcp://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        _forget(path)
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _forget(path: str) -> None:
    """A Unix socket is a file that outlives its server."""
    if path:
        Path(path).unlink()


@contextmanager
def strict_server_aside() -> Iterator[str]:
    """The same on a loop of its own, in a thread; its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="strict Wyoming server")
    thread.start()
    server = strict_server()
    try:
        yield asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10).uri
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
