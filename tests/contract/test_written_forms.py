"""Written forms as the embedded voices say them: each takes as long as its words, which are spelled out here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from segue.speech.core.speech import NEUTRAL, Utterance
from segue.speech.core.text.normalize import normalize
from segue.speech.core.text.verbalize.words import MEANT_SIGNS, in_words
from segue.speech.engines.named_signs import SKIPPED_IN_ENGLISH
from support.embedded import espeak_engine, piper_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from segue.speech.engines.espeak import EspeakEngine

pytestmark = pytest.mark.embedded

FLUTTER_S = 0.1
"""The same words differ by up to 0.07 s, by what was said before; a missing word is 0.15 s and more."""
ENGLISH = (
    ("It costs $49.95.", "It costs forty nine dollars and ninety five cents."),
    ("It begins at 8:00.", "It begins at eight o'clock."),
    ("It begins at 8:05.", "It begins at eight oh five."),
    ("It begins at 14:30.", "It begins at fourteen thirty."),
    ("World War II", "World War two"),
    ("Henry VIII", "Henry the eighth"),
    ("Sammy Davis Jr. sang.", "Sammy Davis Junior sang."),
    ("It goes 60 km/h.", "It goes sixty kilometers per hour."),
    ("It costs €2,75.", "It costs two euros and seventy five cents."),
    ("Born in 1999.", "Born in nineteen ninety nine."),
    ("Born in the 1990s.", "Born in the nineteen nineties."),
    ("Some 5-10 people", "Some five to ten people"),
    ("My number is 555-1234.", "My number is five five five, one two three four."),
    ("It is -5°C.", "It is minus five degrees celsius."),
    ("He is 5'10\".", "He is five foot ten."),
    ("Dr. Smith", "Doctor Smith"),
    ("2^-3", "two to the power of minus three"),
)
MANDARIN = (
    ("現在-5度", "現在零下五度"),
    ("八點以前，8:05開會", "八點以前，八點零五分開會"),
    ("現在14:30", "現在十四點三十分"),
    ("2:00見", "兩點見"),
    ("2026年11月28日", "二零二六年十一月二十八日"),
    ("大約50%的人", "大約百分之五十的人"),
    ("大約3/4的人", "大約四分之三的人"),
    ("還要1~2天", "還要一到兩天"),
    ("現在算2×3", "現在算二乘三"),
    ("現在算10÷2", "現在算十除以二"),
    ("電話02-2345-6789", "電話零二，二三四五，六七八九"),
    ("現在60km/h", "現在時速六十公里"),
    ("一共1,234,567人", "一共一百二十三萬四千五百六十七人"),
    ("一共NT$1,200", "一共新台幣一千兩百元"),
    ("一共€5", "一共五歐元"),
    ("一共1005人", "一共一千零五人"),
    ("现在-5度，体积2L", "现在零下五度，体积两升"),
)


@pytest.fixture(scope="module")
def espeak() -> Iterator[tuple[EspeakEngine, asyncio.Runner]]:
    with asyncio.Runner() as runner:
        engine = espeak_engine()
        runner.run(engine.start())
        yield engine, runner
        runner.run(engine.close())


@pytest.fixture(scope="module")
def heard(espeak: tuple[EspeakEngine, asyncio.Runner]) -> Callable[[str, str], float]:
    """Seconds that eSpeak NG takes for a text."""
    engine, runner = espeak

    def take(text: str, voice: str) -> float:
        return runner.run(engine.synthesize(Utterance(text, voice, voice))).duration_s

    return take


def words(text: str, locale: str) -> str:
    return in_words(normalize(text), NEUTRAL, locale).text


@pytest.mark.parametrize(("written", "meant"), ENGLISH)
def test_a_form_of_english_is_heard_as_its_words(
    heard: Callable[[str, str], float], written: str, meant: str
) -> None:
    assert heard(words(written, "en-us"), "en-us") == pytest.approx(heard(meant, "en-us"), abs=FLUTTER_S)


@pytest.mark.parametrize(("written", "meant"), MANDARIN)
def test_a_form_of_mandarin_is_heard_as_its_words(
    heard: Callable[[str, str], float], written: str, meant: str
) -> None:
    assert heard(words(written, "cmn"), "cmn") == pytest.approx(heard(meant, "cmn"), abs=FLUTTER_S)


def test_the_embedded_engines_say_that_they_read_no_written_forms(
    espeak: tuple[EspeakEngine, asyncio.Runner],
) -> None:
    for engine in (espeak[0], piper_engine()):
        assert not any(voice.capabilities.verbalizes for voice in engine.voices())


def test_signs_that_are_passed_over_are_known(
    espeak: tuple[EspeakEngine, asyncio.Runner], heard: Callable[[str, str], float]
) -> None:
    for voice, between in (("en-us", "two {} three"), ("cmn", "二 {} 三"), ("de", "zwei {} drei")):
        skipped = espeak[0].voice(voice).capabilities.skipped_signs
        without = heard(between.format(""), voice)
        for sign in sorted(skipped):
            assert heard(between.format(sign), voice) < without + 0.2, (voice, sign)
        for sign in sorted(frozenset(MEANT_SIGNS) - skipped - frozenset("−%")):
            assert heard(between.format(sign), voice) > without + 0.2, (voice, sign)


def test_english_voices_pass_over_the_same_signs(espeak: tuple[EspeakEngine, asyncio.Runner]) -> None:
    assert espeak[0].voice("en-us").capabilities.skipped_signs == SKIPPED_IN_ENGLISH
    for voice in piper_engine().voices():
        assert voice.capabilities.skipped_signs == SKIPPED_IN_ENGLISH
