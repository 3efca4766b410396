"""Whatever a text holds: written forms in words keep marks in order, and are said alike in pieces."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from segue.api.google_grpc.sentences import Scrap, Sentences
from segue.speech.core.speech import NEUTRAL, Controls, Pause, Span
from segue.speech.core.text.breaks import find_breaks
from segue.speech.core.text.normalize import normalize
from segue.speech.core.text.verbalize import english, mandarin
from segue.speech.core.text.verbalize.forms import Rule, rules_for
from segue.speech.core.text.verbalize.words import LANGUAGES, has_forms, in_words
from support.written_forms import WrittenForm, written_forms

FORMS = written_forms()
FRAGMENTS = [form.text for form in FORMS]
SIGNS = "0123456789.,:/-–~～$€£¥%°×÷±−+=<>^²½#@&'\"()（）。，零一二兩個年月日度到點第 abkmIVXMrDrStNovGBCF"

AROUND = {
    "en-US": ("Well. ", " Then we left. Bye."),
    "cmn": ("好。", "然後走了。再見。"),
    "zh-CN": ("好。", "然后走了。再见。"),
}
"""Sentences before and behind a form, by the locale that it is for."""
RULES = [english.RULES, mandarin.TRADITIONAL, mandarin.SIMPLIFIED]
BETWEEN = {
    "en-US": (". Then ", ", or ", "; "),
    "zh-TW": ("。然後", "，還有", "；"),
    "zh-CN": ("。然后", "，还有", "；"),
}

parts = st.one_of(st.sampled_from(FRAGMENTS), st.text(st.sampled_from(SIGNS), max_size=8))
written = st.lists(parts, max_size=8)
signs = st.text(st.sampled_from(SIGNS), max_size=40)
texts = st.one_of(written.map(" ".join), written.map("".join), signs, st.text())
locales = st.sampled_from(["en-US", "en-GB", "zh-TW", "zh-CN", "cmn", "de-DE", "yue-HK", ""])


def said(text: str, locale: str) -> str:
    return in_words(text, NEUTRAL, locale).text


@given(texts, locales)
@example("٢٥/٣٠ ٥kg $٥ ٨:٠٠", "en-US")
@example("１２：３０ ²³ ①", "zh-TW")
def test_any_text_has_words(text: str, locale: str) -> None:
    assert said(text, locale) or not text


@given(texts, locales)
@example("٥ kg, ٥٥٥-١٢٣٤", "en-US")
@example("٥ kg, ５５５-１２３４", "zh-TW")
def test_texts_in_which_nothing_is_seen_at_a_glance_stay(text: str, locale: str) -> None:
    assert has_forms(text) or said(text, locale) == text


@given(texts, st.sampled_from(RULES))
def test_rules_that_are_left_out_find_nothing(text: str, rules: tuple[Rule, ...]) -> None:
    assume(
        all(sign.isascii() or not sign.isdecimal() for sign in text)
    )  # digits of other scripts stay as they are
    left_out = set(rules) - set(rules_for(text, rules))
    assert [rule.pattern.pattern for rule in left_out if rule.pattern.search(text)] == []


@given(st.sampled_from(sorted(BETWEEN)), st.data())
def test_what_is_said_is_said_as_it_stands(locale: str, data: st.DataObject) -> None:
    """Of texts as people write them; signs thrown together may mean something else once some of them are words."""
    forms = st.sampled_from([form.text for form in FORMS if (form.locale == "en-US") is (locale == "en-US")])
    between = data.draw(st.sampled_from(BETWEEN[locale]))
    text = normalize(between.join(data.draw(st.lists(forms, max_size=6))))

    once = said(text, locale)

    assert said(once, locale) == once


@given(texts)
def test_texts_of_letters_alone_stay(text: str) -> None:
    letters = "".join(sign for sign in text.lower() if sign.isalpha() and not sign.isascii())

    assert all(said(letters, locale) == letters for locale in LANGUAGES)


@given(texts, locales, st.data())
def test_marks_stay_in_order_and_inside_the_text(text: str, locale: str, data: st.DataObject) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    spans = tuple(Span(start, end, 1.1) for start, end in pairwise(places) if start < end)
    controls = Controls(pauses=tuple(Pause(place, 10) for place in places), spans=spans)

    found = in_words(text, controls, locale)

    moved = [pause.position for pause in found.controls.pauses]
    assert moved == sorted(moved)
    assert all(0 <= place <= len(found.text) for place in moved)
    for before, after in zip(spans, found.controls.spans, strict=True):
        assert text[: before.start] == "" or 0 <= after.start < after.end <= len(found.text)


@given(texts, locales, st.data())
def test_what_is_to_be_kept_is_still_there(text: str, locale: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    found = in_words(text, NEUTRAL, locale, [(start, end)])

    first = found.shifts.forward(start)
    assert start == end or found.text[first : first + end - start] == text[start:end]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.table}: {form.text[:40]!r}")
def test_a_stream_of_words_is_said_as_the_whole_text_is(form: WrittenForm) -> None:
    """What engines are asked is made of sentences as they come: none ends inside of a form."""
    after = "And then we left." if form.locale == "en-US" else "然後走了。"
    text = normalize(f"{form.text} {after}")
    sentences = Sentences()
    words = re.findall(r"\s?\S+", text)
    pieces = [piece for word in words for piece in sentences.push(Scrap("text", word))]
    pieces += sentences.rest()

    spoken = [said(normalize(piece.text), form.locale) for piece in pieces]

    assert "".join("".join(spoken).split()) == "".join(said(text, form.locale).split())


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.table}: {form.text[:40]!r}")
def test_pieces_cut_at_the_ends_of_sentences_are_said_as_the_whole_text_is(form: WrittenForm) -> None:
    before, after = AROUND[form.locale]
    text = normalize(f"{before}{form.text}{after}")

    for ends in find_breaks(text)[1:]:
        pieces = [text[start:end] for start, end in pairwise([0, *ends, len(text)])]
        spoken = [said(normalize(piece), form.locale) for piece in pieces]
        assert "".join("".join(spoken).split()) == "".join(said(text, form.locale).split())
