"""Google's REST interface, as its JSON may come; ``tests/live`` uses it with the official client."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import wave
from typing import TYPE_CHECKING, Any

import pytest

from segue.kernel.errors import BadAudio, DeadlineExceeded, QuotaExhausted, Unavailable
from support.audio import duration_of

if TYPE_CHECKING:
    import httpx

    from support.service import Stage

SYNTHESIZE = "/v1/text:synthesize"
BETA = "/v1beta1/text:synthesize"
ENGLISH = {"languageCode": "en-US"}
MP3 = {"audioEncoding": "MP3"}


async def ask(stage: Stage, path: str = SYNTHESIZE, headers: Any = None, **body: Any) -> httpx.Response:
    whole = {"input": {"text": "Hello."}, "voice": ENGLISH, "audioConfig": MP3} | body
    return await stage.client.post(path, json=whole, headers=headers)


def audio(answer: httpx.Response) -> bytes:
    assert answer.status_code == 200, answer.text
    return base64.b64decode(answer.json()["audioContent"])


def reason(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return answer.status_code, error["status"], error["details"][0]["reason"]


@pytest.mark.parametrize("encoding", ["LINEAR16", "MP3", "OGG_OPUS", "MULAW", "ALAW", 1, 2, "3"])
async def test_every_encoding_plays(stage: Stage, encoding: Any) -> None:
    answer = await ask(stage, audioConfig={"audioEncoding": encoding})

    assert duration_of(audio(answer)) == pytest.approx(0.4, abs=0.1)


async def test_linear16_is_a_wav_file_of_24_khz_and_pcm_the_same_without_a_header(stage: Stage) -> None:
    whole = audio(await ask(stage, audioConfig={"audioEncoding": "LINEAR16"}))
    bare = audio(await ask(stage, audioConfig={"audioEncoding": "PCM"}))

    with wave.open(io.BytesIO(whole)) as file:
        assert (file.getframerate(), file.getnchannels()) == (24_000, 1)
        assert file.readframes(file.getnframes()) == bare


async def test_the_sample_rate_is_the_wanted_one(stage: Stage) -> None:
    wanted = {"audioEncoding": "LINEAR16", "sampleRateHertz": 8000}

    with wave.open(io.BytesIO(audio(await ask(stage, audioConfig=wanted)))) as file:
        assert file.getframerate() == 8000


async def test_names_may_be_written_with_underscores_and_numbers_as_text(stage: Stage) -> None:
    answer = await stage.client.post(
        SYNTHESIZE,
        json={
            "input": {"text": "Hello.", "custom_pronunciations": None},
            "voice": {"language_code": "en-US", "ssml_gender": "NEUTRAL"},
            "audio_config": {"audio_encoding": "LINEAR16", "speaking_rate": "2.0", "sample_rate_hertz": "16000"},
        },
    )

    with wave.open(io.BytesIO(audio(answer))) as file:
        assert file.getframerate() == 16_000
    assert stage.calm.asked[0].rate_ratio == 2.0


async def test_the_colon_of_the_path_may_be_escaped(stage: Stage) -> None:
    body = {"input": {"text": "Hello."}, "voice": ENGLISH, "audioConfig": MP3}

    assert audio(await stage.client.post("/v1/text%3Asynthesize", json=body))


async def test_delivery_is_carried_over(stage: Stage) -> None:
    await ask(stage, audioConfig=MP3 | {"speakingRate": 1.5, "pitch": 3, "volumeGainDb": -6})

    said = stage.calm.asked[0]
    assert (said.rate_ratio, said.pitch_semitones) == (1.5, 3)


async def test_explicit_zeros_are_neutral(stage: Stage) -> None:
    answer = await ask(stage, audioConfig=MP3 | {"speakingRate": 0, "pitch": 0, "volumeGainDb": 0})

    assert answer.status_code == 200
    assert "x-segue-warnings" not in answer.headers


async def test_ssml_and_markup_are_freed_of_their_marks(stage: Stage) -> None:
    await ask(stage, input={"ssml": "<speak>Hello <break time='200ms'/> there.</speak>"})
    await ask(stage, input={"markup": "Well [pause long] then."})

    said = " ".join(utterance.text for utterance in stage.calm.asked)
    assert "Hello" in said
    assert "then." in said
    assert not {"<", "["} & set(said)


async def test_traditional_chinese_is_spoken_by_a_voice_that_can(stage: Stage) -> None:
    voice = {"languageCode": "cmn-TW", "name": "cmn-TW"}

    assert audio(await ask(stage, input={"text": "你好,旅人。歡迎來到廢土。"}, voice=voice))
    assert stage.calm.asked[0].voice == "cmn-TW"


@pytest.mark.parametrize(
    ("voice", "character"),
    [
        ({"languageCode": "en-US"}, "pip_boy"),
        ({"languageCode": "en-US", "name": "en-US"}, "pip_boy"),
        ({"languageCode": "en-US", "name": "EN-us"}, "pip_boy"),
        ({"languageCode": "en-US", "name": "ghoul"}, "ghoul"),
        ({"languageCode": "en-US", "name": "alloy"}, "pip_boy"),
        ({}, "pip_boy"),
    ],
)
async def test_a_voice_means_a_character(stage: Stage, voice: Any, character: str) -> None:
    audio(await ask(stage, voice=voice))

    assert stage.calm.asked[0].character_key == character


async def test_a_header_names_the_character_where_several_share_a_voice(stage: Stage) -> None:
    voice = {"languageCode": "en-US", "name": "en-US"}

    audio(await ask(stage, voice=voice, headers={"x-segue-character": "ghoul"}))

    assert stage.calm.asked[0].character_key == "ghoul"


async def test_the_rollout_decides_whatever_voice_is_named(stage: Stage) -> None:
    await stage.steer(share_percent=100)

    answer = await ask(stage, voice={"languageCode": "en-US", "name": "en-US"})

    assert answer.headers["x-segue"].startswith("arm=candidate")
    assert len(stage.bold.asked) == 1


async def test_a_listener_stays_on_one_arm(stage: Stage) -> None:
    await stage.steer(share_percent=50)
    for line in range(8):
        for user in ("ann", "bob", "cho", "dan"):
            await ask(stage, input={"text": f"Line {line} for {user}."}, headers={"x-user-id": user})

    by_arm = [{said.text.split()[3] for said in engine.asked} for engine in (stage.calm, stage.bold)]
    assert not by_arm[0] & by_arm[1]


@pytest.mark.parametrize("place", ["query", "header"])
async def test_an_apps_key_keeps_all_its_listeners_on_one_arm(stage: Stage, place: str) -> None:
    await stage.steer(share_percent=50)
    query, headers = ("?key=one-app", {}) if place == "query" else ("", {"x-goog-api-key": "one-app"})
    arms = set()
    for line in range(12):
        text = {"text": f"Line {line}."}
        answer = await ask(stage, SYNTHESIZE + query, headers=headers, input=text)
        arms.add(answer.headers["x-segue"].partition(",")[0])

    assert len(arms) == 1


async def test_what_is_not_applied_is_said_and_counted(stage: Stage) -> None:
    answer = await ask(
        stage,
        BETA,
        audioConfig=MP3 | {"effectsProfileId": ["telephony-class-application"], "volumeGainDb": 6},
        enableTimePointing=["SSML_MARK"],
        advancedVoiceOptions={"lowLatencyJourneySynthesis": True},
        newerThanSegue={"a": 1},
    )

    warned = answer.headers["x-segue-warnings"]
    for control in ("effects_profile", "volume", "timepoints", "advanced_voice_options", "newerThanSegue"):
        assert control in warned
    assert "losses=5" in answer.headers["x-segue"]


async def test_warnings_survive_any_text(stage: Stage) -> None:
    answer = await ask(stage, audioConfig=MP3 | {"effectsProfileId": ['電話 "%"\r\n']})

    assert answer.headers["x-segue-warnings"].startswith('%"effects_profile %e9%9b%bb')


async def test_v1beta1_answers_with_no_timepoints_and_the_audio_config(stage: Stage) -> None:
    answer = await ask(stage, f"{BETA}?$alt=json;enum-encoding=int", enable_time_pointing=[1])

    body = answer.json()
    assert body["timepoints"] == []
    assert (body["audioConfig"]["audioEncoding"], body["audioConfig"]["sampleRateHertz"]) == (2, 24_000)


@pytest.mark.parametrize(
    ("change", "said", "field"),
    [
        ({"voice": {"name": "xx-XX-Wavenet-Z"}}, "Voice 'xx-XX-Wavenet-Z' does not exist", "voice.name"),
        ({"voice": {"languageCode": "fr-FR"}}, "speaks fr-FR", "input.text"),
        ({"voice": {"languageCode": "English!"}}, "Invalid language code", "voice.language_code"),
        ({"voice": {"customVoice": {"model": "m"}}}, "custom_voice", "voice.custom_voice"),
        ({"input": {}}, "must be set", "input"),
        ({"input": {"text": "a", "ssml": "<speak>a</speak>"}}, "one of text, ssml and markup", "input"),
        ({"input": {"text": ""}}, "input.text is empty", "input.text"),
        ({"input": {"ssml": "<speak>Hello"}}, "not well-formed", "input.ssml"),
        ({"input": {"text": 7}}, "input.text must be a string, not 7", "input.text"),
        ({"input": {"multiSpeakerMarkup": {}}}, "multi_speaker_markup", "input"),
        ({"audioConfig": {}}, "Unsupported audio encoding", "audio_config.audio_encoding"),
        ({"audioConfig": {"audioEncoding": "M4A"}}, "supported: LINEAR16, MP3", "audio_config.audio_encoding"),
        ({"audioConfig": {"audioEncoding": "WAV"}}, "Invalid value at", "audio_config.audio_encoding"),
        ({"audioConfig": MP3 | {"speakingRate": 4}}, "speaking_rate must be", "audio_config.speaking_rate"),
        ({"audioConfig": MP3 | {"pitch": "NaN"}}, "pitch must be", "audio_config.pitch"),
        ({"audioConfig": MP3 | {"volumeGainDb": 17}}, "volume_gain_db must be", "audio_config.volume_gain_db"),
        (
            {"audioConfig": MP3 | {"sampleRateHertz": 10**40}},
            "sample_rate_hertz",
            "audio_config.sample_rate_hertz",
        ),
        ({"voice": {"languageCode": "en-US", "language_code": "en-US"}}, "given twice", "voice.language_code"),
        (
            {"input": {"text": "a", "customPronunciations": {"pronunciations": [{"phrase": "a"}]}}},
            "needs phrase, phonetic_encoding and pronunciation",
            "input.custom_pronunciations",
        ),
    ],
)
async def test_a_mistake_is_named_with_its_place(stage: Stage, change: Any, said: str, field: str) -> None:
    answer = await ask(stage, **change)

    assert reason(answer) == (400, "INVALID_ARGUMENT", "INVALID_REQUEST")
    assert said in answer.json()["error"]["message"]
    violation = answer.json()["error"]["details"][1]["fieldViolations"][0]
    assert violation["field"] == field
    assert not stage.calm.asked


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff", b'{"input":{"text":"a"}', b"[" * 5000])
async def test_a_body_that_is_no_request_is_refused(stage: Stage, body: bytes) -> None:
    answer = await stage.client.post(SYNTHESIZE, content=body)

    assert reason(answer) == (400, "INVALID_ARGUMENT", "INVALID_REQUEST")


async def test_a_body_too_large_is_refused(stage: Stage) -> None:
    answer = await ask(stage, input={"text": "a" * 300_000})

    assert reason(answer) == (400, "INVALID_ARGUMENT", "BODY_TOO_LARGE")


async def test_other_methods_and_formats_are_refused(stage: Stage) -> None:
    assert (await stage.client.get(SYNTHESIZE)).status_code == 405
    assert (await stage.client.post("/v1/voices")).status_code == 405
    assert (await stage.client.get("/v1/voices?alt=proto")).status_code == 400


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (QuotaExhausted("spent", retry_after_s=7.5), (429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED")),
        (Unavailable("down"), (503, "UNAVAILABLE", "UNAVAILABLE")),
        (BadAudio("noise"), (503, "UNAVAILABLE", "BAD_AUDIO")),
        (DeadlineExceeded("late"), (504, "DEADLINE_EXCEEDED", "DEADLINE")),
    ],
)
async def test_a_failure_has_googles_status(stage: Stage, error: Exception, found: tuple[int, str, str]) -> None:
    stage.calm.always = error

    assert reason(await ask(stage)) == found


async def test_a_spent_quota_says_when_to_come_back(stage: Stage) -> None:
    stage.calm.always = QuotaExhausted("spent", retry_after_s=7.5)

    answer = await ask(stage)

    assert answer.headers["retry-after"] == "8"
    assert answer.json()["error"]["details"][1]["retryDelay"] == "7.500s"


async def test_work_stops_when_the_caller_leaves(stage: Stage) -> None:
    stage.calm.always = 60.0
    body = json.dumps({"input": {"text": "Hello."}, "voice": ENGLISH, "audioConfig": MP3}).encode()
    messages = asyncio.Queue[dict[str, Any]]()
    messages.put_nowait({"type": "http.request", "body": body})
    scope = {"type": "http", "path": SYNTHESIZE, "method": "POST", "headers": [], "query_string": b""}

    async def sent(_: Any) -> None:
        raise AssertionError("nobody is there to be answered")

    call = asyncio.ensure_future(stage.service.api(scope, messages.get, sent))
    await stage.calm.started.wait()
    messages.put_nowait({"type": "http.disconnect"})
    await call

    assert stage.calm.cancelled == 1


async def test_the_voices_are_the_characters_and_their_baselines(stage: Stage) -> None:
    listed = (await stage.client.get("/v1/voices")).json()["voices"]

    assert [voice["name"] for voice in listed] == ["en-US", "cmn-TW", "pip_boy", "ghoul"]
    assert listed[0]["naturalSampleRateHertz"] == 24_000


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["en-US", "pip_boy", "ghoul"]),
        ("EN-us", ["en-US", "pip_boy", "ghoul"]),
        ("en-GB", []),
        ("zh-TW", ["cmn-TW", "pip_boy"]),
        ("fr", []),
    ],
)
async def test_voices_are_listed_by_language(stage: Stage, language: str, names: list[str]) -> None:
    answer = await stage.client.get("/v1beta1/voices", params={"languageCode": language})

    assert [voice["name"] for voice in answer.json()["voices"]] == names


async def test_enums_are_names_unless_numbers_are_asked_for(stage: Stage) -> None:
    named = (await stage.client.get("/v1/voices")).json()
    numbered = (await stage.client.get("/v1/voices?$alt=json;enum-encoding=int")).json()

    assert named["voices"][0]["ssmlGender"] == "SSML_VOICE_GENDER_UNSPECIFIED"
    assert numbered["voices"][0]["ssmlGender"] == 0


async def test_the_document_describes_the_doors(stage: Stage) -> None:
    paths = (await stage.client.get("/openapi.json")).json()["paths"]

    assert {SYNTHESIZE, BETA, "/v1/voices", "/v1beta1/voices"} <= paths.keys()
