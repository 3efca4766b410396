"""Sound that comes in the format that was asked for, and is to be changed in nothing, goes out as it came."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from segue.config.load import load_settings
from segue.speech.audio.decode import decode
from segue.speech.audio.encode import encode
from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import AudioFormat, Container
from segue.speech.engines.openai import create as create_openai
from segue.testing.audio import babble
from segue.testing.engine import ScriptedEngine
from segue.wiring.service import Service
from support.engines import told
from support.openai_server import KEY, OpenAiService
from support.service import OPERATOR, TOKEN
from support.vendor import Trouble, VendorServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from segue.speech.ports.engine import Engine

SPEECH = "/v1/audio/speech"
TEXT = "Good morning, and welcome back."
OFFICIAL = {"x-stainless-lang": "python"}
"""Of a client that reads the answer whole; any other is sent a stream."""

PROFILE = """
version: 1
profile: vendor
language: en-US
default_character: guide
arms:
  baseline: {{engine: calm, model: calm}}
  candidate: {{engine: vendor, model: vendor}}
engines:
  vendor: {{format: {format}, max_input_chars: {most_chars}}}
characters:
  guide: {{name: Guide, baseline: en-US, candidate: alloy}}
"""


def made(container: Container, text: str = TEXT, rate_hz: int = 24_000) -> bytes:
    """What the vendor sends for a text."""
    sound = babble(text, rate_hz=rate_hz)
    return encode(to_samples(sound), rate_hz, AudioFormat(container, rate_hz)).data


@dataclass(frozen=True, slots=True)
class House:
    """A service whose candidate is a vendor, and whose baseline is the engine ``calm``."""

    client: httpx.AsyncClient
    vendor: VendorServer
    calm: ScriptedEngine

    async def say(self, container: Container, *, whole: bool, text: str = TEXT, **more: Any) -> httpx.Response:
        body = {"model": "vendor", "voice": "guide", "input": text, "response_format": container, **more}
        answer = await self.client.post(SPEECH, json=body, headers=OFFICIAL if whole else {})
        assert answer.status_code == 200, answer.text
        return answer


@asynccontextmanager
async def house(folder: Path, format_: Container, most_chars: int = 4096, **settings: str) -> AsyncIterator[House]:
    profile = folder / "vendor.yaml"
    profile.write_text(PROFILE.format(format=format_, most_chars=most_chars), encoding="utf-8")
    calm = ScriptedEngine("calm")
    environ = {
        "SEGUE_PROFILE": str(profile),
        "SEGUE_DATA_DIR": str(folder / "var"),
        "SEGUE_LEVEL": "false",
        "CHIRP3_ENABLED": "true",
    } | settings
    async with VendorServer(OpenAiService()) as vendor:

        def create(name: str, options: Mapping[str, object]) -> Engine:
            if name == "calm":
                return calm
            where = {"base_url": f"{vendor.url}/v1", "model": "tts-1", "key_env": "A_KEY"}
            return create_openai({**where, **options})

        service = Service(load_settings(environ), create)
        async with (
            service.running(),
            httpx.AsyncClient(transport=httpx.ASGITransport(service.api), base_url="http://test") as client,
        ):
            yield House(client, vendor, calm)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)


@pytest.mark.parametrize("container", [Container.MP3, Container.WAV, Container.PCM])
async def test_a_whole_answer_is_the_vendors_byte_for_byte(tmp_path: Path, container: Container) -> None:
    async with house(tmp_path, container) as here:
        answer = await here.say(container, whole=True)
        again = await here.say(container, whole=True)

    assert told(answer)["model"] == "vendor"
    assert answer.content == made(container)
    assert again.content == answer.content
    assert len(here.vendor.spoken) == 1


@pytest.mark.parametrize("piece_bytes", [97, 4_801, 1_000_000])
async def test_a_stream_of_mp3_is_the_vendors_byte_for_byte(tmp_path: Path, piece_bytes: int) -> None:
    async with house(tmp_path, Container.MP3) as here:
        here.vendor.piece_bytes = piece_bytes
        answer = await here.say(Container.MP3, whole=False)
        kept = await here.say(Container.MP3, whole=True)

    assert answer.content == made(Container.MP3)
    assert kept.content == answer.content
    assert len(here.vendor.spoken) == 1


@pytest.mark.parametrize("container", [Container.WAV, Container.PCM])
async def test_a_stream_of_bare_samples_has_the_vendors_samples(tmp_path: Path, container: Container) -> None:
    """A stream's header tells no size: another arm may have to go on with it."""
    async with house(tmp_path, container) as here:
        answer = await here.say(container, whole=False)

    head = 44 if container is Container.WAV else 0
    assert answer.content[head:] == made(container)[head:]


