"""Written forms are put in the words that the tables give, and nothing else is touched."""

from __future__ import annotations

import pytest

from segue.speech.core.speech import NEUTRAL
from segue.speech.core.text.normalize import normalize
from segue.speech.core.text.verbalize.words import has_forms, in_words
from support.written_forms import WrittenForm, written_forms

FORMS = written_forms()
LEAST_FORMS = {"en": 200, "zh-TW": 200, "zh-CN": 30, "stays-en": 30, "stays-zh": 30}


def said(text: str, locale: str = "en-US") -> str:
    return in_words(normalize(text), NEUTRAL, locale).text


@pytest.mark.parametrize("table", LEAST_FORMS)
def test_a_table_is_long_and_names_no_form_twice(table: str) -> None:
    texts = [form.text for form in written_forms(table)]

    assert len(texts) >= LEAST_FORMS[table]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.table}: {form.text[:40]!r}")
def test_a_form_is_said_as_its_table_says(form: WrittenForm) -> None:
    assert said(form.text, form.locale) == form.said


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.table}: {form.text[:40]!r}")
def test_what_is_said_for_a_form_is_said_as_it_stands(form: WrittenForm) -> None:
    assert said(form.said, form.locale) == form.said


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.table}: {form.text[:40]!r}")
def test_the_quick_look_misses_no_form(form: WrittenForm) -> None:
    text = normalize(form.text)

    assert has_forms(text) or said(text, form.locale) == text


@pytest.mark.parametrize("form", written_forms("en", "stays-en"), ids=lambda form: repr(form.text[:40]))
@pytest.mark.parametrize("locale", ["de-DE", "fr-FR", "ja-JP", "es-ES", "yue-HK"])
def test_texts_for_voices_of_other_languages_stay(form: WrittenForm, locale: str) -> None:
    assert said(form.text, locale) == normalize(form.text)


@pytest.mark.parametrize("locale", ["en", "en-GB", "en-029", "en-us"])
def test_the_rules_are_those_of_the_language_whatever_the_region(locale: str) -> None:
    assert said("$5", locale) == "5 dollars"


@pytest.mark.parametrize("locale", ["cmn", "cmn-TW", "zh-TW", "cmn-Hant-TW"])
def test_chinese_that_may_be_either_is_written_in_traditional_characters(locale: str) -> None:
    assert said("8:30", locale) == "8點30分"


@pytest.mark.parametrize("locale", ["cmn-CN", "zh-Hans", "zh-SG"])
def test_chinese_for_a_voice_of_the_mainland_is_written_in_simplified_characters(locale: str) -> None:
    assert said("8:30", locale) == "8点30分"


def test_the_text_goes_before_the_voice_in_what_characters_are_written() -> None:
    assert said("開會8:30", "cmn-CN") == "開會8點30分"
    assert said("开会8:30", "cmn-TW") == "开会8点30分"
