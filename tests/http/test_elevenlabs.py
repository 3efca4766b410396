"""ElevenLabs' door, as its own client uses it."""

from __future__ import annotations

import inspect
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, get_args

import pytest
from elevenlabs import AsyncElevenLabs, VoiceSettings
from elevenlabs.core.api_error import ApiError
from elevenlabs.errors import UnprocessableEntityError
from elevenlabs.text_to_speech.types import (
    TextToSpeechConvertRequestOutputFormat,
    TextToSpeechStreamRequestOutputFormat,
)

from segue.kernel.errors import QuotaExhausted, Unavailable
from support.audio import duration_of
from support.posting import posting
from support.service import Stage, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SPEECH = "/v1/text-to-speech/pip_boy"


def client_of(stage: Stage) -> AsyncElevenLabs:
    return AsyncElevenLabs(base_url="http://test", api_key="any", httpx_client=stage.client)


@pytest.fixture
def client(stage: Stage) -> AsyncElevenLabs:
    return client_of(stage)


async def said(
    client: AsyncElevenLabs, voice_id: str = "pip_boy", text: str = "Hello there.", **more: Any
) -> bytes:
    return b"".join([part async for part in client.text_to_speech.convert(voice_id, text=text, **more)])


@asynccontextmanager
async def warned(stage: Stage, **body: Any) -> AsyncIterator[str]:
    answer = await stage.client.post(SPEECH, json={"text": "Hello."} | body)
    assert answer.status_code == 200, answer.text
    yield answer.headers.get("x-segue-warnings", "")


async def test_speech_comes_whole_and_as_a_stream(client: AsyncElevenLabs) -> None:
    whole = await said(client)
    streamed = b"".join([part async for part in client.text_to_speech.stream("pip_boy", text="Hello there.")])

    assert duration_of(whole) == pytest.approx(duration_of(streamed), abs=0.1)
    assert duration_of(whole) > 0.4


