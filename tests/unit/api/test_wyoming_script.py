"""Texts in chunks, taken out in sentences."""

from __future__ import annotations

import asyncio

import pytest

from segue.api.wyoming.script import Script
from segue.kernel.errors import InvalidRequest
from segue.speech.core.text.written import TextFormat

MAX_CHARS = 5000


async def parts(*chunks: str, whole_first: bool = False, keeps_marks: bool = False) -> list[str]:
    """What is taken out, where the chunks come one after the other and whoever takes is quick."""
    script = Script(MAX_CHARS, whole_first=whole_first, keeps_marks=keeps_marks)
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
    assert await parts("…\n", "Yes.\n", "---\n") == ["Yes.\n"]
    assert await parts("Yes.\n", "🙂\n") == ["Yes.\n", "🙂\n"]


async def test_what_nobody_can_speak_is_given_at_the_end_where_it_is_all() -> None:
    assert await parts("…") == ["…"]
    assert await parts("…\n", "...", " ?!") == ["…\n... ?!"]
    assert await parts("") == [""]


async def test_markup_is_taken_whole() -> None:
    assert await parts("<speak>One. ", "Two.</speak>", whole_first=True) == ["<speak>One. Two.</speak>"]


def test_a_text_is_bounded_as_a_whole() -> None:
    script = Script(10)
    script.add("12345678")
    with pytest.raises(InvalidRequest, match="more than 10 characters"):
        script.add("901")


def in_bits(text: str, chars: int = 3) -> list[str]:
    return [text[start : start + chars] for start in range(0, len(text), chars)]


async def test_blank_lines_go_with_what_follows_them() -> None:
    assert await parts("\n\nOne\n", "\nTwo is", " two.\n\n") == ["One", "\n\nTwo is two."]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("This is **bold. And more** text. Yes.", ["This is **bold. And more** text.", " Yes."]),
        (
            "See [the manual. It](https://a.b/c.d) helps. Yes.",
            ["See [the manual. It](https://a.b/c.d) helps.", " Yes."],
        ),
        (
            "Here:\n```py\na = 1.\n\nb = 2\n```\nThat is all. Yes.",
            ["Here:\n", "```py\na = 1.\n\nb = 2\n```\nThat is all.", " Yes."],
        ),
        ("## One\nTwo. Three", ["## One\n", "Two.", " Three"]),
        ("**Never closed. But it ends\nhere. Yes", ["**Never closed. But it ends\n", "here.", " Yes"]),
    ],
)
async def test_no_mark_is_torn_however_the_text_comes(text: str, pieces: list[str]) -> None:
    assert await parts(*in_bits(text), keeps_marks=True) == pieces
    assert "".join(await parts(*in_bits(text, 1), keeps_marks=True)) == text


async def test_an_open_mark_waits_for_its_end_though_its_writer_pauses() -> None:
    script = Script(MAX_CHARS, keeps_marks=True)
    script.add("It is **very good. And")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.8):
            await script.next()
    script.add(" true.**")
    script.end()

    assert await script.next() == "It is **very good. And true.**"


def test_after_markdown_beyond_doubt_all_of_it_is_markdown() -> None:
    script = Script(MAX_CHARS)

    assert script.format_of("- milk", TextFormat.AUTO) is TextFormat.AUTO
    assert script.format_of("## Heading", TextFormat.AUTO) is TextFormat.MARKDOWN
    assert script.format_of("- milk", TextFormat.AUTO) is TextFormat.MARKDOWN
    assert script.format_of("- milk", TextFormat.PLAIN) is TextFormat.PLAIN
