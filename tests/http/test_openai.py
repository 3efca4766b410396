"""OpenAI's door, as its own client uses it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import openai
import pytest

from segue.core.errors import Unavailable
from support.audio import duration_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.service import Stage


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[openai.AsyncOpenAI]:
    http: Any = stage.client  # the client types its own copy of httpx
    async with openai.AsyncOpenAI(base_url="http://test/v1", api_key="any", http_client=http) as made:
        yield made


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [("mp3", "audio/mpeg"), ("opus", "audio/ogg"), ("flac", "audio/flac"), ("wav", "audio/wav")],
)
async def test_every_format_plays(client: openai.AsyncOpenAI, wanted: Any, kind: str) -> None:
    answer = await client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.", response_format=wanted)

    assert answer.response.headers["content-type"] == kind
    assert duration_of(answer.content) == pytest.approx(0.4, abs=0.1)


async def test_pcm_is_24_khz(client: openai.AsyncOpenAI) -> None:
    answer = await client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.", response_format="pcm")

    assert len(answer.content) / 2 / 24_000 == pytest.approx(0.4, abs=0.01)


async def test_a_voice_is_a_character_or_one_of_openais(client: openai.AsyncOpenAI, stage: Stage) -> None:
    await client.audio.speech.create(model="tts-1", voice="ghoul", input="Hello.")
    await client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")
    await client.audio.speech.create(model="tts-1", voice={"id": "ghoul"}, input="Hello again.")

    assert [said.character_key for said in stage.calm.asked] == ["ghoul", "pip_boy", "ghoul"]


async def test_speed_is_the_rate(client: openai.AsyncOpenAI, stage: Stage) -> None:
    await client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.", speed=2.0)

    assert stage.calm.asked[0].rate_ratio == 2.0


async def test_the_model_may_force_an_arm(client: openai.AsyncOpenAI, stage: Stage) -> None:
    await client.audio.speech.create(model="chirp3-hd", voice="alloy", input="Hello.")

    assert len(stage.bold.asked) == 1


async def test_the_user_may_be_named_in_an_extra_field(client: openai.AsyncOpenAI, stage: Stage) -> None:
    await stage.steer(share_percent=50)
    for number in range(30):
        more = {"extra_body": {"user": f"user-{number % 3}", "unknown": 1}}
        await client.audio.speech.create(model="tts-1", voice="alloy", input=f"Line {number}.", **more)  # type: ignore[arg-type]
    by_user = [
        {said.text for said in engine.asked if int(said.text.split()[1].strip(".")) % 3 == user}
        for user in range(3)
        for engine in (stage.calm, stage.bold)
    ]

    assert sorted(map(len, by_user)) == [0, 0, 0, 10, 10, 10]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"voice": "nobody"}, "voice"),
        ({"input": ""}, "input"),
        ({"input": "x" * 5001}, "input"),
        ({"input": "\u200b"}, "input"),
        ({"speed": 9}, "speed"),
        ({"response_format": "aiff"}, "response_format"),
    ],
)
async def test_a_bad_request_is_the_clients_own_exception(
    client: openai.AsyncOpenAI, change: dict[str, Any], param: str
) -> None:
    body: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": "Hello."} | change
    with pytest.raises(openai.BadRequestError) as caught:
        await client.audio.speech.create(**body)

    assert caught.value.type == "invalid_request_error"
    assert caught.value.param == param


async def test_a_failure_is_not_repeated_by_the_client(client: openai.AsyncOpenAI, stage: Stage) -> None:
    stage.calm.always = Unavailable("away")
    with pytest.raises(openai.InternalServerError) as caught:
        await client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")

    assert caught.value.status_code == 503
    assert caught.value.request_id
    assert len(stage.calm.asked) == 2  # once, and once more for the last arm there is; the client asked once
    assert (await stage.metrics())["requests"] == {"failed": 1}


async def test_many_clients_at_once(client: openai.AsyncOpenAI) -> None:
    answers = await asyncio.gather(
        *(client.audio.speech.create(model="tts-1", voice="alloy", input=f"Line {n % 7}.") for n in range(40))
    )

    assert all(answer.content for answer in answers)