async def test_a_stream_begins_while_the_voice_still_speaks(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.calm.chunk_delay_s = 0.05
        body = {"text": "Good morning, wanderer, and welcome back to the only shop that is open this early."}
        async with posting(stage, f"{SPEECH}/stream", body, query="output_format=pcm_16000") as messages:
            start, first = await anext(messages), await anext(messages)
            still_speaking = not stage.calm.stopped.is_set()
            rest = b"".join([message["body"] async for message in messages])

    assert dict(start["headers"])[b"content-type"] == b"audio/pcm"
    assert still_speaking
    assert len(first["body"]) + len(rest) == pytest.approx(len(body["text"]) * 0.08 * 32_000, rel=0.1)


async def test_a_voice_is_a_character_or_an_alias_of_one(client: AsyncElevenLabs, stage: Stage) -> None:
    await said(client, "ghoul")
    await said(client, "alloy")

    assert [one.character_key for one in stage.calm.asked] == ["ghoul", "pip_boy"]


@pytest.mark.parametrize("name", ["mp3_44100_128", "mp3_22050_32", "wav_16000", "opus_48000_64"])
async def test_containers_are_of_the_codec_and_rate_asked(client: AsyncElevenLabs, name: str) -> None:
    audio = await said(client, output_format=name)

    assert duration_of(audio) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("way", ["", "/stream"])
async def test_the_bit_rate_is_the_one_asked(stage: Stage, way: str) -> None:
    sizes = {}
    for kbps in (32, 128):
        answer = await stage.client.post(
            SPEECH + way,
            params={"output_format": f"mp3_44100_{kbps}", "enable_logging": "false"},
            json={"text": "Good morning, wanderer, and welcome back to the only shop that is open."},
        )
        sizes[kbps] = len(answer.content) * 8 / 1000 / duration_of(answer.content)

    assert sizes == {32: pytest.approx(32, rel=0.05), 128: pytest.approx(128, rel=0.05)}


@pytest.mark.parametrize(
    ("name", "bytes_a_second"), [("pcm_16000", 32_000), ("ulaw_8000", 8000), ("alaw_8000", 8000)]
)
async def test_bare_samples_last_what_they_should(client: AsyncElevenLabs, name: str, bytes_a_second: int) -> None:
    wave = await said(client, output_format="wav_16000")
    bare = await said(client, output_format=name)

    assert len(bare) / bytes_a_second == pytest.approx(duration_of(wave), abs=0.01)


async def test_every_format_of_the_client_is_known(stage: Stage) -> None:
    names = {
        name
        for union in (TextToSpeechConvertRequestOutputFormat, TextToSpeechStreamRequestOutputFormat)
        for name in get_args(get_args(union)[0])
    }
    answers = {
        name: (await stage.client.post(SPEECH, params={"output_format": name}, json={"text": "Hi."})).status_code
        for name in names
    }

    assert len(answers) >= 28
    assert set(answers.values()) == {200}


async def test_headers_name_the_request_and_what_it_cost(stage: Stage) -> None:
    answer = await stage.client.post(SPEECH, json={"text": "Hello."}, headers={"X-Request-ID": "mine"})

    assert answer.headers["request-id"] == "mine"
    assert answer.headers["character-cost"] == "6"
    assert "arm=baseline" in answer.headers["x-segue"]
    assert answer.headers["content-type"] == "audio/mpeg"


async def test_speed_is_the_rate(client: AsyncElevenLabs, stage: Stage) -> None:
    await said(client, voice_settings=VoiceSettings(speed=1.2))

    assert stage.calm.asked[0].rate_ratio == 1.2


async def test_what_belongs_to_elevenlabs_own_models_is_named_as_lost(stage: Stage) -> None:
    settings = {"stability": 0.5, "similarity_boost": 0.75}
    async with warned(stage, voice_settings=settings, seed=7, previous_text="Before.") as told:
        assert "voice_settings stability, similarity_boost not applied" in told
        assert "seed 7 not applied" in told
        assert "context previous_text not applied" in told
    locators = [{"pronunciation_dictionary_id": "d1"}]
    async with warned(stage, pronunciation_dictionary_locators=locators, apply_text_normalization="off") as told:
        assert "pronunciation 1 dictionaries not applied" in told
        assert "text_normalization off not applied" in told


async def test_what_asks_for_nothing_special_loses_nothing(stage: Stage) -> None:
    async with warned(stage, model_id="eleven_v3", apply_text_normalization="auto", voice_settings=None) as told:
        assert told == ""


async def test_breaks_are_not_read_aloud(client: AsyncElevenLabs, stage: Stage) -> None:
    await said(client, text='Hold on.<break time="0.5s" /> There it is.')

    assert "break" not in " ".join(one.text for one in stage.calm.asked)


async def test_the_language_may_be_named(client: AsyncElevenLabs, stage: Stage) -> None:
    await said(client, text="早安，廢土。", language_code="zh")

    assert stage.calm.asked[0].voice == "cmn-TW"


async def test_the_model_may_force_an_arm(client: AsyncElevenLabs, stage: Stage) -> None:
    await said(client, model_id="chirp3-hd")

    assert len(stage.bold.asked) == 1


async def test_without_logging_nothing_is_kept(client: AsyncElevenLabs, stage: Stage) -> None:
    for _ in range(2):
        await said(client, enable_logging=False)

    assert len(stage.calm.asked) == 2


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"text": ""}, ["body", "text"]),
        ({"text": "שלום"}, ["body", "text"]),
        ({"output_format": "mp3_8000_8"}, ["query", "output_format"]),
        ({"voice_settings": VoiceSettings(speed=9)}, ["body", "voice_settings", "speed"]),
        ({"language_code": "!"}, ["body", "language_code"]),
        ({"text": "Bonjour.", "language_code": "fr"}, ["body", "text"]),
    ],
)
async def test_a_bad_request_is_the_clients_own_exception(
    client: AsyncElevenLabs, more: dict[str, Any], place: list[str]
) -> None:
    with pytest.raises(UnprocessableEntityError) as caught:
        await said(client, **more)

    (fault,) = caught.value.body["detail"]
    assert fault["loc"] == place
    assert fault["msg"]


async def status_and_name(client: AsyncElevenLabs, voice_id: str = "pip_boy", **more: Any) -> tuple[Any, str]:
    with pytest.raises(ApiError) as caught:
        await said(client, voice_id, **more)
    return caught.value.status_code, caught.value.body["detail"]["status"]


