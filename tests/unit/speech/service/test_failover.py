"""Time is shared so that the baseline still fits behind a candidate that hangs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from segue.kernel.arms import Unit, UnitSource
from segue.speech.core.speech import AudioFormat, SpeechRequest
from support.service import staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from support.service import Stage


pytestmark = pytest.mark.whole_service


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, CHIRP3_ROLLOUT_PERCENTAGE="100", SEGUE_FALLBACK_RESERVE_S="1") as started:
        yield started


def request(timeout_s: float) -> SpeechRequest:
    return SpeechRequest(
        text="Hello there.",
        character_key="pip_boy",
        unit=Unit("ann", UnitSource.USER),
        request_id="r",
        dialect="test",
        audio_format=AudioFormat(),
        timeout_s=timeout_s,
    )


async def test_a_candidate_that_hangs_costs_no_one_their_answer(stage: Stage) -> None:
    stage.bold.always = 60.0
    began = asyncio.get_running_loop().time()
    answer = await stage.service.speech.pipeline.speak(request(2.0))

    assert answer.result.rendition.render_plan.model == "calm"
    assert answer.result.failure == "deadline"
    assert 1.0 <= asyncio.get_running_loop().time() - began < 2.1


async def test_a_reserve_longer_than_the_callers_time_leaves_half_to_each(stage: Stage) -> None:
    stage.bold.always = 60.0
    answer = await stage.service.speech.pipeline.speak(request(1.0))

    assert answer.result.rendition.render_plan.model == "calm"


async def test_the_last_arm_is_asked_once_more(stage: Stage) -> None:
    from segue.kernel.errors import Unavailable

    await stage.steer(share_percent=0)
    stage.calm.script.append(Unavailable("a hiccup"))

    assert (await stage.say()).status_code == 200
    assert len(stage.calm.asked) == 2


async def test_the_last_arm_is_not_asked_again_when_time_is_short(stage: Stage) -> None:
    from segue.kernel.errors import Unavailable

    await stage.steer(share_percent=0)
    stage.calm.script.append(Unavailable("a hiccup"))
    with pytest.raises(Unavailable):
        await stage.service.speech.pipeline.speak(request(0.09))
