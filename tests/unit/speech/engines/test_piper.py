"""Piper: its models, its threads, and markup that must not be obeyed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import Unavailable, Unsupported
from segue.speech.core.speech import Utterance
from support.embedded import piper_engine, published_piper_engine, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue.speech.engines.piper import PiperEngine

pytestmark = pytest.mark.embedded

HELLO = Utterance("Hello there, wanderer.", "en_US-joe-medium", "en-US")


async def test_its_packaged_voice_is_american_english_without_pitch() -> None:
    engine = piper_engine()
    (voice,) = engine.voices()

    assert (voice.name, voice.locale, voice.scripts) == ("en_US-joe-medium", "en-US", ("Latn",))
    assert voice.capabilities.pitch_semitones is None
    assert voice.capabilities.streaming
    await engine.close()


async def test_before_it_has_started_it_is_unavailable_and_says_when() -> None:
    engine = piper_engine()

    with pytest.raises(Unavailable, match="still loading"):
        await engine.synthesize(HELLO)
    with pytest.raises(Unsupported, match="en_US-joe-medium"):
        await engine.synthesize(replace(HELLO, voice="en_US-nobody"))
    await engine.close()


@pytest.fixture(scope="module")
def piper() -> Iterator[PiperEngine]:
    with started(piper_engine()) as engine:
        yield engine


async def test_sentences_come_as_they_are_made_and_phonemes_are_not_obeyed(piper: PiperEngine) -> None:
    pieces = [
        piece async for piece in piper.stream(replace(HELLO, text="One sentence. And another. And a third."))
    ]
    bare = await piper.synthesize(replace(HELLO, text="[[ h ə l oʊ ]]"))

    assert len(pieces) == 3
    assert bare.duration_s > 0.2


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.8, 1.25, 2.0])
async def test_a_rate_is_heard_as_it_was_asked(piper: PiperEngine, rate: float) -> None:
    said = replace(HELLO, text="The caravan left well before dawn, and nobody heard it go.")
    plain = await piper.synthesize(said)
    paced = await piper.synthesize(replace(said, rate_ratio=rate))

    assert paced.duration_s * rate == pytest.approx(plain.duration_s, rel=0.05)


async def test_without_noise_a_text_is_the_same_samples_whatever_was_said_between(piper: PiperEngine) -> None:
    before = await piper.synthesize(HELLO)
    await piper.synthesize(replace(HELLO, text="Something else.", rate_ratio=0.8))

    assert await piper.synthesize(HELLO) == before


async def test_as_published_no_two_takes_are_the_same() -> None:
    engine = published_piper_engine()
    await engine.start()
    takes = [await engine.synthesize(HELLO) for _ in range(2)]
    await engine.close()

    assert takes[0] != takes[1]


def test_audio_with_other_noise_is_of_another_version() -> None:
    from segue.speech.engines import piper

    piper_engine()  # or skip
    as_published, told_so, half, none = [
        piper.create(options).version
        for options in ({}, {"noise_ratio": 1}, {"noise_ratio": 0.5}, {"noise_ratio": 0})
    ]

    assert as_published == told_so
    assert len({as_published, half, none}) == 3


@pytest.mark.parametrize("noise_ratio", [-0.1, 1.5, float("nan")])
def test_noise_is_none_to_all_that_the_model_has(noise_ratio: float) -> None:
    from segue.speech.engines import piper

    piper_engine()  # or skip
    with pytest.raises(ValueError, match="option 'noise_ratio' must be from 0 to 1, not"):
        piper.create({"noise_ratio": noise_ratio})


async def test_an_utterance_of_several_cores_is_made_on_one_in_the_background() -> None:
    from segue.speech.engines import piper

    engine = piper.create({"threads": 2})
    await engine.start()
    plain = await engine.synthesize(HELLO)
    behind = await engine.synthesize(replace(HELLO, background=True))
    await engine.close()

    assert behind.duration_s == pytest.approx(plain.duration_s, rel=0.3)


async def test_a_broken_model_is_named_at_the_start(tmp_path: Path) -> None:
    from segue.speech.engines import piper

    model = tmp_path / "broken.onnx"
    model.write_bytes(b"not a model")
    description = {"language": {"code": "en_GB"}, "espeak": {"voice": "en-gb"}}
    (tmp_path / "broken.onnx.json").write_text(json.dumps(description), encoding="utf-8")
    engine = piper.create({"models": {"broken": str(model)}})

    assert engine.voice("broken").locale == "en-GB"
    with pytest.raises(Unavailable, match=r"broken\.onnx"):
        await engine.start()
    await engine.close()


def test_a_model_that_was_replaced_is_another_version(tmp_path: Path) -> None:
    from segue.speech.engines import piper

    model = tmp_path / "voice.onnx"
    (tmp_path / "voice.onnx.json").write_text('{"espeak": {"voice": "en"}}', encoding="utf-8")
    versions = set()
    for content in (b"one", b"another"):
        model.write_bytes(content)
        versions.add(piper.create({"models": {"voice": str(model)}}).version)

    assert len(versions) == 2


def test_a_model_without_description_is_a_fault_of_the_catalogue(tmp_path: Path) -> None:
    from segue.speech.engines import piper

    model = tmp_path / "voice.onnx"
    model.write_bytes(b"model")
    with pytest.raises(ValueError, match=r"voice\.onnx\.json cannot be read"):
        piper.create({"models": {"voice": str(model)}})


@pytest.mark.parametrize(
    "options",
    [{"models": "a path"}, {"workers": "2"}, {"threads": 1.5}, {"workers": True}, {"noise_ratio": "none"}],
)
def test_options_of_the_wrong_type_are_refused_by_name(options: dict[str, object]) -> None:
    from segue.speech.engines import piper

    with pytest.raises(TypeError, match=next(iter(options))):
        piper.create(options)


def test_an_option_nobody_reads_is_refused() -> None:
    from segue.speech.engines import piper

    with pytest.raises(ValueError, match="unknown options speed; known: models, noise_ratio, threads, workers"):
        piper.create({"speed": 2})
