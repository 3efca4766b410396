"""How long a text may take: wide enough for any voice, narrow enough to notice what is missing."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segue.speech.core.text.pace import most_usual_s, plausible_duration


@pytest.mark.parametrize(
    ("text", "usual_s"),
    [
        ("The quick brown fox jumps over the lazy dog.", 2.7),
        ("How much wood would a woodchuck chuck if a woodchuck could chuck wood?", 4.2),
        ("戰爭,戰爭從未改變。", 2.3),
        ("こんにちは、元気ですか。", 2.0),
        ("7", 0.5),
        ("1,000,007", 1.8),
    ],
)
def test_what_a_person_needs_is_well_within(text: str, usual_s: float) -> None:
    bounds = plausible_duration(text)

    assert 2 * bounds.shortest_s < usual_s < bounds.longest_s / 2


@pytest.mark.parametrize("text", ["The quick brown fox jumps over the lazy dog.", "戰爭,戰爭從未改變。"])
def test_a_tenth_of_it_is_too_short_and_ten_times_it_too_long(text: str) -> None:
    bounds = plausible_duration(text)

    assert bounds.shortest_s > 0.2
    assert bounds.longest_s < 25


def test_a_slow_voice_may_take_longer_and_a_fast_one_less() -> None:
    text = "The quick brown fox jumps over the lazy dog."
    slow, usual, fast = (plausible_duration(text, rate_ratio) for rate_ratio in (0.5, 1.0, 2.0))

    assert slow.shortest_s > usual.shortest_s > fast.shortest_s
    assert slow.longest_s > usual.longest_s > fast.longest_s


def test_a_run_of_dots_is_one_pause() -> None:
    assert plausible_duration("a..........").longest_s == plausible_duration("a.").longest_s


def test_letters_spelled_out_take_their_time() -> None:
    spelled = plausible_duration("a b c d e f g h i j k l m n o p q r s t u v w x y z")

    assert spelled.longest_s > 15


def test_a_symbol_may_be_called_by_its_name_or_passed_over() -> None:
    plain, starred = plausible_duration("great"), plausible_duration("★★★★★ great")

    assert starred.longest_s > plain.longest_s + 5
    assert starred.shortest_s == plain.shortest_s


def test_digits_cannot_be_passed_over_but_zeros_may_be_one_word() -> None:
    assert plausible_duration("123456789").shortest_s > 0.5
    assert plausible_duration("1000000000").shortest_s < 0.1


def test_nobody_reads_a_word_of_four_hundred_letters_to_its_end() -> None:
    assert plausible_duration("x" * 400).shortest_s == plausible_duration("x" * 40).shortest_s


def test_nobody_reads_a_number_of_four_hundred_digits_to_its_end() -> None:
    """eSpeak NG was measured to stop after 12.4 s, whether the digits are 100, 400 or 4,000."""
    assert plausible_duration("9" * 400).shortest_s < 12.4
    assert plausible_duration("9" * 40).shortest_s == plausible_duration("9" * 400).shortest_s > 2.0


@given(st.one_of(st.text(), st.text(st.sampled_from("abz AZ09.,!%_-é字かア가"))))
@example("a-b c\td")
@example("a b c d e")
@example("I AM IN IT")
def test_the_quick_bound_is_never_too_low(text: str) -> None:
    assert most_usual_s(text) >= plausible_duration(text).usual_s


def test_the_quick_bound_of_prose_is_no_more_than_three_times_its_length() -> None:
    prose = "The quick brown fox jumps over the lazy dog, and nobody in the village minds. " * 60
    assert most_usual_s(prose) < 3 * plausible_duration(prose).usual_s
