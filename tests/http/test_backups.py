"""A voice that fails is answered for by its backups on the same arm, in order, before the other arm is asked."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from segue.kernel.arms import Arm, Unit, UnitSource
from segue.kernel.errors import InvalidRequest, QuotaExhausted, Unavailable
from segue.speech.core.speech import AudioFormat, Container, SpeechRequest
from segue.testing.engine import Interrupted
from support.engines import Served, served, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PROFILE = """
version: 1
profile: backed
language: en-US
default_character: pip_boy
arms:
  baseline: {engine: calm, model: old}
  candidate: {engine: bold, model: new}
characters:
  pip_boy:
    name: Pip-Boy
    baseline:
      - voice: en-US
        backups: [{engine: spare, voice: en-GB}, {engine: last, voice: en-AU}]
      - cmn-TW
    candidate: {voice: en-US, backups: {engine: spare, voice: en-US}}
  ghoul:
    name: Ghoul
    baseline: {voice: cmn-TW, backups: [{engine: spare, voice: en-US}, {engine: last, voice: cmn-CN}]}
    candidate: en-US
"""
DEAD = Unavailable("down")
FIRST = "Good morning, wanderer, and welcome back to the only shop that is open this early."
SECOND = "Today we have water, clean water, and a very few things that were once biscuits."


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path, PROFILE, SEGUE_BREAKER_FAILURES="3") as started:
        yield started


def kill(house: Served, *names: str) -> None:
    for name in names:
        house.engines[name].always = DEAD


def asked(house: Served) -> dict[str, int]:
    return {name: len(engine.asked) for name, engine in house.engines.items() if engine.asked}


async def test_a_dead_voice_is_answered_for_by_its_backup_and_the_answer_says_so(house: Served) -> None:
    kill(house, "calm")
    answer = await house.say()

    assert answer.status_code == 200
    assert told(answer) == {
        "arm": "baseline",
        "reason": "outside_share",
        "assigned": "baseline",
        "model": "old",
        "source": "new",
        "losses": "1",  # the voice's accent is that of another region
        "engine": "spare",
        "backup": "unavailable",
    }
    assert answer.json()["voice_name"] == "Babble en-GB"
    assert answer.json()["fallback_error"] is None
    assert asked(house) == {"calm": 1, "spare": 1}


async def test_backups_are_asked_in_order_and_no_more_of_them_than_it_takes(house: Served) -> None:
    kill(house, "calm", "spare")
    answer = await house.say()

    assert (told(answer)["engine"], told(answer)["backup"]) == ("last", "unavailable")
    kill(house, "last")
    assert (await house.say("All are dead.")).status_code == 503
    assert asked(house) == {"calm": 2, "spare": 2, "last": 2}


async def test_the_other_arm_is_asked_when_no_backup_answers(house: Served) -> None:
    await house.steer(share_percent=100)
    kill(house, "bold")
    backed = await house.say()
    kill(house, "spare")
    rescued = await house.say("Once more.")

    assert backed.status_code == 200, backed.text
    assert (told(backed)["arm"], told(backed)["engine"]) == ("candidate", "spare")
    assert (told(rescued)["arm"], told(rescued)["fallback"]) == ("baseline", "unavailable")
    assert "backup" not in told(rescued)
    assert await house.series("tts_requests_total") == {("served",): 1, ("served_by_fallback",): 1}
    assert await house.series("tts_chirp3_fallback_total") == {("pip_boy", "unavailable"): 1}


async def test_the_baseline_that_rescues_has_its_backups_too(house: Served) -> None:
    await house.steer(share_percent=100)
    kill(house, "bold", "spare", "calm")
    answer = await house.say()

    assert answer.status_code == 200
    assert told(answer) | {"source": ""} == {
        "arm": "baseline",
        "reason": "fallback",
        "assigned": "candidate",
        "model": "old",
        "source": "",
        "losses": "1",
        "engine": "last",
        "fallback": "unavailable",
        "backup": "unavailable",
    }


async def test_what_failed_is_counted_and_what_answered_as_well(house: Served) -> None:
    kill(house, "calm")
    await house.say()

    assert await house.series("tts_synthesis_total") == {
        ("old", "pip_boy", "error"): 1,
        ("old", "pip_boy", "success"): 1,
    }
    assert await house.series("segue_engine_synthesis_total") == {
        ("old", "calm", "babble", "error"): 1,
        ("old", "spare", "babble", "success"): 1,
    }
    assert await house.series("segue_backups_total") == {("old", "pip_boy", "calm", "unavailable"): 1}
    assert await house.series("tts_requests_total") == {("served",): 1}


async def test_the_judges_unit_is_an_error_that_was_backed_up(house: Served) -> None:
    kill(house, "calm")
    await house.say()
    units = await house.series("segue_units_total")

    assert {fate for (arm, _, fate), count in units.items() if count and arm == "baseline"} == {
        "asked",
        "error",
        "backed_up",
    }


async def test_a_breaker_that_is_open_leads_straight_to_the_backup(house: Served) -> None:
    kill(house, "calm")
    for number in range(5):
        assert told(await house.say(f"Text {number}."))["engine"] == "spare"

    assert asked(house)["calm"] in {3, 4}  # the fourth is the breaker's own probe
    backups = await house.series("segue_backups_total")
    assert {error: count for (*_, error), count in backups.items()} == {"unavailable": 3, "breaker_open": 2}
    open_ = {engine for (engine, _), count in (await house.series("segue_breaker_open")).items() if count}
    assert open_ == {"calm"}


async def test_a_spent_quota_is_nobodys_failure_and_the_backup_answers(house: Served) -> None:
    house.engines["calm"].always = QuotaExhausted("spent", retry_after_s=60)
    answer = await house.say()

    assert (told(answer)["engine"], told(answer)["backup"]) == ("spare", "quota")
    assert await house.series("tts_synthesis_total") == {("old", "pip_boy", "success"): 1}


async def test_audio_is_kept_under_the_voice_that_made_it(house: Served) -> None:
    kill(house, "calm")
    first, again = await house.say(), await house.say()
    house.engines["calm"].always = None
    well = await house.say()

    assert (told(again)["source"], told(again)["backup"]) == ("memory", "unavailable")
    assert first.json()["voice_name"] == again.json()["voice_name"] == "Babble en-GB"
    assert asked(house) == {"calm": 3, "spare": 1}
    assert (told(well)["source"], well.json()["voice_name"]) == ("new", "Babble en-US")
    assert "backup" not in told(await house.say())


async def test_a_voice_that_hangs_leaves_its_backup_time_to_answer(tmp_path: Path) -> None:
    times = {"SEGUE_REQUEST_TIMEOUT_S": "6", "SEGUE_FALLBACK_RESERVE_S": "4"}
    async with served(tmp_path, PROFILE, **times) as house:
        house.engines["calm"].always = 60.0
        began_s = asyncio.get_running_loop().time()
        answer = await house.say()

        assert (answer.status_code, told(answer)["backup"]) == (200, "deadline")
        assert 2.9 < asyncio.get_running_loop().time() - began_s < 6.0


async def test_a_backup_that_cannot_read_the_text_is_passed_over(house: Served) -> None:
    kill(house, "calm")
    answer = await house.say("你好，旅人。", character_key="ghoul")

    assert (told(answer)["engine"], answer.json()["voice_name"]) == ("last", "Babble cmn-CN")
    assert "spare" not in asked(house)


async def test_a_callers_mistake_is_not_tried_again(house: Served) -> None:
    house.engines["calm"].always = InvalidRequest("no such thing", field="text")

    assert (await house.say()).status_code == 400
    assert asked(house) == {"calm": 1}


async def test_without_backups_the_same_voice_is_asked_once_more(house: Served) -> None:
    house.engines["calm"].script.append(DEAD)
    answer = await house.say("你好，旅人。")

    assert (answer.status_code, asked(house)) == (200, {"calm": 2})


async def streamed(house: Served, text: str, arm: Arm) -> tuple[bytes, str, str | None]:
    """The bytes, the engine that began, and what it stands in for."""
    unit = Unit("ann", UnitSource.USER)
    request = SpeechRequest(
        text, "pip_boy", unit, "r", "test", AudioFormat(Container.WAV), forced_arm=arm, cache_enabled=False
    )
    pipeline = house.service.speech.pipeline
    stream = await pipeline.stream(pipeline.enter(request))
    found = stream.heard.result
    async with aclosing(stream):
        data = b"".join([chunk async for chunk in stream])
    return data, found.rendition.render_plan.bulkhead.engine, found.backup_for


async def test_a_stream_is_begun_by_the_backup_of_a_dead_voice(house: Served) -> None:
    kill(house, "calm")
    data, engine, backup_for = await streamed(house, FIRST, Arm.BASELINE)

    assert len(data) > 10_000
    assert (engine, backup_for) == ("spare", "unavailable")


async def test_a_stream_that_breaks_off_goes_on_with_the_other_arm_and_not_with_a_backup(house: Served) -> None:
    kill(house, "bold")
    house.engines["spare"].script.extend([Interrupted(1.0, DEAD), DEAD])
    _, engine, _ = await streamed(house, f"{FIRST} {SECOND}", Arm.CANDIDATE)

    assert engine == "spare"
    assert [said.text for said in house.engines["calm"].asked] == [SECOND]
    assert "last" not in asked(house)