@pytest.mark.parametrize("whole", [True, False])
async def test_with_a_level_the_sound_is_made_anew(tmp_path: Path, *, whole: bool) -> None:
    async with house(tmp_path, Container.MP3, SEGUE_LEVEL="true") as here:
        answer = await here.say(Container.MP3, whole=whole)

    assert answer.content != made(Container.MP3)
    assert decode(answer.content).duration_s == pytest.approx(decode(made(Container.MP3)).duration_s, abs=0.1)


@pytest.mark.parametrize("whole", [True, False])
async def test_another_format_is_encoded(tmp_path: Path, *, whole: bool) -> None:
    async with house(tmp_path, Container.MP3) as here:
        answer = await here.say(Container.FLAC, whole=whole)

    assert decode(answer.content).codec == "flac"


@pytest.mark.parametrize("whole", [True, False])
async def test_a_text_of_several_lines_is_one_sound(tmp_path: Path, *, whole: bool) -> None:
    text = f"{TEXT} Do mind the step. The last customer did not, and look at him."
    async with house(tmp_path, Container.MP3, most_chars=50) as here:
        answer = await here.say(Container.MP3, whole=whole, text=text)

    assert len(here.vendor.spoken) > 1
    assert decode(answer.content).duration_s == pytest.approx(len(text) * 0.08, rel=0.1)


DAMAGED = {
    "silence": encode(to_samples(babble(TEXT, rate_hz=24_000)) * 0.0, 24_000, AudioFormat(Container.MP3)).data,
    "another format": made(Container.WAV),
    "words": b'{"error": "no sound today"}',
    "nothing": b"",
    "a second of a minute": made(Container.MP3, "Hm."),
    "noise among the frames": made(Container.MP3)[:700] + bytes(range(256)) * 40,
}


LONG_TEXT = f"{TEXT} We have water, clean water, and few things that were once biscuits."[:100]


@pytest.mark.parametrize("damage", DAMAGED)
async def test_a_whole_answer_that_is_no_usable_speech_is_found_and_the_other_arm_answers(
    tmp_path: Path, damage: str
) -> None:
    async with house(tmp_path, Container.MP3) as here:
        here.vendor.trouble = Trouble(body=DAMAGED[damage])
        answer = await here.say(Container.MP3, whole=True, text=LONG_TEXT)

    assert told(answer)["model"] == "calm"
    assert decode(answer.content).duration_s == pytest.approx(len(LONG_TEXT) * 0.08, rel=0.1)


@pytest.mark.parametrize("damage", DAMAGED)
async def test_a_stream_that_is_no_usable_speech_is_found_and_the_other_arm_says_all(
    tmp_path: Path, damage: str
) -> None:
    """Some of it may have been heard before it was known for what it is."""
    async with house(tmp_path, Container.MP3) as here:
        here.vendor.trouble = Trouble(body=DAMAGED[damage])
        here.vendor.piece_bytes = 1_000_000
        answer = await here.say(Container.MP3, whole=False, text=LONG_TEXT)

    assert [said.text for said in here.calm.asked] == [LONG_TEXT]
    said_s = len(LONG_TEXT) * 0.08
    assert said_s * 0.95 < decode(answer.content).duration_s < said_s * 1.1 + 0.5


async def test_a_stream_that_breaks_off_is_gone_on_with_by_the_other_arm(tmp_path: Path) -> None:
    async with house(tmp_path, Container.MP3) as here:
        here.vendor.piece_bytes = 1000
        here.vendor.trouble = Trouble(cut_after=2)
        answer = await here.say(Container.MP3, whole=False)
        here.vendor.trouble = Trouble()
        again = await here.say(Container.MP3, whole=False)

    frames = made(Container.MP3)[:2000]
    sent = next(size for size in range(2000, 0, -1) if answer.content.startswith(frames[:size]))
    assert sent > 1500
    heard_s = decode(answer.content).duration_s
    said_s = decode(made(Container.MP3)).duration_s
    assert heard_s == pytest.approx(sent / len(made(Container.MP3)) * said_s + said_s, abs=0.2)
    assert again.content == made(Container.MP3), "of two voices nothing is kept"


@pytest.mark.parametrize("whole", [True, False])
async def test_a_fault_that_is_put_in_is_heard(tmp_path: Path, *, whole: bool) -> None:
    """An engine that is spoiled on purpose does not give on what came before it was."""
    async with house(tmp_path, Container.MP3, SEGUE_FAULT_INJECTION="true", SEGUE_ADMIN_TOKEN=TOKEN) as here:
        faults = {"faults": [{"kind": "silence"}]}
        (await here.client.put("/api/v1/faults/vendor", json=faults, headers=OPERATOR)).raise_for_status()
        answer = await here.say(Container.MP3, whole=whole)

    assert told(answer)["model"] == "calm"
