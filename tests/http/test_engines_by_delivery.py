"""Several engines on one arm: one that is down takes nothing of the others, and the answers tell which spoke."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from segue.kernel.errors import Unavailable
from support.engines import Served, served, told
from support.service import OPERATOR

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PROFILE = """
version: 1
profile: several
language: en-US
default_character: pip_boy
arms:
  baseline: {engine: calm, model: old}
  candidate: {model: new}
engines:
  left: {use: twin, made_as: left}
  right: {use: twin, made_as: right}
quotas:
  right/babble: {requests_per_minute: 1}
characters:
  pip_boy:
    name: Pip-Boy
    baseline: [en-US, {engine: left, voice: cmn-TW}]
    candidate: {engine: left, voice: en-US}
  ghoul:
    name: Ghoul
    baseline: en-US
    candidate: {engine: right, voice: en-US}
"""
HEALTH = "/api/v1/monitoring/health"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path, PROFILE, SEGUE_BREAKER_FAILURES="1", SEGUE_FAULT_INJECTION="true") as started:
        yield started


async def test_each_text_goes_to_the_engine_of_its_delivery_and_the_answer_names_it(house: Served) -> None:
    english, chinese = await house.say(), await house.say("你好，旅人。")

    assert (told(english)["model"], told(chinese)["model"]) == ("old", "old")
    assert "engine" not in told(english)
    assert told(chinese)["engine"] == "left"
    assert [len(house.engines[name].asked) for name in ("calm", "left", "right")] == [1, 1, 0]
    assert told(await house.say("你好，旅人。")) == told(chinese) | {"source": "memory"}


async def test_the_line_of_a_served_request_names_its_engine_as_the_catalogue_does(house: Served) -> None:
    with capture_logs() as lines:
        await house.say()
        await house.say("你好，旅人。")
        await house.say(force_voice_model="chirp3-hd", character_key="ghoul")

    assert [line["engine"] for line in lines if line["event"] == "served"] == ["calm", "left", "right"]


async def test_attempts_are_counted_by_arm_and_by_engine(house: Served) -> None:
    await house.say()
    await house.say("你好，旅人。")
    await house.say(force_voice_model="chirp3-hd", character_key="ghoul")

    assert await house.series("tts_synthesis_total") == {
        ("old", "pip_boy", "success"): 2,
        ("new", "ghoul", "success"): 1,
    }
    assert await house.series("segue_engine_synthesis_total") == {
        ("old", "calm", "babble", "success"): 1,
        ("old", "left", "babble", "success"): 1,
        ("new", "right", "babble", "success"): 1,
    }


async def test_the_breaker_of_one_engine_leaves_the_arms_others_alone(house: Served) -> None:
    await house.steer(share_percent=100)
    house.engines["left"].always = Unavailable("down")

    rescued = await house.say()
    refused = await house.say("Hello once more.")
    other = await house.say(character_key="ghoul")

    assert told(rescued)["fallback"] == "unavailable"
    assert (told(refused)["arm"], told(refused)["reason"]) == ("baseline", "breaker_open")
    assert (told(other)["arm"], told(other)["engine"]) == ("candidate", "right")
    breakers = await house.series("segue_breaker_open")
    assert {engine: open_ for (engine, _), open_ in breakers.items() if open_} == {"left": 1}


async def test_a_quota_is_of_one_engine_by_its_name(house: Served) -> None:
    await house.steer(share_percent=100)
    spent = [told(await house.say(f"Text {number}.", character_key="ghoul")) for number in range(3)]
    free = [told(await house.say(f"Text {number}.")) for number in range(3)]

    assert [answer["arm"] for answer in spent] == ["candidate", "baseline", "baseline"]
    assert {answer["arm"] for answer in free} == {"candidate"}
    assert await house.series("segue_quota_spent_total") == {("right", "babble", "requests"): 2}


async def test_faults_are_set_by_an_engines_name_in_the_catalogue(house: Served) -> None:
    broken = {"faults": [{"kind": "unavailable"}]}
    (await house.client.put("/api/v1/faults/left", json=broken, headers=OPERATOR)).raise_for_status()
    await house.steer(share_percent=100)

    assert told(await house.say())["arm"] == "baseline"
    assert told(await house.say(character_key="ghoul"))["arm"] == "candidate"
    unknown = await house.client.put("/api/v1/faults/twin", json=broken, headers=OPERATOR)
    assert unknown.status_code == 400
    assert "known: calm, left, right" in unknown.json()["detail"]


async def test_an_arm_of_which_one_engine_is_down_is_degraded_and_serves(house: Served) -> None:
    house.engines["left"].ready = False
    answer = await house.client.get(HEALTH)

    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["arms"] == {
        "baseline": {"ready": False, "detail": "calm: scripted; left: scripted"},
        "candidate": {"ready": False, "detail": "left: scripted; right: scripted"},
    }
    house.engines["calm"].ready = False
    assert (await house.client.get(HEALTH)).status_code == 503


async def test_the_configuration_tells_every_engine_of_an_arm(house: Served) -> None:
    arms = (await house.client.get("/api/v1/config", headers=OPERATOR)).json()["arms"]

    assert arms == {
        "baseline": {"engine": "calm", "model": "old", "engines": ["calm", "left"]},
        "candidate": {"engine": "left", "model": "new", "engines": ["left", "right"]},
    }


async def test_a_door_that_lists_voices_lists_those_of_every_engine(house: Served) -> None:
    listed = (await house.client.get("/v1/voices?languageCode=cmn-TW")).json()["voices"]

    assert [voice["name"] for voice in listed if voice["name"] == "cmn-TW"] == ["cmn-TW"]
