"""A text of which neither arm makes speech tells nothing of either; one that only the candidate spoils does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import BadAudio
from support.shadow import counted

if TYPE_CHECKING:
    from support.service import Stage

NOISE = BadAudio("noise", findings=("loops",))


async def units(stage: Stage, fate: str = "asked") -> float:
    found = await counted(stage)
    return sum(
        count for key, count in found.items() if key[0] == "segue_units_total" and key[1].endswith(f",{fate}")
    )


@pytest.mark.parametrize("fallback", [True, False])
@pytest.mark.parametrize("stream", [True, False])
async def test_what_both_arms_spoil_is_nobodys_failure(stage: Stage, *, fallback: bool, stream: bool) -> None:
    await stage.steer(share_percent=100, fallback=fallback)
    stage.bold.always = stage.calm.always = NOISE
    for number in range(2):  # more would open the breaker of an engine that says nothing else either
        if stream:
            body = {"model": "tts-1", "voice": "pip_boy", "input": "W W W W", "stream_format": "sse"}
            answer = await stage.client.post("/v1/audio/speech", json=body | {"user": f"u{number}"})
        else:
            answer = await stage.say("W W W W", user_id=f"u{number}")
        assert answer.status_code == 503

    assert await units(stage) == 0


@pytest.mark.parametrize("fallback", [True, False])
async def test_what_the_candidate_alone_spoils_is_its_failure(stage: Stage, *, fallback: bool) -> None:
    await stage.steer(share_percent=100, fallback=fallback)
    stage.bold.always = NOISE
    answer = await stage.say(user_id="ann")

    assert answer.is_success is fallback
    assert (await units(stage), await units(stage, "bad_audio")) == (1, 1)


async def test_with_the_fallback_off_nobody_hears_the_baseline_for_it(stage: Stage) -> None:
    await stage.steer(share_percent=100, fallback=False)
    stage.bold.always, stage.bold.delay_s = NOISE, 0.5  # all twenty come before it has spoken
    answers = await asyncio.gather(*(stage.say(user_id=f"u{number}") for number in range(20)))

    assert {answer.status_code for answer in answers} == {503}
    assert len(stage.calm.asked) == 1, "once for all who waited for the same synthesis"
