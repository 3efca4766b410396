"""Phrases are found whole, at once, in every script; what is to be read for them moves no mark out of place."""

from __future__ import annotations

from time import process_time

import pytest

from segue.kernel.arms import Unit, UnitSource
from segue.speech.core.speech import (
    NEUTRAL,
    AudioFormat,
    Controls,
    Pause,
    Pronunciation,
    Span,
    SpeechRequest,
)
from segue.speech.core.text.lexicon import Entry, Lexicon
from segue.speech.core.text.runs import Run, pronounced, with_words_of

GHOUL = Pronunciation("ghoul", "ɡuːl")


def phrases(lexicon: Lexicon, text: str, language: str = "en-US") -> list[str]:
    return [text[found.start : found.end] for found in lexicon.find(text, language)]


def request(text: str, *said: Pronunciation, controls: Controls = NEUTRAL) -> SpeechRequest:
    unit = Unit("someone", UnitSource.USER)
    return SpeechRequest(text, "ghoul", unit, "r-1", "native", AudioFormat(), controls, said)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A ghoul, ghouls and Ghoul's GHOUL", ["ghoul", "Ghoul", "GHOUL"]),
        ("歡迎GHOUL回來", ["GHOUL"]),
        ("un-ghoul ghoul2 überghoul", ["ghoul"]),
        ("", []),
    ],
)
def test_words_are_found_whole_whatever_their_case(text: str, found: list[str]) -> None:
    assert phrases(Lexicon([Entry("ghoul", GHOUL)]), text) == found


def test_phrases_of_scripts_without_blanks_stand_anywhere() -> None:
    assert phrases(Lexicon([Entry("重慶")]), "我在重慶市", "zh-TW") == ["重慶"]


def test_the_longest_phrase_at_a_place_is_taken() -> None:
    lexicon = Lexicon([Entry("New"), Entry("New York"), Entry("York City")])

    assert phrases(lexicon, "New York City is new") == ["New York", "new"]


def test_entries_of_a_language_go_before_those_of_all_and_others_do_not_count() -> None:
    lexicon = Lexicon(
        [Entry("gif", say="jif"), Entry("GIF", say="gheef", language="de"), Entry("oui", language="fr")]
    )

    assert [found.entry.say for found in lexicon.find("a gif oui", "de-DE")] == ["gheef"]
    assert [found.entry.say for found in lexicon.find("a gif oui", "en-US")] == ["jif"]
    assert phrases(lexicon, "oui", "fr-CA") == ["oui"]


def test_languages_have_synonyms() -> None:
    assert phrases(Lexicon([Entry("行", language="zh-TW")]), "行", "cmn-TW") == ["行"]


def test_a_hundred_thousand_entries_cost_a_text_next_to_nothing() -> None:
    lexicon = Lexicon(Entry(f"word{number}", say="x") for number in range(100_000))
    text = "word99999 and word100000 " * 200

    began_s = process_time()
    found = lexicon.find(text, "en")

    assert len(found) == 200
    assert process_time() - began_s < 0.5


def test_a_text_is_cut_where_it_is_pronounced() -> None:
    said = Pronunciation("", "ɹɛd")

    assert pronounced("I read, you read ghouls", (GHOUL,), (Span(2, 6, pronunciation=said),)) == (
        Run("I "),
        Run("read", said),
        Run(", you read ghouls"),
    )
    assert pronounced("ghoul", (GHOUL,)) == (Run("ghoul", GHOUL),)


def test_the_houses_words_are_said_and_only_those_in_the_text() -> None:
    lexicon = Lexicon([Entry("ghoul", GHOUL), Entry("WHO", say="World Health Organization"), Entry("x", say="y")])
    controls = Controls(pauses=(Pause(4, 500), Pause(13, 500)), spans=(Span(8, 13, rate_ratio=2.0),))

    said, _ = with_words_of(lexicon, request("The WHO Ghoul", controls=controls), "en-US")

    assert said.text == "The World Health Organization Ghoul"
    assert said.pronunciations == (Pronunciation("Ghoul", "ɡuːl"),)
    assert [said.text[pause.position :] for pause in said.controls.pauses] == [said.text[4:], ""]
    assert said.text[said.controls.spans[0].start : said.controls.spans[0].end] == "Ghoul"


def test_a_requests_own_pronunciation_goes_before_the_houses() -> None:
    lexicon = Lexicon([Entry("GHOUL", say="monster")])
    own = Pronunciation("ghoul", "ɡaʊl")

    said, _ = with_words_of(lexicon, request("a ghoul", own), "en-US")

    assert said.text == "a ghoul"
    assert said.pronunciations == (own,)


def test_a_pronunciation_of_what_is_not_in_the_text_is_left_out() -> None:
    said, _ = with_words_of(Lexicon(), request("hello", GHOUL), "en-US")

    assert said.pronunciations == ()
