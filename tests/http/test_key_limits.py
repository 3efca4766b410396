"""A key with limits: every API refuses with 429 in its vendor's shape, and says which limit and when it frees."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.api_core.exceptions import ResourceExhausted
from google.cloud import texttospeech_v1 as google

from segue.kernel.errors import DeadlineExceeded, Unavailable
from support.google import heard as streamed
from support.google import on_channel, opening, saying, wav
from support.google import sent as requests
from support.service import OPERATOR, SYNTHESIZE, staged
from support.wyoming import said, synthesize

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from support.service import Stage

KEYS = "/api/v1/keys"
OPENAI = "/v1/audio/speech"
ELEVENLABS = "/v1/text-to-speech/pip_boy"
GOOGLE = "/v1/text:synthesize"
JOBS = "/api/v1/audio/jobs"
TEXT = "Hello there."

BODIES: dict[str, dict[str, Any]] = {
    SYNTHESIZE: {"text": TEXT, "character_key": "pip_boy"},
    JOBS: {"text": TEXT, "character_key": "pip_boy"},
    OPENAI: {"model": "tts-1", "input": TEXT, "voice": "pip_boy"},
    ELEVENLABS: {"text": TEXT},
    GOOGLE: {
        "input": {"text": TEXT},
        "voice": {"languageCode": "en-US", "name": "pip_boy"},
        "audioConfig": {"audioEncoding": "LINEAR16"},
    },
}
CODES = {
    SYNTHESIZE: ("rate_limit_exceeded", "insufficient_quota"),
    JOBS: ("rate_limit_exceeded", "insufficient_quota"),
    OPENAI: ("rate_limit_exceeded", "insufficient_quota"),
    ELEVENLABS: ("rate_limit_exceeded", "quota_exceeded"),
    GOOGLE: ("RATE_LIMIT_EXCEEDED", "RATE_LIMIT_EXCEEDED"),
}
"""The vendor's codes for a limit by minute and for a used budget."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    more = {"SEGUE_GOOGLE_GRPC_PORT": "0", "SEGUE_WYOMING_PORT": "0"}
    async with staged(tmp_path, SEGUE_AUTH="keys", **more) as started:
        yield started


async def made(stage: Stage, name: str = "app", **limits: int) -> dict[str, Any]:
    body = {"name": name, "role": "synthesize", "limits": limits}
    answer = await stage.client.post(KEYS, json=body, headers=OPERATOR)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def secret_of(stage: Stage, name: str = "app", **limits: int) -> str:
    return str((await made(stage, name, **limits))["secret"])


