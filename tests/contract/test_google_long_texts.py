"""Texts that Google refuses as too long are split until it takes them: its limit on sentences is not published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.config.load import load_settings
from segue.kernel.arms import Arm, Unit, UnitSource
from segue.speech.core.speech import AudioFormat, Container, SpeechRequest
from segue.wiring.service import Service
from support.google_cloud import GoogleServer
from support.google_cloud.service import Service as Served

if TYPE_CHECKING:
    from pathlib import Path

PROFILE = """
version: 1
profile: google
language: en-US
default_character: pip_boy
engines:
  google: {{endpoint: "{endpoint}", insecure: true}}
arms:
  baseline: {{engine: google, model: wavenet}}
  candidate: {{engine: google, model: chirp3-hd}}
characters:
  pip_boy: {{name: Pip-Boy, baseline: en-US-Wavenet-D, candidate: en-US-Chirp3-HD-Puck}}
"""
RUN_ON = "and then they went on and on " * 12


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_sentence_longer_than_the_voice_says_is_said_in_parts(tmp_path: Path, *, streamed: bool) -> None:
    async with GoogleServer(Served(max_sentence_chars=60)) as google:
        profile = tmp_path / "google.yaml"
        profile.write_text(PROFILE.format(endpoint=google.endpoint), encoding="utf-8")
        settings = {
            "SEGUE_PROFILE": str(profile),
            "SEGUE_DATA_DIR": str(tmp_path / "var"),
            "CHIRP3_ENABLED": "true",
        }
        service = Service(load_settings(settings))
        async with service.running():
            pipeline = service.speech.pipeline
            route = pipeline.enter(
                SpeechRequest(
                    RUN_ON.strip(),
                    "pip_boy",
                    Unit("ann", UnitSource.USER),
                    "r",
                    "test",
                    AudioFormat(Container.WAV),
                    forced_arm=Arm.CANDIDATE,
                )
            )
            if streamed:
                stream = await pipeline.stream(route)
                audio = b"".join([data async for data in stream])
                answer = stream.heard
                await stream.aclose()
            else:
                answer = await pipeline.answer(route)
                audio = answer.result.audio.data

    assert answer.result.rendition.render_plan.arm is Arm.CANDIDATE
    assert answer.result.failure is None
    assert len(audio) > 24_000
