"""A pronunciation makes a word sound like the one that is said so: measured, by what comes out of the engines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from segue.core.speech import PhoneticAlphabet, Pronunciation, Span, Utterance
from segue.core.text.phonetics import as_ipa, in_sounds
from support.embedded import espeak_engine, piper_engine
from support.measured import distance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.core.speech import Pcm
    from segue.ports.engine import Engine

pytestmark = pytest.mark.embedded

IPA, X_SAMPA = PhoneticAlphabet.IPA, PhoneticAlphabet.X_SAMPA

WORDS = [
    ("hello", "həˈloʊ", IPA),
    ("hello", 'h@"loU', X_SAMPA),
    ("church", "/t͡ʃɜːtʃ/", IPA),
    ("vision", "ˈvɪʒən", IPA),
    ("think", "θɪŋk", IPA),
    ("red", "rɛd", IPA),
]


@dataclass(frozen=True, slots=True)
class Speaker:
    engine: Engine
    voice: str

    async def says(
        self, text: str, *said: Pronunciation, spans: tuple[Span, ...] = (), voice: str | None = None
    ) -> Pcm:
        utterance = Utterance(text, voice or self.voice, "en-US", pronunciations=said, spans=spans)
        return await self.engine.synthesize(utterance)


@pytest.fixture(params=["espeak", "piper"])
async def speaker(request: pytest.FixtureRequest) -> AsyncIterator[Speaker]:
    engine: Engine = espeak_engine() if request.param == "espeak" else piper_engine()
    await engine.start()
    yield Speaker(engine, "en-us" if request.param == "espeak" else "en_US-joe-medium")
    await engine.close()


@pytest.fixture
async def espeak() -> AsyncIterator[Speaker]:
    engine = espeak_engine()
    await engine.start()
    yield Speaker(engine, "en-us")
    await engine.close()


async def nearest(speaker: Speaker, real: Pcm, text: str, *said: Pronunciation, voice: str | None = None) -> float:
    """How near the text comes to the real one, at the best of three: no engine says a thing twice the same way."""
    return min([distance(real, await speaker.says(text, *said, voice=voice)) for _ in range(3)])


@pytest.mark.parametrize(("word", "said", "alphabet"), WORDS)
async def test_a_made_up_word_sounds_like_the_word_it_is_pronounced_as(
    speaker: Speaker, word: str, said: str, alphabet: PhoneticAlphabet
) -> None:
    real = await speaker.says(word)

    pronounced = await nearest(speaker, real, "xyzzy", Pronunciation("xyzzy", said, alphabet))

    assert pronounced < 0.7 * await nearest(speaker, real, "xyzzy")


async def test_the_rest_of_the_sentence_is_as_it_was(speaker: Speaker) -> None:
    text = "I said xyzzy to you, and left."
    real = await speaker.says("I said hello to you, and left.")

    pronounced = await nearest(speaker, real, text, Pronunciation("xyzzy", "həˈloʊ"))

    assert pronounced < 0.8 * await nearest(speaker, real, text)


async def test_a_span_is_pronounced_where_it_stands_and_nowhere_else(speaker: Speaker) -> None:
    span = Span(15, 19, pronunciation=Pronunciation("read", "ɹɛd"))

    real = await speaker.says("You reed and I red.")
    placed = await speaker.says("You read and I read.", spans=(span,))
    everywhere = await speaker.says("You read and I read.", Pronunciation("read", "ɹɛd"))

    assert distance(real, placed) < distance(real, everywhere)


async def test_an_american_says_tomato_as_a_briton_does(espeak: Speaker) -> None:
    briton = await espeak.says("tomato", voice="en-gb")
    american = await espeak.says("tomato")
    told = await espeak.says("tomato", Pronunciation("tomato", "təˈmɑːtəʊ"))

    assert distance(briton, told) < 0.75 * distance(briton, american)


async def test_a_tone_makes_another_syllable_of_it(espeak: Speaker) -> None:
    level, falling_and_rising = Pronunciation("x", "ma˥"), Pronunciation("x", "ma˨˩˦")

    for sign, same, other in (("媽", level, falling_and_rising), ("馬", falling_and_rising, level)):
        real = await espeak.says(sign, voice="cmn")
        pronounced = await nearest(espeak, real, "x", same, voice="cmn")
        assert pronounced < await nearest(espeak, real, "x", other, voice="cmn")


async def test_brackets_in_a_text_open_no_phonemes_even_beside_some(speaker: Speaker) -> None:
    said = Pronunciation("xyzzy", "həˈloʊ")

    for text in ("[[h@l'oU]] xyzzy", "[[[[h@l'oU xyzzy", "]] xyzzy [[", "[xyzzy] [[xyzzy]]"):
        pcm = await speaker.says(text, said)
        assert pcm.duration_s > 0.3
    bracketed = await speaker.says("[[t@m'eIt#oU]]")
    assert distance(await speaker.says("tomato"), bracketed) > 1.0


async def test_every_language_knows_its_sounds(espeak: Speaker) -> None:
    lost = [
        voice.name
        for voice in espeak.engine.voices()
        if voice.capabilities.alphabets and len(voice.capabilities.phonemes) < 30
    ]
    speechless = [voice.name for voice in espeak.engine.voices() if not voice.capabilities.alphabets]

    assert lost == []
    assert len(speechless) <= 2


@pytest.mark.parametrize("voice", ["en-us", "en-gb", "de", "fr-fr", "es", "cmn", "ja", "ru"])
async def test_every_sound_of_a_language_can_be_said(espeak: Speaker, voice: str) -> None:
    known = espeak.engine.voice(voice).capabilities.phonemes
    for sound in ("p", "t", "k", "m", "n", "s", "l", "i", "a", "o", "u"):
        assert in_sounds(as_ipa(sound, IPA), known)[1] == ""
    every = [Pronunciation(f"x{number}", f"{sound}a") for number, sound in enumerate(sorted(known))]
    text = " ".join(said.phrase for said in every)

    assert (await espeak.says(text, *every, voice=voice)).duration_s > 5
