"""Pause tags of Google's markup and ElevenLabs' breaks; everything else is text."""

from __future__ import annotations

import pytest

from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import Marked, Pause, Pronunciation, Span
from segue.speech.core.text.markup import read_pause_tags, read_tagged


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
    assert read_tagged("Hi <break time=\"1.5s\"/> there<break time='250ms' /> you") == Marked(
        "Hi there you", (Pause(3, 1500), Pause(8, 250))
    )


def test_a_break_longer_than_three_seconds_is_shortened_and_said() -> None:
    marked = read_tagged('Hi <break time="9.0s"/> there')

    assert marked.pauses == (Pause(3, 3000),)
    assert [str(loss) for loss in marked.losses] == [
        "pause 9000 ms applied as 3000 ms: a break may be up to 3 s long"
    ]


@pytest.mark.parametrize("text", ["1 < 2 & <b>", "<breakfast/> hi", "hi <phonemes>", "hi <break time=1>"])
def test_other_markup_is_text(text: str) -> None:
    assert read_tagged(text) == Marked(text)


@pytest.mark.parametrize(
    ("tag", "pause"),
    [
        ("<break/>", Pause(3, 500, "medium")),
        ('<break strength="weak" />', Pause(3, 300, "short")),
        ('<break time="2s">', Pause(3, 2000)),
        ("</break>", None),
    ],
)
def test_a_break_in_any_spelling_is_none_of_the_words(tag: str, pause: Pause | None) -> None:
    assert read_tagged(f"Hi {tag} there") == Marked("Hi there", () if pause is None else (pause,))


def test_a_break_that_says_nothing_is_left_out_and_told() -> None:
    marked = read_tagged('Hi <break time="soon"/> there')

    assert marked.text == "Hi there"
    assert [loss.control for loss in marked.losses] == ["pause"]


def test_phonemes_are_of_the_words_that_they_stand_around() -> None:
    marked = read_tagged('Say <phoneme alphabet="ipa" ph="təˈmɑːtəʊ">tomato</phoneme>, please')

    assert marked == Marked("Say tomato, please", (), (Span(4, 10, pronunciation=Pronunciation("", "təˈmɑːtəʊ")),))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<phoneme alphabet="cmu-arpabet" ph="T AH0">to</phoneme> you', "to you"),
        ('<phoneme alphabet="ipa" ph="">to</phoneme> you', "to you"),
        ('a <phoneme alphabet="ipa" ph="a">to you', "a to you"),
        ("a <phoneme>to</phoneme> you", "a to you"),
    ],
)
def test_phonemes_that_cannot_be_are_left_out_and_told(text: str, said: str) -> None:
    marked = read_tagged(text)

    assert (marked.text, marked.spans) == (said, ())
    assert [loss.control for loss in marked.losses] == ["phoneme"]


def test_pauses_alone_are_a_silence() -> None:
    assert read_tagged('<break time="1s"/>') == Marked("", (Pause(0, 1000),))


def test_an_hour_of_pauses_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="the limit is 300 s"):
        read_tagged("hi" + '<break time="3s"/>' * 1000)


def test_a_long_text_of_beginnings_is_read_in_no_time() -> None:
    assert read_tagged("a" + "<break time=" * 300).pauses == ()
