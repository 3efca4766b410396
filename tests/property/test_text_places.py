"""What is looked up in order gives what looking everywhere gives."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from segue.speech.core.speech import Marked, Pause, Pronunciation, Span
from segue.speech.core.text.graphemes import is_apart
from segue.speech.core.text.lexicon import Entry, Lexicon
from segue.speech.core.text.marks import settled
from segue.speech.core.text.normalize import normalize
from segue.speech.core.text.runs import pronounced
from segue.speech.core.text.spans import SpansInTurn

SIGNS = "ab 字丁.e\u0301\u0323한\u1112\u1161\u11ab\u09c7\u09be①ﬁA"
texts = st.text(st.sampled_from(SIGNS), max_size=30)
words = st.lists(st.text(st.sampled_from("ab字丁 "), min_size=1, max_size=4), max_size=6)
joined = frozenset("abcdefghijklmnopqrstuvwxyz")


def stands_whole(text: str, start: int, end: int) -> bool:
    def goes_on(at: int) -> bool:
        return 0 < at < len(text) and text[at - 1] in joined and text[at] in joined

    return not goes_on(start) and not goes_on(end)


@given(st.text(st.sampled_from("ab字丁 AB"), max_size=40), words)
def test_the_longest_phrase_at_each_place_is_found(text: str, phrases: list[str]) -> None:
    lowered, expected, at = text.lower(), [], 0
    while at < len(text):
        here = [
            at + len(phrase)
            for phrase in phrases
            if lowered.startswith(phrase, at) and stands_whole(lowered, at, at + len(phrase))
        ]
        expected += [(at, max(here))] if here else []
        at = max([at + 1, *here])

    lexicon = Lexicon(Entry(phrase) for phrase in phrases)

    assert [(found.start, found.end) for found in lexicon.find(text, "en")] == expected
    assert lexicon.touches(text) == bool(expected)
    assert all(lexicon.has(phrase) for phrase in phrases)


@given(texts)
def test_text_is_composed_alike_in_parts_that_are_apart(text: str) -> None:
    for at in range(1, len(text)):
        if is_apart(text, at):
            parts = [unicodedata.normalize("NFC", part) for part in (text[:at], text[at:])]
            assert "".join(parts) == unicodedata.normalize("NFC", text)


@given(st.text(st.sampled_from("ab字 e\u0301\u0323\u1112\u1161\u11ab\u09c7\u09be"), max_size=30), st.data())
def test_a_pause_stands_after_what_stood_before_it(text: str, data: st.DataObject) -> None:
    text = f"a{text}b"
    places = data.draw(st.lists(st.integers(0, len(text)), max_size=5, unique=True))

    marked = settled(Marked(text, tuple(Pause(place, 10) for place in places)))

    clean = normalize(text)
    before = [" ".join(text[:place].split()) + (" " if text[:place][-1:].isspace() else "") for place in places]
    expected = {min(len(unicodedata.normalize("NFC", part)), len(clean)) for part in before}
    assert {pause.position for pause in marked.pauses} == expected


spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10)), max_size=8).map(
    lambda drawn: tuple(Span(start, start + length) for start, length in drawn)
)


@given(spans, st.lists(st.integers(0, 40), max_size=8, unique=True).map(sorted))
def test_spans_in_turn_are_those_over_each_part(drawn: tuple[Span, ...], places: list[int]) -> None:
    in_turn = SpansInTurn(drawn)

    for start, end in pairwise(places):
        ordered = sorted(drawn, key=lambda span: span.start)
        assert in_turn.over(start, end) == [span for span in ordered if span.start < end and start < span.end]


@given(st.text(st.sampled_from("ab "), max_size=30), spans)
def test_a_phrase_is_pronounced_only_where_no_span_is(text: str, drawn: tuple[Span, ...]) -> None:
    said, own = Pronunciation("a", "a"), Pronunciation("", "b")
    marked = tuple(Span(span.start, span.end, pronunciation=own) for span in drawn if span.end <= len(text))

    runs = pronounced(text, (said,), marked)

    at = 0
    for run in runs:
        end = at + len(run.text)
        if run.said == said:
            assert not any(at < span.end and span.start < end for span in marked)
        at = end