async def test_an_unknown_voice_is_not_found(client: AsyncElevenLabs) -> None:
    assert await status_and_name(client, "nobody") == (404, "voice_not_found")


async def test_a_text_too_long_is_refused_in_elevenlabs_words(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_MAX_INPUT_CHARS="100") as small:
        refused = await status_and_name(client_of(small), text="x" * 101)

    assert refused == (400, "max_character_limit_exceeded")


async def test_a_spent_quota_has_its_own_status(client: AsyncElevenLabs, stage: Stage) -> None:
    stage.calm.always = QuotaExhausted("spent", retry_after_s=9)

    assert await status_and_name(client) == (429, "rate_limit_exceeded")


async def test_a_failure_is_not_repeated_by_the_client(client: AsyncElevenLabs, stage: Stage) -> None:
    stage.calm.always = Unavailable("away")
    assert await status_and_name(client) == (503, "service_unavailable")

    assert len(stage.calm.asked) == 2  # once, and once more for the last arm there is; the client asked once


async def test_timestamps_are_refused_and_not_made_up(client: AsyncElevenLabs) -> None:
    with pytest.raises(ApiError) as caught:
        await client.text_to_speech.convert_with_timestamps("pip_boy", text="Hello.")

    assert (caught.value.status_code, caught.value.body["detail"]["status"]) == (400, "not_supported")
    assert "estimated times would be wrong" in caught.value.body["detail"]["message"]


async def test_the_lists_that_clients_begin_with(client: AsyncElevenLabs) -> None:
    voices = (await client.voices.get_all()).voices
    searched = await client.voices.search()
    models = {model.model_id for model in await client.models.list()}
    user = await client.user.get()

    assert [voice.voice_id for voice in voices] == ["pip_boy", "ghoul"]
    assert (await client.voices.get("alloy")).name == "Pip-Boy"
    assert searched.total_count == 2
    assert {"eleven_multilingual_v2", "chirp3-hd", "calm"} <= models
    assert user.subscription.status == "active"
    assert (await client.user.subscription.get()).character_count == 0


async def test_a_voice_that_is_not_there_is_not_found(client: AsyncElevenLabs) -> None:
    with pytest.raises(ApiError) as caught:
        await client.voices.get("nobody")

    assert caught.value.status_code == 404


async def test_shared_addresses_answer_each_client_in_its_own_shape(stage: Stage) -> None:
    theirs = (await stage.client.get("/v1/models", headers={"xi-api-key": "any"})).json()
    openais = (await stage.client.get("/v1/models", headers={"Authorization": "Bearer any"})).json()

    assert isinstance(theirs, list)
    assert openais["object"] == "list"


async def test_the_clients_key_is_the_unit_where_nobody_is_named(client: AsyncElevenLabs, stage: Stage) -> None:
    await stage.steer(share_percent=50)
    for number in range(12):
        await said(client, text=f"Line {number}.")

    assert sorted([len(stage.calm.asked), len(stage.bold.asked)]) == [0, 12]


async def test_the_listener_may_be_named_in_an_extra_field(client: AsyncElevenLabs, stage: Stage) -> None:
    await stage.steer(share_percent=50)
    for number in range(30):
        more = {"additional_body_parameters": {"user_id": f"user-{number}"}}
        await said(client, text=f"Line {number}.", request_options=more)

    assert stage.calm.asked
    assert stage.bold.asked


async def test_other_methods_are_refused(stage: Stage) -> None:
    assert (await stage.client.get(SPEECH)).status_code == 405
    assert (await stage.client.post("/v2/voices")).status_code == 405


def test_the_client_has_no_parameter_that_nobody_thought_of() -> None:
    """A parameter added by a later client fails here first, so that someone decides what becomes of it."""
    known = set(inspect.signature(AsyncElevenLabs(api_key="any").text_to_speech.convert).parameters)

    assert known == {
        *("voice_id", "text", "model_id", "language_code", "voice_settings", "output_format", "seed"),
        *("enable_logging", "optimize_streaming_latency", "pronunciation_dictionary_locators"),
        *("previous_text", "next_text", "previous_request_ids", "next_request_ids", "use_pvc_as_ivc"),
        *("apply_text_normalization", "apply_language_text_normalization", "audio_effects", "request_options"),
    }
