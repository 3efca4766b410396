"""OpenAI's own quick-start for speech, with nothing changed but the address.

    python examples/openai_quickstart.py http://127.0.0.1:8000

needs ``pip install openai``. It writes its audio into the current folder.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Final

from openai import AsyncOpenAI, OpenAI

TEXT = "Today is a wonderful day to build something people love!"
FORMATS: Final = ("mp3", "opus", "aac", "flac", "wav", "pcm")


def whole(client: OpenAI, folder: Path) -> None:
    """The answer as one file."""
    answer = client.audio.speech.create(
        model="gpt-4o-mini-tts",
        voice="coral",
        input=TEXT,
        instructions="Speak in a cheerful and positive tone.",
    )
    answer.write_to_file(folder / "whole.mp3")


def streaming(client: OpenAI, folder: Path) -> None:
    """To a file as it comes, in every format."""
    for kind in FORMATS:
        with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="coral", input=TEXT, response_format=kind
        ) as response:
            response.stream_to_file(folder / f"streamed.{kind}")


def events(client: OpenAI, folder: Path) -> None:
    """As server-sent events, whose last one says what it took."""
    audio = b""
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="coral", input=TEXT, response_format="wav", stream_format="sse"
    ) as response:
        for line in response.iter_lines():
            if not line.startswith("data: "):
                continue
            event = json.loads(line.removeprefix("data: "))
            if event["type"] == "speech.audio.delta":
                audio += base64.b64decode(event["audio"])
            else:
                print(event["type"], event["usage"])
    (folder / "events.wav").write_bytes(audio)


async def in_the_background(client: AsyncOpenAI, folder: Path) -> None:
    """The same with the asynchronous client: whole, and piece by piece."""
    answer = await client.audio.speech.create(model="gpt-4o-mini-tts", voice="coral", input=TEXT)
    answer.write_to_file(folder / "async-whole.mp3")
    async with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="coral", input=TEXT, response_format="pcm"
    ) as response:
        pieces = [piece async for piece in response.iter_bytes()]
    (folder / "async-streamed.pcm").write_bytes(b"".join(pieces))


def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    folder = Path()
    client = OpenAI(base_url=f"{address}/v1", api_key="not checked")
    whole(client, folder)
    streaming(client, folder)
    events(client, folder)
    asyncio.run(in_the_background(AsyncOpenAI(base_url=f"{address}/v1", api_key="not checked"), folder))


if __name__ == "__main__":
    main()
