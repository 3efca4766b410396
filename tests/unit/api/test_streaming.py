"""A stream sent over ASGI, and what becomes of it when the server has no more time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from segue.api.streaming import send_stream
from segue.kernel.arms import Unit, UnitSource
from segue.speech.core.speech import AudioFormat, Container, SpeechRequest
from support.service import staged

if TYPE_CHECKING:
    from pathlib import Path

REQUEST = SpeechRequest(
    text="Good morning, wanderer.",
    character_key="pip_boy",
    unit=Unit("ann", UnitSource.USER),
    request_id="r",
    dialect="test",
    audio_format=AudioFormat(Container.PCM),
)


@pytest.mark.whole_service
async def test_a_server_that_ends_stops_the_work_for_whoever_waits(tmp_path: Path) -> None:
    """Servers cancel what is left after their grace: the stream is closed though it was being waited for."""
    first_sound = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        if message.get("body"):
            first_sound.set()

    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.calm.chunk_delay_s = 0.5
        pipeline = stage.service.speech.pipeline
        stream = await pipeline.stream(pipeline.enter(REQUEST))
        sending = asyncio.create_task(send_stream(stream, [], receive, send))
        await asyncio.wait_for(first_sound.wait(), 10)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending

        assert stage.calm.cancelled == 1
