"""Bodies as clients write them: what other servers of speech take, every door takes."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from segue.api.openai.errors import body_of
from segue.config.catalogue_file import read_catalogue
from segue.kernel.errors import UnknownCharacter
from support.service import OPERATOR, SYNTHESIZE, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

OPENAI = "/v1/audio/speech"
ELEVENLABS = "/v1/text-to-speech/pip_boy"
GOOGLE = "/v1/text:synthesize"
JOBS = "/api/v1/audio/jobs"
BODIES: dict[str, dict[str, Any]] = {
    SYNTHESIZE: {"text": "Hello.", "character_key": "pip_boy"},
    JOBS: {"text": "Hello.", "character_key": "pip_boy"},
    OPENAI: {"model": "tts-1", "input": "Hello.", "voice": "alloy"},
    ELEVENLABS: {"text": "Hello."},
    GOOGLE: {
        "input": {"text": "Hello."},
        "voice": {"languageCode": "en-US"},
        "audioConfig": {"audioEncoding": "MP3"},
    },
}
EVERY_DOOR = pytest.mark.parametrize("path", BODIES)


class Pointer(NamedTuple):
    """Where an answer says that something is wrong."""

    status: int
    field: Any
    words: str


def pointer(path: str, answer: httpx.Response) -> Pointer:
    body = answer.json()
    if path == OPENAI:
        return Pointer(answer.status_code, body["error"]["param"], body["error"]["message"])
    if path == ELEVENLABS:
        (fault,) = body["detail"]
        return Pointer(answer.status_code, ".".join(fault["loc"][1:]), fault["msg"])
    if path == GOOGLE:
        violations = body["error"]["details"][1]["fieldViolations"]
        return Pointer(answer.status_code, violations[0]["field"], body["error"]["message"])
    return Pointer(answer.status_code, body["field"], body["detail"])


async def post(stage: Stage, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return await stage.client.post(
        path, content=body, headers={"content-type": "application/json", **(headers or {})}
    )


async def change(stage: Stage, path: str, **more: Any) -> httpx.Response:
    return await stage.client.post(path, json=BODIES[path] | more)


@pytest.mark.parametrize(
    "more",
    [
        {"speed": None, "response_format": None, "instructions": None, "stream_format": None, "user": None},
        {"speed": "1.2"},
        {"speed": 1},
        {"response_format": "MP3"},
        {"response_format": " Wav "},
        {"stream_format": "SSE"},
        {"text_format": "Markdown"},
        {"user": 123, "user_id": 4, "session_id": 5, "safety_identifier": 6},
        {"voice": "ALLOY"},
        {"voice": "Pip-Boy"},
        {"voice": "pip boy"},
        {"voice": {"id": "Alloy", "name": None}},
        {"model": "WaveNet"},
    ],
)
async def test_openais_door_takes_what_its_peers_take(stage: Stage, more: dict[str, Any]) -> None:
    answer = await change(stage, OPENAI, **more)

    assert answer.status_code == 200, answer.text
    assert stage.calm.asked[0].character_key == "pip_boy"


async def test_a_speed_that_is_a_text_is_the_rate(stage: Stage) -> None:
    await change(stage, OPENAI, speed="1.25")

    assert stage.calm.asked[0].rate_ratio == 1.25


async def test_a_format_in_capitals_is_the_format(stage: Stage) -> None:
    assert (await change(stage, OPENAI, response_format="FLAC")).headers["content-type"] == "audio/flac"


async def test_a_number_for_a_user_is_the_same_listener_as_its_text(stage: Stage) -> None:
    await stage.steer(share_percent=50)
    arms = [
        (await change(stage, OPENAI, input=f"{user} {kind.__name__}", user=kind(user))).headers["x-segue"]
        for user in range(12)
        for kind in (int, str)
    ]
    heard = [told.partition(",")[0] for told in arms]

    assert heard[::2] == heard[1::2]
    assert len(set(heard)) == 2


@pytest.mark.parametrize(
    "more",
    [
        {"cache_enabled": "true", "return_format": "URL", "audio_format": "WAV"},
        {"cache_enabled": None, "voice_controls": None, "custom_pronunciations": None, "language": None},
        {"voice_controls": {"rate": "1.2", "pitch": None, "pauses": [{"position": "3", "duration": "Medium"}]}},
        {"voice_controls": {"pauses": [{"position": 3, "duration": "300 MS".replace(" ", "")}]}},
        {"language": "en_US"},
        {"language": "EN-us"},
        {"character_key": "Pip-Boy"},
        {"character_key": "pip boy", "force_voice_model": "Wavenet"},
        {"user_id": 7, "session_id": 8},
        {"custom_pronunciations": [{"phrase": "Hi", "pronunciation": "haɪ", "phonetic_encoding": "IPA"}]},
    ],
)
@pytest.mark.parametrize("path", [SYNTHESIZE, JOBS])
async def test_the_native_doors_do_so_too(stage: Stage, path: str, more: dict[str, Any]) -> None:
    answer = await change(stage, path, **more)

    assert answer.status_code in (200, 202), answer.text


@pytest.mark.parametrize(
    ("voice", "query", "more"),
    [
        ("Pip-Boy", "", {}),
        ("pip%20boy", "?output_format=PCM_16000", {}),
        ("ALLOY", "?enable_logging=False", {"seed": "7", "apply_text_normalization": "Auto"}),
        ("pip_boy", "", {"voice_settings": {"speed": "1.1", "use_speaker_boost": "true", "style": None}}),
        ("pip_boy", "", {"language_code": "EN_us", "user_id": 7, "model_id": None}),
    ],
)
async def test_elevenlabs_door_does_so_too(stage: Stage, voice: str, query: str, more: dict[str, Any]) -> None:
    answer = await stage.client.post(f"/v1/text-to-speech/{voice}{query}", json={"text": "Hello."} | more)

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "more",
    [
        {"voice": {"languageCode": "en_US", "name": "Pip Boy", "ssmlGender": "neutral"}},
        {"voice": {"languageCode": "EN-us", "name": "en_us"}},
        {"voice": {"name": "ALLOY", "languageCode": None}},
        {"audioConfig": {"audioEncoding": "mp3", "speakingRate": "1.5", "pitch": None}},
        {"audioConfig": {"audioEncoding": "MP3", "speakingRate": "", "volumeGainDb": " -3 "}},
        {"audioConfig": {"audioEncoding": " Linear16", "sampleRateHertz": "16000"}},
    ],
)
async def test_googles_door_does_so_too(stage: Stage, more: dict[str, Any]) -> None:
    assert (await change(stage, GOOGLE, **more)).status_code == 200


async def test_a_language_of_an_operating_system_is_the_language(stage: Stage) -> None:
    for tag in ("zh_TW", "ZH-tw", "cmn_Hant_TW"):
        await stage.say(f"早安，{tag}。", language=tag)
    listed = (await stage.client.get("/v1/voices?languageCode=zh_TW")).json()["voices"]

    assert {one.voice for one in stage.calm.asked} == {"cmn-TW"}
    assert [voice["name"] for voice in listed] == ["cmn-TW", "pip_boy"]


@pytest.mark.parametrize(
    "kind",
    [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/json; charset=utf8",
        "text/json",
    ],
)
@EVERY_DOOR
async def test_the_content_type_may_have_parameters(stage: Stage, path: str, kind: str) -> None:
    answer = await post(stage, path, json.dumps(BODIES[path]).encode(), {"content-type": kind})

    assert answer.status_code in (200, 202)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32-be"])
@EVERY_DOOR
async def test_a_mark_of_byte_order_before_the_json_is_no_mistake(stage: Stage, path: str, encoding: str) -> None:
    answer = await post(stage, path, json.dumps(BODIES[path]).encode(encoding))

    assert answer.status_code in (200, 202), answer.text


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
@EVERY_DOOR
async def test_a_packed_body_is_unpacked(stage: Stage, path: str, coding: str, pack: Any) -> None:
    answer = await post(stage, path, pack(json.dumps(BODIES[path]).encode()), {"content-encoding": coding})

    assert answer.status_code in (200, 202), answer.text


async def test_an_order_of_an_operator_may_be_packed_too(stage: Stage) -> None:
    body = gzip.compress(b'{"share_percent": 25}')
    headers = {"content-type": "application/json", "content-encoding": "gzip", **OPERATOR}
    answer = await stage.client.patch("/api/v1/rollout", content=body, headers=headers)
    torn = await stage.client.patch("/api/v1/rollout", content=body[:-1], headers=headers)
    unknown = await stage.client.patch(
        "/api/v1/rollout", content=body, headers=headers | {"content-encoding": "br"}
    )
    bomb = await stage.client.patch("/api/v1/rollout", content=gzip.compress(bytes(2_000_000)), headers=headers)

    assert answer.json()["share_percent"] == 25
    assert [one.status_code for one in (torn, unknown, bomb)] == [400, 415, 413]


@EVERY_DOOR
async def test_a_bomb_is_too_large(stage: Stage, path: str) -> None:
    bomb = gzip.compress(json.dumps(BODIES[path] | {"more": " " * 20_000_000}).encode())
    assert len(bomb) < 100_000
    answer = await post(stage, path, bomb, {"content-encoding": "gzip"})

    assert answer.status_code == (400 if path == GOOGLE else 413)
    assert "the decompressed body is larger than" in answer.text
    assert answer.headers["connection"] == "close"


@EVERY_DOOR
async def test_a_body_packed_otherwise_is_refused_with_the_ways_that_are_known(stage: Stage, path: str) -> None:
    answer = await post(stage, path, b"{}", {"content-encoding": "br"})

    assert answer.status_code == (400 if path == GOOGLE else 415)
    assert answer.headers["accept-encoding"] == "gzip, deflate"
    assert "unsupported Content-Encoding 'br'" in answer.text


@EVERY_DOOR
async def test_a_body_that_is_not_packed_as_it_says_is_refused(stage: Stage, path: str) -> None:
    answer = await post(stage, path, json.dumps(BODIES[path]).encode(), {"content-encoding": "gzip"})

    assert answer.status_code == (422 if path == ELEVENLABS else 400)
    assert "not complete gzip data" in answer.text


@pytest.mark.parametrize(
    ("path", "body", "field", "words"),
    [
        (OPENAI, {"model": "m", "voice": "alloy"}, "input", "input is missing: send a string"),
        (OPENAI, {"input": "Hi.", "voice": "alloy"}, "model", "model is missing"),
        (OPENAI, {"model": "m", "input": None, "voice": "alloy"}, "input", "input is missing"),
        (OPENAI, {"model": "m", "input": "Hi.", "voice": {}}, "voice.id", "voice.id is missing"),
        (OPENAI, {"model": "m", "input": "Hi."}, "voice", "voice is missing"),
        (OPENAI, {"model": "m", "input": "", "voice": "alloy"}, "input", "input is empty"),
        (
            OPENAI,
            {"model": "m", "input": "Hi.", "voice": "alloy", "speed": "fast"},
            "speed",
            "from 0.25 to 4, not 'fast'",
        ),
        (OPENAI, [], None, "the body must be a JSON object, not a list of 0"),
        (SYNTHESIZE, {"text": "Hi."}, "character_key", "character_key is missing"),
        (
            SYNTHESIZE,
            {"text": "Hi.", "character_key": "a", "voice_controls": {"rate": 9}},
            "voice_controls.rate",
            "voice_controls.rate must be a number from 0.25 to 4, not 9",
        ),
        (SYNTHESIZE, {"text": "Hi.", "character_key": "nobody"}, "character_key", "unknown character 'nobody'"),
        (JOBS, {"character_key": "pip_boy"}, "text", "text is missing: send a string of 1 to 100000 characters"),
        (ELEVENLABS, {}, "text", "text is missing"),
        (
            ELEVENLABS,
            {"text": "a", "voice_settings": {"speed": "slow"}},
            "voice_settings.speed",
            "voice_settings.speed must be a number from 0.25 to 4, not 'slow'",
        ),
        (GOOGLE, {"input": {"text": []}}, "input.text", "input.text must be a string, not a list of 0"),
        (
            GOOGLE,
            {"audioConfig": {"speakingRate": "fast"}},
            "audio_config.speaking_rate",
            "audio_config.speaking_rate must be a number, not 'fast'",
        ),
        (
            GOOGLE,
            {"input": {"customPronunciations": {"pronunciations": [7]}}},
            "input.custom_pronunciations.pronunciations[0]",
            "must be a JSON object, not 7",
        ),
    ],
)
async def test_what_is_missing_or_wrong_is_pointed_at(
    stage: Stage, path: str, body: Any, field: str | None, words: str
) -> None:
    answer = await stage.client.post(path, json=body)
    found = pointer(path, answer)

    assert found.status == (422 if path == ELEVENLABS else 400)
    assert found.field == field
    assert words in found.words
    assert "Expected" not in answer.text
    assert "Object" not in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b'{"a" 1}', b"\xff", b"[" * 3000, b"nul", b"{'a': 1}"])
@EVERY_DOOR
async def test_no_librarys_words_reach_a_caller(stage: Stage, path: str, body: bytes) -> None:
    answer = await post(stage, path, body)

    assert answer.status_code in (400, 422)
    assert "the body " in answer.text
    for words in ("Input data", "malformed", "Expected", "msgspec", "Traceback"):
        assert words not in answer.text


async def test_an_unknown_voice_is_told_every_name_that_works(stage: Stage) -> None:
    error = (await change(stage, OPENAI, voice="nobody")).json()["error"]

    assert error["message"] == "unknown voice 'nobody'; known: ghoul, pip_boy, alloy"
    assert error["param"] == "voice"


def test_many_aliases_are_told_in_part() -> None:
    aliases = read_catalogue("embedded")[0].aliases
    message = body_of(UnknownCharacter("nobody", ("ghoul",), tuple(aliases))).error.message

    assert message.startswith("unknown voice 'nobody'; known: ghoul, alloy, ash, ballad")
    assert message.endswith(f" and {len(aliases) - 20} more aliases of the catalogue")


ADDRESSES = {
    SYNTHESIZE: ("GET", "POST"),
    JOBS: ("GET", "POST"),
    f"{JOBS}/{'0' * 32}": ("POST", "GET, DELETE"),
    f"/api/v1/audio/{'0' * 32}.mp3": ("PUT", "GET, HEAD, DELETE"),
    OPENAI: ("GET", "POST"),
    "/v1/audio/voices": ("POST", "GET"),
    ELEVENLABS: ("GET", "POST"),
    f"{ELEVENLABS}/stream": ("PUT", "POST"),
    "/v2/voices": ("POST", "GET"),
    "/v1/voices/pip_boy": ("DELETE", "GET"),
    GOOGLE: ("GET", "POST"),
    "/v1beta1/voices": ("POST", "GET"),
    "/api/v1/voices": ("POST", "GET"),
    "/api/v1/rollout": ("PUT", "GET, PATCH"),
}


@pytest.mark.parametrize("path", ADDRESSES)
async def test_another_method_is_refused_with_those_that_are_answered(stage: Stage, path: str) -> None:
    method, allowed = ADDRESSES[path]
    headers = OPERATOR | {"content-type": "application/json"}  # the control API refuses strangers first
    answer = await stage.client.request(method, path, headers=headers)

    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.headers["content-type"].startswith("application/json")
    assert f"method {method} is not allowed here; use {allowed.replace(', ', ' or ')}" in answer.text


async def test_the_refusal_of_a_method_is_in_the_dialect_of_its_address(stage: Stage) -> None:
    openai = (await stage.client.get(OPENAI)).json()["error"]
    models = (await stage.client.post("/v1/models", json={})).json()["error"]
    elevenlabs = (await stage.client.get(ELEVENLABS)).json()["detail"]
    shared = (await stage.client.post("/v1/models", json={}, headers={"xi-api-key": "k"})).json()["detail"]
    google = (await stage.client.get(GOOGLE)).json()["error"]
    native = (await stage.client.get(SYNTHESIZE)).json()

    assert openai["type"] == models["type"] == "invalid_request_error"
    assert elevenlabs["status"] == shared["status"] == "method_not_allowed"
    assert (google["code"], google["status"]) == (405, "UNIMPLEMENTED")
    assert native["code"] == "invalid_request"
