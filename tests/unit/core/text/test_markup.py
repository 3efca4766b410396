"""Pause tags of Google's markup and ElevenLabs' breaks; everything else is text."""

from __future__ import annotations

import pytest

from segue.core.errors import InvalidRequest
from segue.core.speech import Marked, Pause
from segue.core.text.markup import read_breaks, read_pause_tags


def test_pause_tags_are_named_pauses() -> None:
    assert read_pause_tags("Well [pause short] hello, [pause] 你好。[pause long]") == Marked(
        "Well hello, 你好。",
        (Pause(5, 300, "short"), Pause(12, 500, "medium"), Pause(15, 1000, "long")),
    )


def test_two_tags_together_are_one_pause_as_long_as_both() -> None:
    assert read_pause_tags("Well [pause][pause long] hello").pauses == (Pause(5, 1500),)


@pytest.mark.parametrize(
    "text", ["[pause brief] hi", "[PAUSE] hi", "[pause  long] hi", "[[pause hi", "<break/> hi"]
)
def test_what_is_no_tag_is_text(text: str) -> None:
    assert read_pause_tags(text).pauses == ()


def test_breaks_have_a_time() -> None:
    assert read_breaks("Hi <break time=\"1.5s\"/> there<break time='250ms' /> you") == Marked(
        "Hi there you", (Pause(3, 1500), Pause(8, 250))
    )


def test_a_break_longer_than_three_seconds_is_shortened_and_said() -> None:
    marked = read_breaks('Hi <break time="9.0s"/> there')

    assert marked.pauses == (Pause(3, 3000),)
    assert [str(loss) for loss in marked.losses] == ["pause 9000 ms applied as 3000 ms: a break lasts up to 3 s"]


@pytest.mark.parametrize(
    "text", ["hi <break/>", 'hi <break strength="weak"/>', "1 < 2 & <b>", '<break time="x"/> hi']
)
def test_other_markup_is_text(text: str) -> None:
    assert read_breaks(text) == Marked(text)


def test_pauses_alone_are_nothing_to_say() -> None:
    with pytest.raises(InvalidRequest, match="nothing that can be spoken"):
        read_breaks('<break time="1s"/>')


def test_an_hour_of_pauses_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="the limit is 300 s"):
        read_breaks("hi" + '<break time="3s"/>' * 1000)


def test_a_long_text_of_beginnings_is_read_in_no_time() -> None:
    assert read_breaks("a" + "<break time=" * 300).pauses == ()
