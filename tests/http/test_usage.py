"""``/api/v1/usage``: each key's requests, characters and costs, whichever API they came through."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from segue.speech.core.speech import AudioFormat, Container
from support.service import OPERATOR, SYNTHESIZE, staged
from support.traffic import a_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.service import Stage

USAGE = "/api/v1/usage"
LINE = "Hello there."
ZH_LINE = "歡迎回來。"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, SEGUE_AUTH="keys") as started:
        yield started


async def a_key(stage: Stage, name: str, role: str = "synthesize") -> dict[str, str]:
    body = {"name": name, "role": role}
    answer = await stage.client.post("/api/v1/keys", json=body, headers=OPERATOR)
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['secret']}"}


async def said(stage: Stage, key: dict[str, str], text: str = LINE, **more: Any) -> None:
    body = {"text": text, "character_key": "pip_boy", **more}
    (await stage.client.post(SYNTHESIZE, json=body, headers=key)).raise_for_status()


async def usage(stage: Stage, **query: str) -> dict[str, Any]:
    answer = await stage.client.get(USAGE, params=query, headers=OPERATOR)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


async def test_each_key_has_what_it_used(stage: Stage) -> None:
    game, phone = await a_key(stage, "game"), await a_key(stage, "phone")
    await said(stage, game)
    await said(stage, game)
    await said(stage, phone, ZH_LINE)

    found = await usage(stage)

    entries = {entry["key"]: entry for entry in found["entries"]}
    assert found["by"] == ["key"]
    assert entries.keys() == {"game", "phone"}
    assert (entries["game"]["requests"], entries["game"]["characters"]) == (2, 2 * len(LINE))
    assert entries["game"]["synthesized_characters"] == len(LINE), "the second came from the cache"
    assert entries["phone"]["characters"] == len(ZH_LINE)
    assert found["total"]["requests"] == 3
    assert entries["game"]["cost_usd"] == 0.0
    assert entries["game"]["unpriced_characters"] == len(LINE), "the catalogue has no price for this engine"


async def test_every_api_is_counted(stage: Stage) -> None:
    key = await a_key(stage, "game")
    secret = key["Authorization"].removeprefix("Bearer ")
    posts: list[tuple[str, dict[str, str], dict[str, Any]]] = [
        ("/v1/audio/speech", key, {"model": "tts-1", "input": LINE, "voice": "pip_boy"}),
        ("/v1/text-to-speech/pip_boy", {"xi-api-key": secret}, {"text": LINE}),
        (
            "/v1/text:synthesize",
            {"x-goog-api-key": secret},
            {
                "input": {"text": LINE},
                "voice": {"languageCode": "en-US", "name": "pip_boy"},
                "audioConfig": {"audioEncoding": "LINEAR16"},
            },
        ),
    ]
    for number, (path, headers, body) in enumerate(posts, start=1):
        (await stage.client.post(path, json=body, headers=headers)).raise_for_status()
        assert (await usage(stage))["total"]["requests"] == number, path


async def test_a_job_is_its_keys_usage(stage: Stage) -> None:
    key = await a_key(stage, "books")
    body = {"text": LINE * 3, "character_key": "pip_boy"}
    job = (await stage.client.post("/api/v1/audio/jobs", json=body, headers=key)).raise_for_status().json()
    while (await stage.client.get(job["status_url"], headers=key)).json()["status"] != "done":
        pass

    (entry,) = (await usage(stage))["entries"]
    assert (entry["key"], entry["synthesized_characters"]) == ("books", len(LINE) * 3)


async def test_a_stream_that_is_left_counts_the_lines_that_were_made(stage: Stage) -> None:
    """The engine is paid for them, and not for the rest."""
    context = stage.service.context
    request = a_request(f"{LINE} " * 400)._replace(
        character_key="pip_boy", key_name="game", cache_enabled=False, audio_format=AudioFormat(Container.WAV)
    )
    stream = await context.pipeline.stream(context.pipeline.enter(request))
    await anext(stream)
    await stream.aclose()

    (entry,) = (await usage(stage))["entries"]
    assert entry["requests"] == 1
    assert 0 < entry["synthesized_characters"] < entry["characters"] / 2


async def test_a_job_that_is_cancelled_is_no_request(stage: Stage) -> None:
    key = await a_key(stage, "books")
    stage.calm.delay_s = 0.05
    body = {"text": f"{LINE} " * 400, "character_key": "pip_boy"}
    job = (await stage.client.post("/api/v1/audio/jobs", json=body, headers=key)).raise_for_status().json()
    for _ in range(100):
        found = (await stage.client.get(job["status_url"], headers=key)).json()
        if found["progress"] > 0.0:
            break
        await asyncio.sleep(0.02)
    await stage.client.delete(job["status_url"], headers=key)
    for _ in range(100):
        if (await stage.client.get(job["status_url"], headers=key)).json()["status"] == "cancelled":
            break
        await asyncio.sleep(0.02)

    (entry,) = (await usage(stage))["entries"]
    assert (entry["requests"], entry["characters"]) == (0, 0)
    assert 0 < entry["synthesized_characters"] < len(LINE) * 400


async def test_it_is_grouped_and_filtered(stage: Stage) -> None:
    game, phone = await a_key(stage, "game"), await a_key(stage, "phone")
    await said(stage, game, force_voice_model="wavenet")
    await said(stage, phone, force_voice_model="wavenet")

    (entry,) = (await usage(stage, by="arm,voice,character", key="game"))["entries"]

    assert (entry["arm"], entry["character"], entry["key"], entry["requests"]) == ("baseline", "pip_boy", None, 1)
    assert entry["voice"]


async def test_a_request_that_is_refused_uses_nothing(stage: Stage) -> None:
    key = await a_key(stage, "game")
    body = {"text": LINE, "character_key": "nobody"}
    assert (await stage.client.post(SYNTHESIZE, json=body, headers=key)).is_client_error

    assert (await usage(stage))["entries"] == []


async def test_it_comes_as_csv(stage: Stage) -> None:
    await said(stage, await a_key(stage, "=game"))

    answer = await stage.client.get(USAGE, params={"by": "day,key", "format": "csv"}, headers=OPERATOR)

    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    header, line, end = answer.text.split("\r\n")
    assert header.startswith("day,key,requests,characters,")
    assert ",'=game,1,12," in line
    assert end == ""


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"by": "colour"}, "cannot group by 'colour'; possible: day, key, arm, voice, character"),
        ({"first_day": "2026-11-02", "last_day": "2026-11-01"}, "is after"),
        ({"first_day": "yesterday"}, "first_day: 'yesterday' is not a date such as 2026-11-01"),
        ({"first_day": "2023-02-29"}, "is not a date"),
        ({"last_day": "1764547200"}, "is not a date"),
        ({"format": "xml"}, "format"),
    ],
)
async def test_a_bad_question_gets_a_clear_answer(stage: Stage, query: dict[str, str], told: str) -> None:
    answer = await stage.client.get(USAGE, params=query, headers=OPERATOR)

    assert answer.status_code in {400, 422}
    assert told in answer.text


async def test_viewers_may_see_it_and_apps_may_not(stage: Stage) -> None:
    assert (await stage.client.get(USAGE, headers=await a_key(stage, "look", "view"))).status_code == 200
    assert (await stage.client.get(USAGE, headers=await a_key(stage, "app"))).status_code == 403
    assert (await stage.client.get(USAGE)).status_code == 401


async def test_without_keys_it_is_counted_under_no_name(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await said(stage, {})
        (entry,) = (await usage(stage))["entries"]

    assert (entry["key"], entry["requests"]) == ("", 1)


@pytest.mark.parametrize(("named", "shown"), [("true", "game"), ("false", "")])
async def test_metrics_name_the_keys_only_if_told(tmp_path: Path, named: str, shown: str) -> None:
    """Everyone who reaches the port may read them."""
    async with staged(tmp_path, SEGUE_AUTH="keys", SEGUE_METRICS_KEY_NAMES=named) as stage:
        await said(stage, await a_key(stage, "game"))
        stage.service._usage.flush()
        metrics = (await stage.client.get("/api/v1/monitoring/metrics/prometheus", headers=OPERATOR)).text

    (line,) = [line for line in metrics.splitlines() if line.startswith("segue_usage_characters_total{")]
    assert f'key="{shown}"' in line
    assert line.endswith(" 12.0")
