"""Texts in chunks, taken out in sentences."""

from __future__ import annotations

import asyncio

import pytest

from segue.api.wyoming.script import Script
from segue.core.errors import InvalidRequest

MAX_CHARS = 5000


async def parts(*chunks: str, whole_first: bool = False) -> list[str]:
    """What is taken out, where the chunks come one after the other and whoever takes is quick."""
    script = Script(MAX_CHARS, whole_first=whole_first)
    found: list[str] = []

    async def take() -> None:
        while (part := await script.next()) is not None:
            found.append(part)

    async with asyncio.TaskGroup() as group:
        group.create_task(take())
        for chunk in chunks:
            script.add(chunk)
            for _ in range(5):
                await asyncio.sleep(0)
        script.end()
    return found


async def test_a_sentence_is_whole_when_the_next_one_begins() -> None:
    assert await parts("One", " is", " one.", " Two", " is two.") == ["One is one.", " Two is two."]


async def test_a_number_that_is_still_being_written_is_not_cut() -> None:
    assert await parts("It is 3.", "14 or so.", " Yes.") == ["It is 3.14 or so.", " Yes."]


async def test_an_abbreviation_ends_nothing() -> None:
    assert await parts("Ask Dr. ", "Li now. ", "Please.") == ["Ask Dr. Li now.", " Please."]


async def test_chinese_sentences_need_no_blanks() -> None:
    assert await parts("今天很", "好。「走", "吧！」他說。", "好") == ["今天很好。", "「走吧！」", "他說。", "好"]


async def test_a_line_is_a_sentence() -> None:
    assert await parts("- milk\n- br", "ead\n") == ["- milk\n", "- bread\n"]


async def test_what_waits_is_taken_all_at_once() -> None:
    assert await parts("One. Two. Three. Four") == ["One. Two. Three.", " Four"]


async def test_a_sentence_is_whole_when_its_writer_pauses() -> None:
    script = Script(MAX_CHARS)
    script.add("One moment.")
    async with asyncio.timeout(5):
        assert await script.next() == "One moment."


async def test_half_a_sentence_waits_for_its_other_half() -> None:
    script = Script(MAX_CHARS)
    script.add("One mo")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.8):
            await script.next()


async def test_a_text_without_an_end_is_taken_when_it_is_long() -> None:
    assert [len(part) for part in await parts(*["word "] * 300)] == [1005, 495]


async def test_what_nobody_can_speak_is_left_out() -> None:
    assert await parts("…\n", "Yes.\n", "🙂\n") == ["Yes.\n"]
    assert await parts("…") == []


async def test_markup_is_taken_whole() -> None:
    assert await parts("<speak>One. ", "Two.</speak>", whole_first=True) == ["<speak>One. Two.</speak>"]


def test_a_text_is_bounded_as_a_whole() -> None:
    script = Script(10)
    script.add("12345678")
    with pytest.raises(InvalidRequest, match="more than 10 characters"):
        script.add("901")
