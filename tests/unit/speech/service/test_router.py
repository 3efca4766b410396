"""Which voice says a text that none reads whole, and where places of one arm's text are in the other's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from segue.config.catalogue_file import read_catalogue
from segue.kernel.arms import Arm, Unit, UnitSource
from segue.kernel.assign import Routing
from segue.kernel.errors import InvalidRequest, Unreadable
from segue.speech.core.speech import AudioFormat, SpeechRequest
from segue.speech.core.text.lexicon import Entry, Lexicon
from segue.speech.service.current import Current
from segue.speech.service.router import Router
from segue.testing.engine import ScriptedEngine

PROFILE = """
version: 1
profile: scripted
language: en-US
default_character: guide
arms:
  baseline: {engine: calm, model: calm}
  candidate: {engine: bold, model: bold}
characters:
  guide: {name: Guide, baseline: [en-US, cmn-TW], candidate: ru-RU}
"""
RUSSIAN = "Say Щука now. Then Яндекс. And go on."


def asked(text: str, arm: Arm | None = None, language: str | None = None) -> SpeechRequest:
    unit = Unit("ann", UnitSource.USER)
    return SpeechRequest(text, "guide", unit, "r", "test", AudioFormat(), forced_arm=arm, language=language)


@pytest.fixture
def router(tmp_path: Path) -> Router:
    profile = tmp_path / "scripted.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    engines = {name: ScriptedEngine(name) for name in ("calm", "bold")}
    lexicon = Lexicon([Entry("Яндекс", say="Yandex")])
    return Router(read_catalogue(str(profile))[0], engines, Current(Routing(enabled=True)), lexicon)


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("Hello there שלום", "en-US"),
        ("世界你好朋友 hi שלום", "cmn-TW"),
        ("Hello 世 שלום", "cmn-TW"),
        ("5 שלום", "en-US"),
    ],
)
def test_the_voice_that_reads_most_of_the_letters_says_it(router: Router, text: str, voice: str) -> None:
    assert router.route(asked(text, Arm.BASELINE)).rendition.render_plan.voice.name == voice


def test_a_language_that_is_named_leaves_its_voices_alone(router: Router) -> None:
    route = router.route(asked("Hello 世界你好朋友", Arm.BASELINE, "en"))

    assert (route.rendition.render_plan.voice.name, route.rendition.text) == ("en-US", "Hello")
    with pytest.raises(InvalidRequest, match=r"speaks fr$"):
        router.route(asked("Bonjour", language="fr"))


def test_a_respelling_of_the_house_goes_before_a_romanisation(router: Router) -> None:
    rendition = router.route(asked("Ask Яндекс or שלום", Arm.BASELINE, "en")).rendition

    assert rendition.text == "Ask Yandex or"


def test_a_fallback_reads_as_much_as_the_arm_that_was_asked_or_is_none(router: Router) -> None:
    reads_less = router.route(asked(RUSSIAN, Arm.CANDIDATE))

    assert reads_less.rendition.render_plan.voice.name == "ru-RU"
    assert router.fallback(reads_less) is None
    assert router.fallback(router.route(asked("Hello שלום", Arm.CANDIDATE))) is not None


def test_places_of_one_arms_text_are_found_in_the_others(router: Router) -> None:
    said, other = (router.route(asked(RUSSIAN, arm)).rendition for arm in (Arm.CANDIDATE, Arm.CANDIDATE))
    english = router.route(asked(RUSSIAN, Arm.BASELINE, "en")).rendition

    assert said == other
    assert said.text == "Say Щука now. Then Yandex. And go on."
    assert english.text == "Say Shchuka now. Then Yandex. And go on."
    for word in ("Say", "now", "Then", "And", "go"):
        assert english.place_of(said, said.text.index(word)) == english.text.index(word)
        assert said.place_of(english, english.text.index(word)) == said.text.index(word)


def test_nothing_that_anybody_reads_is_refused(router: Router) -> None:
    with pytest.raises(Unreadable, match="speaks Hebrew; the first character it cannot read is 'ש'"):
        router.route(asked("שלום!"))


FORMS = "It costs $49.95 at 8:00. Then say 5 kg. And go on."
IN_WORDS = "It costs 49 dollars and 95 cents at 8 o'clock. Then say five kilos. And go on."


@pytest.fixture
def mixed(tmp_path: Path) -> Router:
    """Of whose arms the baseline's engine reads no written forms itself; and with a word of the house."""
    profile = tmp_path / "mixed.yaml"
    profile.write_text(PROFILE.replace("candidate: ru-RU", "candidate: en-US"), encoding="utf-8")
    engines = {name: ScriptedEngine(name) for name in ("calm", "bold")}
    engines["calm"].capabilities = replace(engines["calm"].capabilities, verbalizes=False)
    lexicon = Lexicon([Entry("5 kg", say="five kilos"), Entry("9 V", say="$9")])
    return Router(read_catalogue(str(profile))[0], engines, Current(Routing(enabled=True)), lexicon)


def test_written_forms_are_put_in_words_for_the_arm_whose_engine_reads_none(mixed: Router) -> None:
    candidate = mixed.route(asked(FORMS, Arm.CANDIDATE))
    baseline = mixed.rendition_of(candidate, Arm.BASELINE)

    assert candidate.rendition.text == FORMS.replace("5 kg", "five kilos")
    assert baseline is not None
    assert baseline.text == IN_WORDS


def test_places_are_found_in_a_text_in_words_and_back(mixed: Router) -> None:
    candidate = mixed.route(asked(FORMS, Arm.CANDIDATE)).rendition
    baseline = mixed.route(asked(FORMS, Arm.BASELINE)).rendition

    for word in ("at", "Then", "say", "And", "go"):
        there, here = baseline.text.index(word), candidate.text.index(word)
        assert baseline.place_of(candidate, here) == there
        assert candidate.place_of(baseline, there) == here


def test_what_the_house_has_written_is_not_put_in_other_words(mixed: Router) -> None:
    assert mixed.route(asked("A 9 V cell for $9.", Arm.BASELINE)).rendition.text == "A $9 cell for 9 dollars."


def test_a_text_in_words_has_the_key_of_those_words(mixed: Router) -> None:
    written, words = (
        mixed.route(asked(text, Arm.BASELINE)).rendition for text in ("It is $5.", "It is 5 dollars.")
    )

    assert written.key == words.key
    assert written.key != mixed.route(asked("It is $5.", Arm.CANDIDATE)).rendition.key


@pytest.mark.parametrize("text", ["Say it plainly.", "Mr. Smith left.", "World War II"])
def test_a_text_is_put_in_words_whatever_was_routed_before(mixed: Router, text: str) -> None:
    first = mixed.route(asked(text, Arm.BASELINE)).rendition.text
    mixed.route(asked("Another text.", Arm.BASELINE))

    assert mixed.route(asked(text, Arm.BASELINE)).rendition.text == first
    assert mixed.route(asked("Henry VIII", Arm.BASELINE)).rendition.text == "Henry the eighth"


def test_a_text_of_several_scripts_is_put_in_words_before_its_letters_are(mixed: Router) -> None:
    assert mixed.route(asked("Яндекс costs $5.", Arm.BASELINE)).rendition.text == "Yandeks costs 5 dollars."


def test_the_language_that_is_named_says_how_chinese_is_written(mixed: Router) -> None:
    said = [
        mixed.route(asked("8:30", Arm.BASELINE, language)).rendition.text for language in ("zh-TW", "zh-CN", "en")
    ]

    assert said == ["8點30分", "8点30分", "8 30"]
