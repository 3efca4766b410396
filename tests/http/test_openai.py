"""OpenAI's door, as its own client uses it."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import wave
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import openai
import pytest

from segue.kernel.errors import QuotaExhausted, Unavailable
from segue.testing.engine import Interrupted
from support.audio import duration_of, samples_of
from support.posting import posting
from support.service import Stage, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


LONG = "Good morning, wanderer, and welcome back to the only shop that is open this early in the day."


@asynccontextmanager
async def _client(stage: Stage) -> AsyncIterator[openai.AsyncOpenAI]:
    http: Any = stage.client  # the client types its own copy of httpx
    async with openai.AsyncOpenAI(base_url="http://test/v1", api_key="any", http_client=http) as made:
        yield made


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[openai.AsyncOpenAI]:
    async with _client(stage) as made:
        yield made


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        ("mp3", "audio/mpeg"),
        ("opus", "audio/ogg"),
        ("aac", "audio/aac"),
        ("flac", "audio/flac"),
        ("wav", "audio/wav"),
    ],
)
async def test_every_format_plays(client: openai.AsyncOpenAI, wanted: Any, kind: str) -> None:
    answer = await client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.", response_format=wanted)

    assert answer.response.headers["content-type"] == kind
    a_frame_s = 0.05  # whole frames only, and AAC says nowhere what of the first and last is sound
    assert duration_of(answer.content) == pytest.approx(0.4, abs=2.5 * a_frame_s)


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
        ({"input": "שלום"}, "input"),
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


async def test_what_voices_do_not_do_is_said_in_a_header(client: openai.AsyncOpenAI) -> None:
    answer = await client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="alloy", input="Hello.", instructions="Cheerfully, please."
    )

    assert answer.response.headers["x-segue-warnings"] == (
        '"instructions given not applied: these voices do not follow instructions"'
    )
    assert "losses=1" in answer.response.headers["x-segue"]


async def test_nothing_lost_is_nothing_said(client: openai.AsyncOpenAI) -> None:
    answer = await client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")

    assert "x-segue-warnings" not in answer.response.headers


async def _events(client: openai.AsyncOpenAI, text: str, **more: Any) -> list[dict[str, Any]]:
    body: dict[str, Any] = {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": text, "stream_format": "sse"}
    async with client.audio.speech.with_streaming_response.create(**body, **more) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = [line async for line in answer.iter_lines()]
    assert all(line.startswith("data: ") for line in lines if line)
    return [json.loads(line.removeprefix("data: ")) for line in lines if line]


async def test_events_hold_the_same_file_in_parts(client: openai.AsyncOpenAI) -> None:
    whole = await client.audio.speech.create(
        model="tts-1", voice="alloy", input="Hello there.", response_format="wav"
    )
    *parts, last = await _events(client, "Hello there.", response_format="wav")

    assert {part["type"] for part in parts} == {"speech.audio.delta"}
    assert len(parts) > 1
    assert last["type"] == "speech.audio.done"
    assert samples_of(b"".join(base64.b64decode(part["audio"]) for part in parts)) == samples_of(whole.content)


async def test_usage_is_counted_by_the_text_and_the_sound(client: openai.AsyncOpenAI) -> None:
    *parts, last = await _events(client, "早安，廢土。", response_format="pcm")
    seconds = sum(len(base64.b64decode(part["audio"])) for part in parts) / 2 / 24_000

    usage = last["usage"]
    assert usage["input_tokens"] == 5  # 18 bytes
    assert usage["output_tokens"] == pytest.approx(seconds * 20, abs=1)
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


async def test_events_come_while_the_voice_still_speaks(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.calm.chunk_delay_s = 0.05
        body = {"model": "m", "voice": "alloy", "input": LONG, "response_format": "pcm", "stream_format": "sse"}
        async with posting(stage, "/v1/audio/speech", body) as messages:
            start, first = await anext(messages), await anext(messages)
            still_speaking = not stage.calm.stopped.is_set()
            rest = b"".join([message["body"] async for message in messages])

    assert start["status"] == 200
    assert first["body"].startswith(b'data: {"type":"speech.audio.delta"')
    assert still_speaking
    assert b"speech.audio.done" in rest


async def test_events_that_are_cut_off_end_with_an_error(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_STREAM_ON_FAILURE="end") as stage, _client(stage) as client:
        stage.calm.always = Interrupted(1.0, Unavailable("away"))
        body: dict[str, Any] = {"model": "m", "voice": "alloy", "input": LONG, "stream_format": "sse"}
        async with client.audio.speech.with_streaming_response.create(**body) as answer:
            lines = [line async for line in answer.iter_lines() if line]

    assert lines[-2] == "event: error"
    error = json.loads(lines[-1].removeprefix("data: "))["error"]
    assert (error["type"], error["code"]) == ("server_error", "unavailable")
    assert "cut off after" in error["message"]
    assert not any("speech.audio.done" in line for line in lines)


async def test_whoever_reads_it_whole_gets_a_file_that_knows_its_length(client: openai.AsyncOpenAI) -> None:
    answer = await client.audio.speech.create(model="tts-1", voice="alloy", input=LONG, response_format="wav")
    with wave.open(io.BytesIO(answer.content)) as file:
        length_s = file.getnframes() / file.getframerate()

    assert length_s == pytest.approx(duration_of(answer.content), abs=0.001)
    assert answer.response.headers["content-length"]


async def test_whoever_reads_it_as_it_comes_gets_a_stream(client: openai.AsyncOpenAI) -> None:
    async with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=LONG, response_format="wav"
    ) as answer:
        content = b"".join([part async for part in answer.iter_bytes()])
    whole = await client.audio.speech.create(model="tts-1", voice="alloy", input=LONG, response_format="wav")

    assert "content-length" not in answer.headers
    assert content[4:8] == b"\xff\xff\xff\xff"
    assert "source=new" in answer.headers["x-segue"]
    assert samples_of(content) == samples_of(whole.content)  # what was streamed is kept


async def test_a_failure_before_the_first_event_is_an_exception_still(
    client: openai.AsyncOpenAI, stage: Stage
) -> None:
    stage.calm.always = Unavailable("away")
    with pytest.raises(openai.InternalServerError):
        await _events(client, "Hello.")


async def test_models_are_listed_and_each_can_be_asked_for(client: openai.AsyncOpenAI) -> None:
    listed = {model.id: model.owned_by async for model in client.models.list()}

    assert listed["tts-1"] == listed["gpt-4o-mini-tts"] == "openai"
    assert listed["calm"] == listed["wavenet"] == listed["chirp3-hd"] == "segue"
    assert (await client.models.retrieve("tts-1")).object == "model"


async def test_a_model_that_is_listed_as_an_arms_own_forces_it(client: openai.AsyncOpenAI, stage: Stage) -> None:
    await client.audio.speech.create(model="bold", voice="alloy", input="Hello.")

    assert len(stage.bold.asked) == 1


async def test_an_unknown_model_is_not_found(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await client.models.retrieve("whisper-1")

    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")


async def test_voices_are_listed_for_pickers(stage: Stage) -> None:
    voices = (await stage.client.get("/v1/audio/voices")).json()["voices"]

    assert voices == [
        {"id": "pip_boy", "name": "Pip-Boy"},
        {"id": "ghoul", "name": "Ghoul"},
        {"id": "alloy", "name": "Alloy"},
    ]


async def test_a_text_too_long_has_openais_own_code(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_MAX_INPUT_CHARS="4096") as strict, _client(strict) as client:
        await client.audio.speech.create(model="tts-1", voice="alloy", input="word " * 819)
        with pytest.raises(openai.BadRequestError) as caught:
            await client.audio.speech.create(model="tts-1", voice="alloy", input="x" * 4097)

    assert (caught.value.code, caught.value.param) == ("string_above_max_length", "input")


async def test_a_body_too_large_is_its_own_status(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        await client.audio.speech.create(model="tts-1", voice="alloy", input="x" * 300_000)

    assert caught.value.status_code == 413


async def test_a_spent_quota_is_a_rate_limit_and_says_when_to_come_back(
    client: openai.AsyncOpenAI, stage: Stage
) -> None:
    stage.calm.always = QuotaExhausted("the vendor's quota is spent", retry_after_s=2.5)
    with pytest.raises(openai.RateLimitError) as caught:
        await client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")

    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "3"
    assert caught.value.response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("more", "source"),
    [
        ({"extra_body": {"user_id": "ann", "user": "bob"}}, "user"),
        ({"extra_body": {"user": "bob"}}, "end_user"),
        ({"extra_body": {"safety_identifier": "bob", "session_id": "monday"}}, "end_user"),
        ({"extra_headers": {"X-End-User": "bob"}}, "end_user"),
        ({"extra_body": {"session_id": "monday"}}, "session"),
        ({"extra_headers": {"Cookie": "segue_unit=carol"}}, "cookie"),
        ({}, "key"),
    ],
)
async def test_where_the_unit_came_from_is_counted(
    client: openai.AsyncOpenAI, stage: Stage, more: dict[str, Any], source: str
) -> None:
    await client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.", **more)
    exposition = (await stage.client.get("/api/v1/monitoring/metrics/prometheus")).text

    assert f'unit="{source}"' in exposition


async def test_one_apps_listeners_move_together_where_only_its_key_is_known(
    client: openai.AsyncOpenAI, stage: Stage
) -> None:
    await stage.steer(share_percent=50)
    for number in range(12):
        await client.audio.speech.create(model="tts-1", voice="alloy", input=f"Line {number}.")

    assert sorted([len(stage.calm.asked), len(stage.bold.asked)]) == [0, 12]


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
