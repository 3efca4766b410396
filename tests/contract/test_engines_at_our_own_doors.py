"""The engines that call vendors, at a whole Segue that speaks the vendors' dialects; and both in one catalogue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from segue.config.load import load_settings
from segue.kernel.errors import Unsupported
from segue.speech.core.speech import Utterance
from segue.speech.engines.elevenlabs import create as create_elevenlabs
from segue.speech.engines.openai import create as create_openai
from segue.testing.engine import EngineContract
from segue.wiring.service import Service
from support.elevenlabs_server import GEORGE, ElevenLabsService
from support.elevenlabs_server import KEY as ELEVENLABS_KEY
from support.http_vendors import started
from support.listening import listening
from support.openai_server import KEY as OPENAI_KEY
from support.openai_server import OpenAiService
from support.service import SYNTHESIZE
from support.vendor import VendorServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

    from segue.speech.ports.engine import Engine

TEXT = "The road to the north is closed, wanderer."


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with listening(tmp_path_factory.mktemp("service")) as segue:
        yield segue.url


@pytest.fixture
def utterance() -> Utterance:
    return Utterance(TEXT, "pip_boy", "en-US")


class TestOpenAi(EngineContract):
    @pytest.fixture(params=["pcm", "wav", "mp3"])
    async def engine(self, url: str, request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
        options = {"base_url": f"{url}/v1", "model": "calm", "format": request.param}
        async with started(create_openai(options)) as engine:
            yield engine

    async def test_it_lists_the_characters_and_the_aliases(self, engine: Engine) -> None:
        assert [voice.name for voice in engine.voices()] == ["pip_boy", "ghoul", "alloy"]


class TestElevenLabs(EngineContract):
    @pytest.fixture
    async def engine(self, url: str) -> AsyncIterator[Engine]:
        async with started(create_elevenlabs({"base_url": url})) as engine:
            yield engine

    async def test_faster_is_shorter(self, engine: Engine, utterance: Utterance) -> None:
        """At most 1.2 times as fast: less than the suite asks for."""
        usual = await engine.synthesize(utterance)
        fast = await engine.synthesize(replace(utterance, rate_ratio=1.2))
        assert fast.duration_s == pytest.approx(usual.duration_s / 1.2, rel=0.1)

    async def test_it_lists_the_characters(self, engine: Engine) -> None:
        assert {"pip_boy", "ghoul"} <= {voice.name for voice in engine.voices()}
        with pytest.raises(Unsupported, match="Pip-Boy is pip_boy"):
            engine.voice("Pip-Boy")


CATALOGUE = """
version: 1
profile: vendors
language: en-US
default_character: pip_boy
arms:
  baseline: {{engine: openai, model: tts-1}}
  candidate: {{engine: elevenlabs, model: flash}}
engines:
  openai:
    base_url: {openai}/v1
    key_env: OPENAI_AT_TEST
    model: tts-1
    voices: {{onyx_slow: {{voice: alloy, language: en-US}}}}
  elevenlabs:
    base_url: {elevenlabs}
    key_env: ELEVENLABS_AT_TEST
    model: eleven_flash_v2
quotas:
  openai/tts-1: {{usd_per_million_chars: 15, as_of: 2026-11-28}}
  elevenlabs/eleven_flash_v2: {{concurrent_streams: 5, usd_per_million_chars: 50, as_of: 2026-11-28}}
characters:
  pip_boy: {{name: Pip-Boy, rate: 1.5, baseline: onyx_slow, candidate: {george}}}
"""


def create(name: str, options: Mapping[str, object]) -> Engine:
    return create_openai(options) if name == "openai" else create_elevenlabs(options)


async def test_both_stand_on_the_arms_of_one_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_AT_TEST", OPENAI_KEY)
    monkeypatch.setenv("ELEVENLABS_AT_TEST", ELEVENLABS_KEY)
    profile = tmp_path / "vendors.yaml"
    async with VendorServer(OpenAiService()) as openai, VendorServer(ElevenLabsService()) as elevenlabs:
        profile.write_text(CATALOGUE.format(openai=openai.url, elevenlabs=elevenlabs.url, george=GEORGE))
        settings = load_settings(
            {
                "SEGUE_PROFILE": str(profile),
                "SEGUE_DATA_DIR": str(tmp_path / "var"),
                "CHIRP3_ENABLED": "true",
                "SEGUE_ASSIGNMENT_SALT": "test",
            }
        )
        service = Service(settings, create)
        async with (
            service.running(),
            httpx.AsyncClient(transport=httpx.ASGITransport(service.api), base_url="http://test") as client,
        ):
            for model in ("tts-1", "flash"):
                asked = {"text": TEXT, "character_key": "pip_boy", "force_voice_model": model}
                answer = await client.post(SYNTHESIZE, json=asked)
                assert answer.status_code == 200
                assert answer.json()["voice_model"] == model
    assert openai.spoken == [
        {"model": "tts-1", "input": TEXT, "voice": "alloy", "response_format": "pcm", "speed": 1.5}
    ]
    (spoken,) = elevenlabs.spoken
    assert (spoken["text"], spoken["voice_settings"]) == (TEXT, {"speed": 1.2})
