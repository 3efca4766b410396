"""eSpeak NG: its voices, and what may not reach its C library."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import Unsupported
from segue.speech.core.speech import Utterance
from support.embedded import espeak_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.speech.engines.espeak import EspeakEngine

pytestmark = pytest.mark.embedded

HELLO = Utterance("Hello there, wanderer, and welcome.", "en-us+m7", "en-us")


@pytest.fixture
async def engine() -> AsyncIterator[EspeakEngine]:
    engine = espeak_engine()
    await engine.start()
    yield engine
    await engine.close()


async def test_it_lists_over_a_hundred_languages_and_speaks_each(engine: EspeakEngine) -> None:
    voices = engine.voices()
    answers = await asyncio.gather(
        *(engine.synthesize(Utterance("hello привет 1 2 3", voice.name, voice.locale)) for voice in voices)
    )

    assert len(voices) > 100
    assert [
        voice.name for voice, pcm in zip(voices, answers, strict=True) if pcm.duration_s < 0.3 or not any(pcm.data)
    ] == []


@pytest.mark.parametrize("name", ["en-gb", "fr-fr", "cmn", "yue", "en-us+f4", "cmn+m8"])
async def test_languages_and_variants_are_voices(engine: EspeakEngine, name: str) -> None:
    assert engine.voice(name).name == name


async def test_cantonese_is_the_voice_that_reads_characters(engine: EspeakEngine) -> None:
    assert "jyutping" not in engine.voice("yue").label.lower()


@pytest.mark.parametrize(
    "name", ["", "x", "english", "en-us+", "en-us+zz", "+m1", "en-us+../m1", "../../etc/passwd", "fo"]
)
async def test_a_voice_it_did_not_list_is_unsupported(engine: EspeakEngine, name: str) -> None:
    with pytest.raises(Unsupported, match="no voice"):
        engine.voice(name)
    with pytest.raises(Unsupported, match="no voice"):
        await engine.synthesize(replace(HELLO, voice=name))


async def test_a_long_name_never_reaches_the_library(engine: EspeakEngine) -> None:
    """It would write past the end of a buffer, and the process would end."""
    with pytest.raises(Unsupported) as caught:
        await engine.synthesize(replace(HELLO, voice="en-us+" + "x" * 10_000))

    assert len(str(caught.value)) < 200


async def test_pitch_is_in_semitones_around_the_voices_own(engine: EspeakEngine) -> None:
    low, plain, high = [
        await engine.synthesize(replace(HELLO, pitch_semitones=pitch)) for pitch in (-12.0, 0.0, 12.0)
    ]

    assert len({low.data, plain.data, high.data}) == 3


async def test_one_voice_leaves_no_trace_on_the_next(engine: EspeakEngine) -> None:
    before = await engine.synthesize(HELLO)
    await engine.synthesize(Utterance("你好", "cmn+f2", "cmn", rate_ratio=2.0, pitch_semitones=12.0))
    after = await engine.synthesize(HELLO)

    assert after.duration_s == pytest.approx(before.duration_s, rel=0.05)


async def test_the_longest_text_is_spoken_to_its_end(engine: EspeakEngine) -> None:
    text = ("I am here. " * 500)[:5000]

    assert (await engine.synthesize(replace(HELLO, text=text))).duration_s > 200


@pytest.mark.parametrize(
    ("voice", "signs"),
    [
        ("cmn", "我們今天去公園散步然後看到很多漂亮的花朵和小鳥在樹上唱歌"),
        ("yue", "我們今天去公園散步然後看到很多漂亮的花朵和小鳥在樹上唱歌"),
        ("hak", "我們今天去公園散步然後看到很多漂亮的花朵和小鳥在樹上唱歌"),
        ("ja", "きょうはこうえんへさんぽにいってたくさんのきれいなはなとことりをみました"),
        ("ko", "오늘은 공원에 산책하러 가서 예쁜 꽃과 작은 새들을 많이 보았습니다 "),
    ],
)
async def test_a_sentence_as_long_as_it_may_be_is_said_whole(engine: EspeakEngine, voice: str, signs: str) -> None:
    most = engine.voice(voice).capabilities.max_sentence_chars
    assert most is not None
    text = (signs * 10)[:most]

    whole = await engine.synthesize(replace(HELLO, text=text, voice=voice))
    half = await engine.synthesize(replace(HELLO, text=text[: most // 2], voice=voice))

    assert whole.duration_s > 1.8 * half.duration_s


async def test_markup_is_read_not_obeyed(engine: EspeakEngine) -> None:
    plain = await engine.synthesize(replace(HELLO, text="break time ten seconds"))
    marked = await engine.synthesize(replace(HELLO, text='<break time="10s"/>'))

    assert marked.duration_s < plain.duration_s + 5


async def test_its_version_names_the_library(engine: EspeakEngine) -> None:
    assert engine.version.startswith("espeak-ng-1.")


async def test_a_call_in_the_background_gives_way_to_one_that_comes_meanwhile(engine: EspeakEngine) -> None:
    long_text = Utterance("The road to the north is closed. " * 45, "en-us", "en-us", background=True)
    alone = await engine.synthesize(long_text)
    behind = asyncio.ensure_future(engine.synthesize(long_text))
    await asyncio.sleep(0.02)
    await engine.synthesize(HELLO)
    assert not behind.done()

    assert (await behind).duration_s == pytest.approx(alone.duration_s, rel=0.01)


async def test_it_gives_way_a_few_times_and_then_goes_on_to_its_end(engine: EspeakEngine) -> None:
    long_text = Utterance("The road to the north is closed. " * 45, "en-us", "en-us", background=True)
    behind = asyncio.ensure_future(engine.synthesize(long_text))
    while not behind.done():
        await engine.synthesize(HELLO)

    assert (await behind).duration_s > 60
