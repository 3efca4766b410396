"""What authors have marked is not put in other words, and marks stay with what they stood at."""

from __future__ import annotations

import pytest

from segue.speech.core.speech import NEUTRAL, Controls, Pause
from segue.speech.core.text.ssml import read_ssml
from segue.speech.core.text.verbalize.english_words import cardinal, decade, ordinal, ordinal_digits, roman, year
from segue.speech.core.text.verbalize.mandarin_words import number, words
from segue.speech.core.text.verbalize.words import InWords, in_words


def of_ssml(ssml: str, locale: str = "en-US") -> InWords:
    marked = read_ssml(f"<speak>{ssml}</speak>")
    return in_words(marked.text, NEUTRAL.marked_by(marked), locale)


def parts(found: InWords) -> list[str]:
    return [found.text[span.start : span.end] for span in found.controls.spans]


def test_pauses_stay_before_what_they_stood_before() -> None:
    text = "It is $5 at 8:00 now."
    controls = Controls(pauses=tuple(Pause(text.index(word), 100) for word in ("$5", "at", "8:00", "now")))

    found = in_words(text, controls, "en-US")

    assert found.text == "It is 5 dollars at 8 o'clock now."
    places = [found.text.index(word) for word in ("5 dollars", "at", "8 o'clock", "now")]
    assert [pause.position for pause in found.controls.pauses] == places


def test_spans_hold_what_is_said_for_what_they_held() -> None:
    assert parts(of_ssml('<prosody rate="slow">It costs $5</prosody> at <emphasis>8:00</emphasis>.')) == [
        "It costs 5 dollars",
        "8 o'clock",
    ]


@pytest.mark.parametrize(
    "ssml", ["$<break time='1s'/>5", "<emphasis>$4</emphasis>9.95", "8:<emphasis>00</emphasis>"]
)
def test_a_form_that_a_mark_divides_stays(ssml: str) -> None:
    assert "dollar" not in of_ssml(ssml).text
    assert "o'clock" not in of_ssml(ssml).text


@pytest.mark.parametrize(
    ("ssml", "said"),
    [
        ('<say-as interpret-as="characters">8:00</say-as> at 8:00', "8 : 0 0 at 8 o'clock"),
        ('<say-as interpret-as="cardinal">1066</say-as>, in 1066.', "1066, in 10 66."),
        ('<say-as interpret-as="date" format="dm">3/4</say-as> or 3/4', "3/4 or three quarters"),
        ('<sub alias="$5">five</sub> or $5', "$5 or 5 dollars"),
        ('<phoneme alphabet="ipa" ph="faɪv">$5</phoneme> or $5', "5 dollars or 5 dollars"),
        ('<say-as interpret-as="time">8:00</say-as>', "8 o'clock"),
        ('<say-as interpret-as="unit">5 kg</say-as>', "5 kilograms"),
    ],
)
def test_what_an_author_has_marked_wins(ssml: str, said: str) -> None:
    assert of_ssml(ssml).text == said


def test_parts_that_are_to_be_kept_are() -> None:
    assert in_words("5 kg or 5 kg", NEUTRAL, "en-US", [(0, 4)]).text == "5 kg or 5 kilograms"


def test_places_are_found_there_and_back() -> None:
    found = in_words("It is $5 now.", NEUTRAL, "en-US")

    assert found.text.index("now") == found.shifts.forward("It is $5 now.".index("now"))
    assert found.shifts.back(found.text.index("now")) == "It is $5 now.".index("now")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "零"),
        (10, "十"),
        (11, "十一"),
        (20, "二十"),
        (101, "一百零一"),
        (110, "一百一十"),
        (1005, "一千零五"),
        (10_000, "一萬"),
        (10_005, "一萬零五"),
        (10_500, "一萬零五百"),
        (15_000, "一萬五千"),
        (100_000, "十萬"),
        (1_000_001, "一百萬零一"),
        (100_000_005, "一億零五"),
        (100_010_000, "一億零一萬"),
        (100_005_000, "一億零五千"),
        (123_456_789, "一億兩千三百四十五萬六千七百八十九"),
        (1_000_000_000_000, "一兆"),
    ],
)
def test_chinese_numbers_in_words(value: int, said: str) -> None:
    assert words(value) == said


@pytest.mark.parametrize(
    ("digits", "said"),
    [("1,200", "1200"), ("3.14", "3.14"), ("2.0", "二點零"), ("007", "007"), ("1" * 20, "1" * 20)],
)
def test_digits_that_are_read_right_stay(digits: str, said: str) -> None:
    assert number(digits) == said


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("I", 1),
        ("IV", 4),
        ("VIII", 8),
        ("XIV", 14),
        ("XL", 40),
        ("LVIII", 58),
        ("XCIX", 99),
        ("IIX", None),
        ("VV", None),
    ],
)
def test_roman_numerals_are_those_that_are_written_so(numeral: str, value: int | None) -> None:
    assert roman(numeral) == value


def test_every_number_up_to_99_has_words_of_its_own() -> None:
    assert len({cardinal(value) for value in range(100)}) == 100
    assert len({ordinal(value) for value in range(100)}) == 100
    assert [ordinal(value) for value in (1, 2, 3, 5, 12, 20, 21)] == [
        "first",
        "second",
        "third",
        "fifth",
        "twelfth",
        "twentieth",
        "twenty-first",
    ]
    assert [ordinal_digits(value) for value in (1, 2, 3, 11, 12, 13, 21)] == [
        "1st",
        "2nd",
        "3rd",
        "11th",
        "12th",
        "13th",
        "21st",
    ]


def test_years_are_said_in_halves_where_their_numbers_are_not_read_so() -> None:
    said = {
        "1999": "19 99",
        "1905": "19 oh 5",
        "1900": "19 hundred",
        "2026": "2026",
        "1005": "1005",
        "1066": "10 66",
    }

    assert {written: year(written) for written in said} == said
    assert decade(19, 9) == "nineteen nineties"
    assert decade(20, 0) == "two thousands"
