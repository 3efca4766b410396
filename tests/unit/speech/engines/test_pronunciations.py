"""A pronunciation makes a word sound like the one that is said so: measured, by what comes out of the engines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import PhoneticAlphabet, Pronunciation, Span, Utterance
from segue.speech.core.text.phonetics import as_ipa, in_sounds
from support.embedded import espeak_engine, piper_engine, started
from support.measured import distance
from support.sound import f0_hz

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.speech.core.speech import Pcm
    from segue.speech.ports.engine import Engine

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

ALIKE_RATIO = 0.3
"""Of how unlike the word is without the pronunciation. Piper, without noise, makes the same samples of the same
sounds; of 30 takes of each word by eSpeak NG, whose voices flutter, the furthest was at 0.16.
"""


@dataclass(frozen=True, slots=True)
class Speaker:
    engine: Engine
    voice: str

    async def says(
        self, text: str, *said: Pronunciation, spans: tuple[Span, ...] = (), voice: str | None = None
    ) -> Pcm:
        utterance = Utterance(text, voice or self.voice, "en-US", pronunciations=said, spans=spans)
        return await self.engine.synthesize(utterance)


@pytest.fixture(scope="module")
def espeak() -> Iterator[Speaker]:
    with started(espeak_engine()) as engine:
        yield Speaker(engine, "en-us")


@pytest.fixture(scope="module")
def piper() -> Iterator[Speaker]:
    with started(piper_engine()) as engine:
        yield Speaker(engine, "en_US-joe-medium")


@pytest.fixture(params=["espeak", "piper"])
def speaker(request: pytest.FixtureRequest) -> Speaker:
    found: Speaker = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize(("word", "said", "alphabet"), WORDS)
async def test_a_made_up_word_sounds_like_the_word_it_is_pronounced_as(
    speaker: Speaker, word: str, said: str, alphabet: PhoneticAlphabet
) -> None:
    real = await speaker.says(word)
    unpronounced = distance(real, await speaker.says("xyzzy"))

    pronounced = distance(real, await speaker.says("xyzzy", Pronunciation("xyzzy", said, alphabet)))

    assert pronounced <= ALIKE_RATIO * unpronounced


async def test_the_rest_of_the_sentence_is_as_it_was(speaker: Speaker) -> None:
    text = "I said xyzzy to you, and left."
    real = await speaker.says("I said hello to you, and left.")
    unpronounced = distance(real, await speaker.says(text))

    pronounced = distance(real, await speaker.says(text, Pronunciation("xyzzy", "həˈloʊ")))

    assert pronounced <= ALIKE_RATIO * unpronounced


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
    """The first tone is high and level, the third is low, falls and rises. The median pitches of 200 takes of each
    were from 95 to 98 Hz and from 81 to 85 Hz.
    """
    level, falling_and_rising = Pronunciation("x", "ma˥"), Pronunciation("x", "ma˨˩˦")

    for sign, same, other in (("媽", level, falling_and_rising), ("馬", falling_and_rising, level)):
        real_hz, same_hz, other_hz = [
            pitch_hz(await espeak.says(text, *said, voice="cmn"))
            for text, said in ((sign, ()), ("x", (same,)), ("x", (other,)))
        ]
        assert abs(same_hz - real_hz) < 5
        assert abs(other_hz - real_hz) > 8


def pitch_hz(pcm: Pcm) -> float:
    return f0_hz(to_samples(pcm), pcm.rate_hz)


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
