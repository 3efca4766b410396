"""Marks keep their places while the text around them is cleaned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import Marked, Pause, Span
from segue.speech.core.text.marks import MAX_MARKS, settled
from segue.speech.core.text.normalize import normalize


def placed(raw: str, position: int) -> tuple[str, str]:
    """The settled text before and after a pause."""
    marked = settled(Marked(raw, (Pause(position, 500),)))
    [pause] = marked.pauses
    return marked.text[: pause.position], marked.text[pause.position :]


@pytest.mark.parametrize(
    ("before", "after", "then"),
    [
        ("Hello ", "world", ("Hello ", "world")),
        ("  Hello   ", "  world", ("Hello ", "world")),
        ("Hello", "   world  ", ("Hello", " world")),
        ("", "  Hello", ("", "Hello")),
        ("Hello  ", "", ("Hello", "")),
        ("cafe\u0301 ", "noir", ("café ", "noir")),
        ("cafe", "\u0301 noir", ("café", " noir")),
        ("歡\u200b迎\ufeff", "回來", ("歡迎", "回來")),
    ],
)
def test_a_pause_stays_between_what_it_stood_between(before: str, after: str, then: tuple[str, str]) -> None:
    assert placed(before + after, len(before)) == then


def test_a_pause_beyond_the_end_is_at_the_end() -> None:
    assert placed("Hello", 99) == ("Hello", "")


def test_spans_move_with_their_text_and_those_of_nothing_go() -> None:
    marked = settled(Marked("  so   so  ", spans=(Span(7, 9, rate_ratio=2.0), Span(0, 2, rate_ratio=0.5))))

    assert marked == Marked("so so", spans=(Span(3, 5, rate_ratio=2.0),))


def test_a_name_is_lost_where_two_pauses_meet() -> None:
    marked = settled(Marked("so  so", (Pause(3, 300, "short"), Pause(4, 500, "medium"))))

    assert marked.pauses == (Pause(3, 800),)


def test_too_many_marks_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="1001 pauses and spans; the limit is 1000"):
        settled(Marked("so", (Pause(1, 1),) * (MAX_MARKS + 1)))


@given(
    st.lists(
        st.sampled_from(["a", " ", "\n", "e", "\u0301", "\u0323", "\u200b", "ᄒ", "ᅡ", "世", "."]), max_size=20
    )
)
def test_every_place_moves_to_a_place_and_never_past_its_neighbour(signs: list[str]) -> None:
    raw = "a" + "".join(signs)
    pauses = tuple(Pause(position, 1, str(position)) for position in range(len(raw) + 1))
    spans = tuple(Span(0, position + 1) for position in range(len(raw)))

    marked = settled(Marked(raw, pauses, spans))

    assert marked.text == normalize(raw)
    assert all(span.start == 0 and span.end <= len(marked.text) for span in marked.spans)
    assert marked.pauses[0].position == 0
    assert marked.pauses[-1].position == len(marked.text)


@pytest.mark.parametrize(
    ("before", "after", "then"),
    [
        ("價格１２", "００元", ("價格12", "00元")),
        ("第Ⅳ", "章", ("第IV", "章")),
        ("a ﬁne ", "day", ("a fine ", "day")),
        ("①②", "③", ("1 2", " 3")),
        ("Ⅷ cafe\u0301 ", "noir", ("VIII café ", "noir")),
    ],
)
def test_a_pause_keeps_its_place_where_signs_are_written_plainly(
    before: str, after: str, then: tuple[str, str]
) -> None:
    assert placed(before + after, len(before)) == then
