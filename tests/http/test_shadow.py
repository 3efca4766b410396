"""The shadow as listeners and operators see it: the former not at all."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from segue.kernel.errors import InternalFailure
from segue.kernel.shadow_budget import ShadowBudget
from segue.speech.core.speech import Pcm
from support.service import staged
from support.shadow import SHADOW, counted, shadow_everything, shadows, until_over

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from support.service import Stage

SENTENCE = "Hello there, wanderer."
OWN_HEADERS = ("x-request-id", "date")


def said(stage: Stage) -> tuple[int, int]:
    """How often the baseline's engine was asked, and the candidate's."""
    return len(stage.calm.asked), len(stage.bold.asked)


async def spoken(stage: Stage, text: str = SENTENCE, **more: Any) -> httpx.Response:
    """The audio itself, by the OpenAI dialect."""
    body = {"model": "tts-1", "voice": "pip_boy", "input": text, "user": "ann"} | more
    return await stage.client.post("/v1/audio/speech", json=body)


async def test_the_baseline_answers_and_the_candidate_makes_the_same_text(stage: Stage) -> None:
    shadow_everything(stage)
    answer = (await stage.say()).json()
    ends = await until_over(stage, 1)

    assert (answer["arm"], ends) == ("baseline", {"success": 1})
    assert [one.text for one in stage.bold.asked] == [SENTENCE] == [one.text for one in stage.calm.asked]
    assert [one.background for one in (*stage.calm.asked, *stage.bold.asked)] == [False, True]


async def test_it_is_counted_apart_from_what_listeners_got(stage: Stage) -> None:
    shadow_everything(stage)
    await stage.say()
    await until_over(stage, 1)
    found = await counted(stage)

    assert found["segue_shadow_total", "pip_boy,success,bold"] == 1
    assert found["segue_shadow_duration_seconds_count", "pip_boy,bold"] == 1
    assert found["segue_shadow_characters_total", ""] == len(SENTENCE)
    assert found["tts_requests_total", "served"] == 1
    assert found["tts_synthesis_total", "pip_boy,success,calm"] == 1
    assert not [key for key in found if key[0].startswith("tts_") and "bold" in key[1]]
    assert found.get(("segue_units_total", "candidate,pip_boy,asked"), 0) == 0


async def test_the_answer_is_the_same_with_the_shadow_and_without(tmp_path: Path) -> None:
    answers = []
    for number, routing in enumerate((replace(SHADOW, shadow_ppm=0), SHADOW)):
        (folder := tmp_path / f"{number}").mkdir()
        async with staged(folder) as stage:
            shadow_everything(stage, routing)
            answer = await spoken(stage)
            headers = {name: value for name, value in answer.headers.items() if name not in OWN_HEADERS}
            answers.append((answer.status_code, headers, answer.content))

    assert answers[0] == answers[1]


@pytest.mark.parametrize("does", [InternalFailure("broken"), RuntimeError("a bug"), Pcm(bytes(32_000), 16_000)])
async def test_a_candidate_that_fails_is_nothing_to_the_listener(
    tmp_path: Path, does: BaseException | Pcm
) -> None:
    async with staged(tmp_path, SEGUE_BREAKER_FAILURES="2") as stage:
        shadow_everything(stage)
        stage.bold.always = does
        for number in range(5):
            answer = await stage.say(f"{SENTENCE} {number}")
            assert (answer.status_code, answer.json()["arm"]) == (200, "baseline")
            await until_over(stage, number + 1)
        ends, found = await shadows(stage), await counted(stage)

    assert ends["error"] >= 2
    assert ends["error"] + ends.get("refused", 0) == 5
    assert found["tts_requests_total", "served"] == 5
    assert not [key for key in found if key[0] == "tts_chirp3_fallback_total"]


async def test_a_candidate_that_keeps_failing_is_closed_to_listeners_too(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_BREAKER_FAILURES="2") as stage:
        shadow_everything(stage)
        stage.bold.always = InternalFailure("broken")
        for number in range(2):
            await stage.say(f"{SENTENCE} {number}")
        await until_over(stage, 2)
        shadow_everything(stage, replace(SHADOW, share_ppm=1_000_000))
        answer = (await stage.say("Something else.")).json()

    assert (answer["arm"], answer["reason"]) == ("baseline", "breaker_open")


async def test_a_candidate_that_hangs_delays_nobody_and_fills_no_more_than_the_queue(stage: Stage) -> None:
    shadow_everything(stage)
    stage.bold.always = 3600.0
    began_s = time.monotonic()
    for number in range(70):
        assert (await stage.say(f"{SENTENCE} {number}")).status_code == 200
    took_s = time.monotonic() - began_s
    async with asyncio.timeout(10):
        await stage.bold.started.wait()

    assert took_s < 15
    assert len(stage.bold.asked) <= 2
    assert (await shadows(stage))["queue_full"] >= 4


async def test_a_candidate_that_hangs_in_the_shadow_runs_out_of_its_usual_time(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_REQUEST_TIMEOUT_S="1") as stage:
        shadow_everything(stage)
        stage.bold.always = 3600.0
        await stage.say()
        ends, found = await until_over(stage, 1), await counted(stage)

    assert ends == {"error": 1}
    assert found["segue_shadow_errors_total", "pip_boy,deadline,bold"] == 1


async def test_what_nobody_heard_is_not_kept(stage: Stage) -> None:
    shadow_everything(stage)
    await stage.say()
    await until_over(stage, 1)
    heard = (await stage.say(force_voice_model="bold")).json()

    assert (heard["arm"], heard["cached"]) == ("candidate", False)
    assert said(stage) == (1, 2)


async def test_what_the_candidates_cache_has_is_not_made_again(stage: Stage) -> None:
    shadow_everything(stage)
    await stage.say(force_voice_model="bold")
    await stage.say()

    assert await until_over(stage, 1) == {"cached": 1}
    assert said(stage) == (1, 1)


async def test_an_answer_from_the_cache_is_not_shadowed(stage: Stage) -> None:
    shadow_everything(stage)
    await stage.say()
    await until_over(stage, 1)
    assert (await stage.say()).json()["cached"]

    assert said(stage) == (1, 1)
    assert await shadows(stage) == {"success": 1}


async def test_forced_arms_characters_held_back_and_jobs_are_not_shadowed(stage: Stage) -> None:
    shadow_everything(stage, replace(SHADOW, held_back=frozenset({"ghoul"})))
    await stage.say(force_voice_model="calm")
    await stage.say("Another.", character_key="ghoul")
    job = await stage.client.post("/api/v1/audio/jobs", json={"text": "A long text.", "character_key": "pip_boy"})
    assert job.status_code == 202
    await stage.say("The last.")
    await until_over(stage, 1)

    assert [one.text for one in stage.bold.asked] == ["The last."]


async def test_a_stream_is_made_as_a_stream(stage: Stage) -> None:
    shadow_everything(stage)
    text = " ".join(f"This is a sentence of some length, and its number is {number}." for number in range(6))
    answer = await spoken(stage, text, response_format="wav")
    assert answer.status_code == 200
    ends, found = await until_over(stage, 1), await counted(stage)

    assert ends == {"success": 1}
    assert found["segue_shadow_first_audio_seconds_count", "pip_boy,bold"] == 1
    assert [one.text for one in stage.bold.asked] == [one.text for one in stage.calm.asked]
    assert len(stage.bold.asked) > 1


async def test_the_budget_is_never_passed(stage: Stage) -> None:
    shadow_everything(stage)
    stage.service.speech.shadow.set_budget(ShadowBudget(characters_a_day=100, at_once=2))
    for number in range(8):
        await stage.say(f"{SENTENCE} {number}")  # 24 characters
        await until_over(stage, number + 1)

    assert await shadows(stage) == {"success": 4, "budget": 4}
    assert (await counted(stage))["segue_shadow_characters_total", ""] == 96


async def test_a_busy_candidate_is_left_to_its_listeners(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_MAX_CONCURRENCY="2") as stage:
        stage.bold.script.append(0.6)
        shadow_everything(stage)
        listener = asyncio.create_task(stage.say("Somebody listens to this.", force_voice_model="bold"))
        await stage.bold.started.wait()
        await stage.say()

        assert await until_over(stage, 1) == {"busy": 1}
        assert (await listener).status_code == 200


async def test_who_switches_the_candidate_off_stops_what_waits(stage: Stage) -> None:
    shadow_everything(stage)
    stage.service.speech.shadow.set_budget(ShadowBudget(at_once=0))
    await stage.say()
    shadow_everything(stage, replace(SHADOW, enabled=False))
    stage.service.speech.shadow.set_budget(ShadowBudget())

    assert await until_over(stage, 1) == {"switched_off": 1}
    assert said(stage) == (1, 0)


async def test_a_text_that_the_candidate_has_no_voice_for_is_skipped(stage: Stage) -> None:
    shadow_everything(stage)
    await stage.say("歡迎回來，旅人。")

    assert await until_over(stage, 1) == {"no_voice": 1}
