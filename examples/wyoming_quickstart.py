"""Home Assistant's protocol, Wyoming, with its own client: nothing but an address is needed.

    python examples/wyoming_quickstart.py 127.0.0.1:10200

needs ``pip install wyoming``. It writes its audio into the current folder.
"""

from __future__ import annotations

import asyncio
import sys
import wave
from pathlib import Path

from wyoming.audio import AudioChunk, AudioStart
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice

TEXT = "The kitchen light is on. It is twenty one degrees, and the door is locked."
CHINESE = "廚房的燈開著。現在二十一度，門已經鎖好了。"


async def voices(client: AsyncTcpClient) -> list[str]:
    """What Home Assistant asks when the service is added."""
    await client.write_event(Describe().event())
    event = await client.read_event()
    assert event is not None
    (program,) = Info.from_event(event).tts
    print(program.name, program.version, "with", len(program.voices), "voices")
    return [voice.name for voice in program.voices]


async def whole(client: AsyncTcpClient, text: str, voice: str | None, file: Path) -> None:
    """A text in one event."""
    chosen = SynthesizeVoice(name=voice) if voice else None
    await client.write_event(Synthesize(text=text, voice=chosen).event())
    await keep(client, file, until="audio-stop")


async def in_chunks(client: AsyncTcpClient, text: str, file: Path) -> None:
    """A text as a language model writes it, spoken while it is being written."""
    keeping = asyncio.create_task(keep(client, file, until="synthesize-stopped"))
    await client.write_event(SynthesizeStart().event())
    for word in text.split(" "):
        await client.write_event(SynthesizeChunk(text=f"{word} ").event())
    await client.write_event(SynthesizeStop().event())
    await keeping


async def keep(client: AsyncTcpClient, file: Path, until: str) -> None:
    """What is heard, as a WAV file."""
    with wave.open(str(file), "wb") as sound:
        while (event := await client.read_event()) is not None and event.type != until:
            if AudioStart.is_type(event.type):
                start = AudioStart.from_event(event)
                sound.setparams((start.channels, start.width, start.rate, 0, "NONE", ""))
            elif AudioChunk.is_type(event.type):
                sound.writeframes(AudioChunk.from_event(event).audio)
            elif Error.is_type(event.type):
                sys.exit(Error.from_event(event).text)


async def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:10200"
    host, _, port = address.rpartition(":")
    async with AsyncTcpClient(host, int(port)) as client:
        names = await voices(client)
        await whole(client, TEXT, None, Path("whole.wav"))
        await whole(client, CHINESE, names[0], Path("chinese.wav"))
        await in_chunks(client, TEXT, Path("in-chunks.wav"))


if __name__ == "__main__":
    asyncio.run(main())
