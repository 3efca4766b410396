"""Listeners who ask for the same at once share one synthesis, which is one unit of evidence however it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import InternalFailure, Unavailable
from support.shadow import counted

if TYPE_CHECKING:
    from segue.kernel.errors import SegueError
    from support.service import Stage

AT_ONCE = 20


async def asked_at_once(stage: Stage, *, heard: bool) -> dict[tuple[str, str], float]:
    await stage.steer(share_percent=100)
    answers = await asyncio.gather(*(stage.say(user_id=f"u{number}") for number in range(AT_ONCE)))

    assert {answer.is_success for answer in answers} == {heard}
    return await counted(stage)


def units(found: dict[tuple[str, str], float], fate: str = "asked") -> float:
    return found.get(("segue_units_total", f"candidate,pip_boy,{fate}"), 0)


async def test_a_success_is_one_unit(stage: Stage) -> None:
    stage.bold.delay_s = 0.05
    found = await asked_at_once(stage, heard=True)

    assert (len(stage.bold.asked), units(found)) == (1, 1)
    assert found["tts_requests_total", "served"] == AT_ONCE


async def test_a_rescue_is_one_unit(stage: Stage) -> None:
    stage.bold.delay_s, stage.bold.always = 0.05, InternalFailure("broken")
    found = await asked_at_once(stage, heard=True)

    assert (units(found), units(found, "error"), units(found, "fallback")) == (1, 1, 1)


@pytest.mark.parametrize("failure", [InternalFailure("broken"), Unavailable("gone")])
async def test_a_failure_without_a_fallback_is_one_unit(stage: Stage, failure: SegueError) -> None:
    await stage.steer(fallback=False)
    stage.bold.delay_s, stage.bold.always = 0.05, failure
    found = await asked_at_once(stage, heard=False)

    assert (units(found), units(found, "error"), units(found, "unserved")) == (1, 1, 1)
    assert found["tts_requests_total", "failed"] == AT_ONCE


async def test_a_failure_of_both_arms_is_one_unit(stage: Stage) -> None:
    for engine in (stage.bold, stage.calm):
        engine.delay_s, engine.always = 0.05, InternalFailure("broken")
    found = await asked_at_once(stage, heard=False)

    assert (units(found), units(found, "error"), units(found, "unserved")) == (1, 1, 1)
    assert not [
        key for key in found if key[0] == "segue_units_total" and key[1].startswith("baseline") and found[key]
    ]


async def test_failures_of_different_texts_are_a_unit_each(stage: Stage) -> None:
    for engine in (stage.bold, stage.calm):
        engine.delay_s, engine.always = 0.05, InternalFailure("broken")
    await stage.steer(share_percent=100)
    await asyncio.gather(*(stage.say(f"Hello, number {number}.", user_id=f"u{number}") for number in range(3)))

    assert units(await counted(stage), "unserved") == 3


async def test_each_who_wants_it_fresh_has_a_call_and_a_unit_of_their_own(stage: Stage) -> None:
    stage.bold.delay_s, stage.bold.always = 0.05, InternalFailure("broken")
    stage.calm.always = InternalFailure("broken")
    await stage.steer(share_percent=100)
    await asyncio.gather(*(stage.say(user_id=f"u{number}", cache_enabled=False) for number in range(3)))

    assert units(await counted(stage), "unserved") == 3


async def test_one_after_the_other_are_a_unit_each(stage: Stage) -> None:
    stage.bold.always = stage.calm.always = InternalFailure("broken")
    await stage.steer(share_percent=100)
    for number in range(3):
        await stage.say(user_id=f"u{number}")

    assert units(await counted(stage), "unserved") == 3
