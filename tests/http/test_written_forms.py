"""Amounts, dates and the like are in words for an engine that does not read them, as written for the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from segue.kernel.errors import Unavailable
from segue.speech.core.speech import PhoneticAlphabet
from segue.speech.core.text.normalize import normalize
from segue.testing.engine import Interrupted
from support.service import SYNTHESIZE, staged
from support.written_forms import written_forms

if TYPE_CHECKING:
    from pathlib import Path

    from support.service import Stage

NO_CACHE = {"SEGUE_CACHE_MEMORY_BYTES": "0", "SEGUE_CACHE_DISK_BYTES": "0"}
TEXT = "It costs $49.95 at 8:00."
WORDS = "It costs 49 dollars and 95 cents at 8 o'clock."
DOORS: dict[str, tuple[str, dict[str, Any]]] = {
    "native": (SYNTHESIZE, {"text": TEXT, "character_key": "pip_boy"}),
    "native ssml": (
        SYNTHESIZE,
        {"text": f"<speak>{TEXT}</speak>", "text_type": "ssml", "character_key": "pip_boy"},
    ),
    "openai": ("/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": TEXT}),
    "elevenlabs": ("/v1/text-to-speech/pip_boy", {"text": TEXT}),
    "google": (
        "/v1/text:synthesize",
        {"input": {"text": TEXT}, "voice": {"languageCode": "en-US"}, "audioConfig": {"audioEncoding": "MP3"}},
    ),
}


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """Of whose engines the baseline's reads no written forms itself."""
    stage.calm.capabilities = replace(stage.calm.capabilities, verbalizes=False, skipped_signs=frozenset("→"))
    return stage


def asked(stage: Stage) -> list[str]:
    return [utterance.text for utterance in (*stage.calm.asked, *stage.bold.asked)]


@pytest.mark.parametrize("door", DOORS)
async def test_an_engine_that_reads_none_is_asked_for_words_at_every_door(stage: Stage, door: str) -> None:
    path, body = DOORS[door]
    await stage.steer(enabled=False)

    answer = await stage.client.post(path, json=body)

    assert answer.status_code == 200, answer.text
    assert asked(stage) == [WORDS]


async def test_each_arm_gets_the_text_that_its_engine_reads(stage: Stage) -> None:
    for arm in ("baseline", "candidate"):
        assert (await stage.say(TEXT, force_voice_model=arm)).status_code == 200

    assert [one.text for one in stage.calm.asked] == [WORDS]
    assert [one.text for one in stage.bold.asked] == [TEXT]


async def test_a_fallback_is_said_in_the_words_of_the_arm_that_says_it(stage: Stage) -> None:
    stage.bold.always = Unavailable("down")

    answer = await stage.say(TEXT, force_voice_model="candidate")

    assert answer.status_code == 200
    assert [one.text for one in stage.calm.asked] == [WORDS]


async def test_a_stream_that_breaks_off_goes_on_with_the_next_line_in_words(stage: Stage) -> None:
    lines = [f"Line {word} costs $49.95 and is long enough to be a line of its own, I hope so." for word in "abcd"]
    stage.bold.script.extend([0.0, Interrupted(0.5, Unavailable("gone"))])
    body = {"text": " ".join(lines), "model_id": "bold"}

    answer = await stage.client.post("/v1/text-to-speech/pip_boy/stream", json=body)

    assert answer.status_code == 200
    said = " ".join(one.text for one in stage.calm.asked)
    assert said.startswith("Line ")
    assert "$" not in said
    assert said.endswith("costs 49 dollars and 95 cents and is long enough to be a line of its own, I hope so.")


async def test_the_same_words_are_the_same_entry_of_the_cache(stage: Stage) -> None:
    first = await stage.say(TEXT, force_voice_model="baseline")
    again = await stage.say(WORDS, force_voice_model="baseline")

    assert first.json()["cached"] is False
    assert again.json()["cached"] is True
    assert len(stage.calm.asked) == 1


async def test_a_phrase_with_a_pronunciation_stays_as_it_is(stage: Stage) -> None:
    stage.calm.capabilities = replace(stage.calm.capabilities, alphabets=frozenset({PhoneticAlphabet.IPA}))
    said = {"phrase": "8:00", "pronunciation": "eɪt"}

    await stage.say(TEXT, force_voice_model="baseline", custom_pronunciations=[said])

    assert asked(stage) == ["It costs 49 dollars and 95 cents at 8:00."]


async def test_pauses_stay_where_they_were_asked_for(stage: Stage) -> None:
    at = TEXT.index("at")

    await stage.say(
        TEXT, force_voice_model="baseline", voice_controls={"pauses": [{"position": at, "duration": "300ms"}]}
    )

    assert asked(stage) == ["It costs 49 dollars and 95 cents", "at 8 o'clock."]


async def test_a_sign_that_is_passed_over_is_named(stage: Stage) -> None:
    answer = (await stage.say("A → B", force_voice_model="baseline")).json()

    assert answer["warnings"] == ["sign → not applied: this voice says nothing for them"]


async def test_nothing_is_said_of_signs_that_became_words(stage: Stage) -> None:
    stage.calm.capabilities = replace(stage.calm.capabilities, skipped_signs=frozenset("$→"))

    assert (await stage.say(TEXT, force_voice_model="baseline")).json()["warnings"] == []


@pytest.mark.timeout(180)
async def test_forms_are_asked_for_as_the_table_says(tmp_path: Path) -> None:
    async with staged(tmp_path, **NO_CACHE) as stage:
        stage.calm.capabilities = replace(stage.calm.capabilities, verbalizes=False)
        for form in written_forms("en")[::3]:
            stage.calm.asked.clear()
            answer = await stage.say(form.text, force_voice_model="baseline", text_format="plain")
            assert answer.status_code == 200, form.text
            assert "".join(asked(stage)).replace(" ", "") == normalize(form.said).replace(" ", ""), form.text
