"""Signs that no writer would put together, in every language of eSpeak NG: some crash it, none the service."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import EngineCrashed, InvalidRequest, SegueError
from segue.speech.core.speech import Utterance
from support.embedded import sheltered_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.speech.ports.engine import Engine

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(400)]

SEED = 12
TEXTS_PER_LANGUAGE = 40
LONGEST_SIGNS = 8
SIGNS = (
    *"^-_[]<>&;'\"/\\|@#$%*+=~`(){}!?.,:\x00\u0301\u200d\ud800字あア가กאاকমóß109٣aAΩ½²…—’🙂",
    *("xx", "th", "the", " ", "  ", "\n", "\t"),
)
KNOWN = [
    ("^-a", "da"),
    ("`", "vi-vn-x-central"),
    *((f"^-{sign}", name) for sign in "字あ" for name in ("hi", "kok")),
]
"""They end a process of eSpeak NG 1.52 by SIGSEGV."""


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = sheltered_engine("espeak")
    await engine.start()
    yield engine
    await engine.close()


@pytest.mark.parametrize(("text", "voice"), KNOWN)
async def test_texts_that_crash_it_are_failures_like_others(engine: Engine, text: str, voice: str) -> None:
    with pytest.raises(EngineCrashed, match="SIGSEGV"):
        await engine.synthesize(Utterance(text, voice, voice))
    with pytest.raises(EngineCrashed, match="SIGSEGV"):
        [piece async for piece in engine.stream(Utterance(text, voice, voice))]

    assert (await engine.synthesize(Utterance("Hello there.", "en-us", "en-us"))).duration_s > 0.5
    assert (await engine.health()).ready


async def test_no_text_in_any_language_keeps_it_from_the_next(engine: Engine) -> None:
    dice = random.Random(SEED)
    ends: Counter[str] = Counter()
    for voice in engine.voices():
        for _ in range(TEXTS_PER_LANGUAGE):
            text = "".join(dice.choices(SIGNS, k=dice.randint(1, LONGEST_SIGNS)))
            ends[await ended(engine, Utterance(text, voice.name, voice.locale))] += 1
        assert (await engine.synthesize(Utterance("1 2 3", voice.name, voice.locale))).duration_s > 0.1

    assert ends.keys() <= {"spoken", "refused", "crashed"}
    assert ends["spoken"] > 0.7 * ends.total()
    assert (await engine.health()).ready


async def ended(engine: Engine, utterance: Utterance) -> str:
    try:
        async with asyncio.timeout(30):
            await engine.synthesize(utterance)
    except EngineCrashed:
        return "crashed"
    except InvalidRequest:
        return "refused"
    except SegueError as error:
        return str(error)
    return "spoken"