async def ask(stage: Stage, path: str, secret: str, **change: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {secret}"}
    return await stage.client.post(path, json=BODIES[path] | change, headers=headers)


def told(answer: httpx.Response) -> tuple[str, str]:
    """The code and the message, from wherever the vendor puts them."""
    body = answer.json()
    if "error" in body:
        error = body["error"]
        return (
            error["code"] if isinstance(error["code"], str) else error["details"][0]["reason"],
            error["message"],
        )
    if isinstance(body["detail"], dict):
        return body["detail"]["status"], body["detail"]["message"]
    return body["code"], body["detail"]


@pytest.mark.parametrize("path", BODIES)
async def test_a_reached_limit_is_refused_in_the_vendors_shape(stage: Stage, path: str) -> None:
    secret = await secret_of(stage, requests_per_minute=1)
    assert (await ask(stage, path, secret)).status_code in (200, 202)
    answer = await ask(stage, path, secret)

    assert answer.status_code == 429
    code, message = told(answer)
    assert (code, "1 requests a minute" in message) == (CODES[path][0], True)
    assert 1 <= int(answer.headers["retry-after"]) <= 61


@pytest.mark.parametrize("path", BODIES)
async def test_a_used_budget_is_refused_in_the_vendors_shape(stage: Stage, path: str) -> None:
    secret = await secret_of(stage, chars_per_month=len(TEXT))
    assert (await ask(stage, path, secret)).status_code in (200, 202)
    answer = await ask(stage, path, secret)

    assert answer.status_code == 429
    code, message = told(answer)
    assert (code, "12 characters a month" in message) == (CODES[path][1], True)
    assert int(answer.headers["retry-after"]) > 0


async def test_openais_client_may_wait_for_a_minute_but_not_for_a_month(stage: Stage) -> None:
    for limits, kind, is_final in (
        ({"requests_per_minute": 1}, "requests", False),
        ({"chars_per_minute": len(TEXT)}, "tokens", False),
        ({"chars_per_month": len(TEXT)}, "insufficient_quota", True),
    ):
        secret = await secret_of(stage, kind, **limits)
        await ask(stage, OPENAI, secret)
        answer = await ask(stage, OPENAI, secret)
        assert answer.json()["error"]["type"] == kind
        assert (answer.headers.get("x-should-retry") == "false") is is_final


async def test_google_says_when_to_try_again(stage: Stage) -> None:
    secret = await secret_of(stage, requests_per_minute=1)
    await ask(stage, GOOGLE, secret)
    error = (await ask(stage, GOOGLE, secret)).json()["error"]

    assert error["status"] == "RESOURCE_EXHAUSTED"
    assert [detail["@type"].rpartition(".")[2] for detail in error["details"]] == ["ErrorInfo", "RetryInfo"]


async def test_a_cached_answer_counts_like_a_new_one(stage: Stage) -> None:
    secret = await secret_of(stage, chars_per_minute=3 * len(TEXT))
    statuses = [(await ask(stage, SYNTHESIZE, secret)).status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
    assert len(stage.calm.asked) + len(stage.bold.asked) == 1


async def test_a_text_that_is_too_long_for_any_minute_is_told_so(stage: Stage) -> None:
    secret = await secret_of(stage, chars_per_minute=5)
    answer = await ask(stage, SYNTHESIZE, secret)

    assert answer.status_code == 429
    assert "split" in told(answer)[1]
    assert "retry-after" not in answer.headers


async def test_splitting_is_not_advised_for_a_text_that_is_too_long_for_any_month(stage: Stage) -> None:
    answer = await ask(stage, SYNTHESIZE, await secret_of(stage, chars_per_month=5))

    assert answer.status_code == 429
    assert "5 characters a month, so not even a whole month's allowance suffices" in told(answer)[1]
    assert "split" not in told(answer)[1]


async def test_what_is_invalid_or_fails_counts_nothing(stage: Stage) -> None:
    secret = await secret_of(stage, requests_per_minute=1, chars_per_month=len(TEXT))
    for change in ({"text": ""}, {"character_key": "nobody"}):
        assert (await ask(stage, SYNTHESIZE, secret, **change)).status_code == 400
    stage.calm.always = stage.bold.always = Unavailable("down")
    assert (await ask(stage, SYNTHESIZE, secret)).status_code == 503
    stage.calm.always = stage.bold.always = DeadlineExceeded("slow")
    assert (await ask(stage, OPENAI, secret)).status_code == 503
    stage.calm.always = stage.bold.always = None

    assert (await ask(stage, ELEVENLABS, secret)).status_code == 200


async def test_requests_at_the_same_time_are_limited_until_they_end(stage: Stage) -> None:
    secret = await secret_of(stage, concurrent_requests=2)
    stage.calm.delay_s = stage.bold.delay_s = 0.5
    answers = await asyncio.gather(*(ask(stage, SYNTHESIZE, secret, text=f"Text {n}.") for n in range(3)))
    statuses = sorted(answer.status_code for answer in answers)

    assert statuses == [200, 200, 429]
    (refused,) = [answer for answer in answers if answer.status_code == 429]
    assert "2 requests at the same time" in told(refused)[1]
    assert (await ask(stage, SYNTHESIZE, secret)).status_code == 200


async def test_lists_and_the_state_of_jobs_count_nothing(stage: Stage) -> None:
    secret = await secret_of(stage, requests_per_minute=1, concurrent_requests=1)
    headers = {"Authorization": f"Bearer {secret}"}
    url = (await ask(stage, JOBS, secret)).json()["status_url"]
    for path in ("/api/v1/voices", "/v1/models", url, f"{url}/events"):
        assert (await stage.client.get(path, headers=headers)).status_code == 200


async def test_limits_are_changed_at_once_and_removed(stage: Stage) -> None:
    created = await made(stage, requests_per_minute=1)
    assert created["key"]["limits"]["requests_per_minute"] == 1
    address = f"{KEYS}/{created['key']['id']}/limits"
    await ask(stage, SYNTHESIZE, created["secret"])
    for limits, status in (({"requests_per_minute": 2}, 200), ({"requests_per_minute": 2}, 429), ({}, 200)):
        changed = await stage.client.post(address, json=limits, headers=OPERATOR)
        assert (changed.status_code, changed.json()["limits"]["requests_per_minute"]) == (
            200,
            limits.get("requests_per_minute"),
        )
        assert (await ask(stage, SYNTHESIZE, created["secret"])).status_code == status


async def test_limits_that_make_no_sense_are_refused(stage: Stage) -> None:
    created = await made(stage)
    address = f"{KEYS}/{created['key']['id']}/limits"
    for limits in ({"requests_per_minute": 0}, {"chars_per_month": 10**11}, {"requests": 5}):
        assert (await stage.client.post(address, json=limits, headers=OPERATOR)).status_code == 422
    unknown = await stage.client.post(f"{KEYS}/{'0' * 12}/limits", json={}, headers=OPERATOR)
    assert unknown.status_code == 404
    boss = {"name": "boss", "role": "admin", "limits": {"chars_per_month": 5}}
    refused = await stage.client.post(KEYS, json=boss, headers=OPERATOR)
    assert (refused.status_code, "choose another role" in refused.json()["detail"]) == (400, True)
    await stage.client.post(f"{KEYS}/{created['key']['id']}/revoke", headers=OPERATOR)
    revoked = await stage.client.post(address, json={"chars_per_month": 5}, headers=OPERATOR)
    assert (revoked.status_code, "revoked" in revoked.json()["detail"]) == (400, True)


async def test_refusals_are_counted_and_logged_with_the_keys_name(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = await secret_of(stage, "phone app", requests_per_minute=1)
    for _ in range(3):
        await ask(stage, OPENAI, secret)
    metrics = (await stage.client.get("/api/v1/monitoring/metrics/prometheus")).text

    assert 'segue_turned_away_total{door="openai",reason="limit"} 2.0' in metrics
    (line,) = [line for line in capsys.readouterr().out.splitlines() if " turned_away " in line]
    assert "caller='phone app'" in line


async def test_google_grpc_refuses_whole_texts_and_streams(stage: Stage) -> None:
    assert stage.service.google_grpc is not None
    voice = google.VoiceSelectionParams(language_code="en-US", name="pip_boy")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{stage.service.google_grpc.port}") as channel:
        client = on_channel(channel)

        async def whole(metadata: tuple[tuple[str, str]]) -> None:
            text = google.SynthesisInput(text=TEXT)
            await client.synthesize_speech(
                request={"input": text, "voice": voice, "audio_config": wav()}, metadata=metadata
            )

        async def stream(metadata: tuple[tuple[str, str]]) -> None:
            said = requests(opening(voice=voice), saying(TEXT), saying(" And more."))
            await streamed(await client.streaming_synthesize(said, metadata=metadata))

        for name, speak in (("whole", whole), ("stream", stream)):
            metadata = (("x-goog-api-key", await secret_of(stage, name, requests_per_minute=1)),)
            await speak(metadata)
            with pytest.raises(ResourceExhausted, match="1 requests a minute") as caught:
                await speak(metadata)
            assert any("retry" in type(detail).__name__.lower() for detail in caught.value.details)


async def test_wyoming_sends_an_error_event(stage: Stage) -> None:
    assert stage.service.wyoming is not None
    port, secret = stage.service.wyoming.port, await secret_of(stage, requests_per_minute=1)
    assert (await said(port, synthesize("Hello. And more.", api_key=secret))).error is None
    refused = (await said(port, synthesize("Hello.", api_key=secret))).error

    assert refused is not None
    assert (refused.code, "1 requests a minute" in refused.text) == ("rate_limit_exceeded", True)


async def test_a_budget_outlasts_a_restart(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_AUTH="keys") as stage:
        secret = await secret_of(stage, chars_per_month=3 * len(TEXT))
        assert (await ask(stage, SYNTHESIZE, secret)).status_code == 200
    async with staged(tmp_path, SEGUE_AUTH="keys") as stage:
        statuses = [(await ask(stage, SYNTHESIZE, secret)).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
