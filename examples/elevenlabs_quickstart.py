"""ElevenLabs' own quick-start for speech, with nothing changed but the address.

    python examples/elevenlabs_quickstart.py http://127.0.0.1:8000

needs ``pip install elevenlabs``. It writes its audio into the current folder.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from elevenlabs.client import AsyncElevenLabs, ElevenLabs

TEXT = "The first move is what sets everything in motion."
VOICE = "JBFqnCBsd6RMkjVDRZzb"  # George, of ElevenLabs' own quick-start
FORMATS = ("mp3_44100_128", "wav_24000", "pcm_16000", "ulaw_8000", "alaw_8000", "opus_48000_64")


def whole(elevenlabs: ElevenLabs, folder: Path) -> None:
    """The answer as one file, in one format of each codec."""
    for kind in FORMATS:
        audio = elevenlabs.text_to_speech.convert(
            text=TEXT, voice_id=VOICE, model_id="eleven_v3", output_format=kind
        )
        (folder / f"whole.{kind}").write_bytes(b"".join(audio))


def streaming(elevenlabs: ElevenLabs, folder: Path) -> None:
    """To a file as it comes."""
    audio_stream = elevenlabs.text_to_speech.stream(text=TEXT, voice_id=VOICE, model_id="eleven_multilingual_v2")
    with (folder / "streamed.mp3_44100_128").open("wb") as file:
        for chunk in audio_stream:
            if isinstance(chunk, bytes):
                file.write(chunk)


async def in_the_background(elevenlabs: AsyncElevenLabs, folder: Path) -> None:
    """The same with the asynchronous client, after a look at the models."""
    print(*[model.model_id for model in await elevenlabs.models.list()])
    whole = elevenlabs.text_to_speech.convert(text=TEXT, voice_id=VOICE)
    (folder / "async-whole.mp3_44100_128").write_bytes(b"".join([chunk async for chunk in whole]))
    stream = elevenlabs.text_to_speech.stream(text=TEXT, voice_id=VOICE, output_format="pcm_24000")
    (folder / "async-streamed.pcm_24000").write_bytes(b"".join([chunk async for chunk in stream]))


def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    folder = Path()
    elevenlabs = ElevenLabs(base_url=address, api_key="not checked")
    print(*[voice.voice_id for voice in elevenlabs.voices.search().voices])
    whole(elevenlabs, folder)
    streaming(elevenlabs, folder)
    asyncio.run(in_the_background(AsyncElevenLabs(base_url=address, api_key="not checked"), folder))


if __name__ == "__main__":
    main()
