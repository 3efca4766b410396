"""Piper: its models, its threads, and markup that must not be obeyed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.core.errors import Unavailable, Unsupported
from segue.core.speech import Utterance
from support.embedded import piper_engine

if TYPE_CHECKING:
    from pathlib import Path

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


async def test_sentences_come_as_they_are_made_and_phonemes_are_not_obeyed() -> None:
    engine = piper_engine()
    await engine.start()
    pieces = [
        piece async for piece in engine.stream(replace(HELLO, text="One sentence. And another. And a third."))
    ]
    bare = await engine.synthesize(replace(HELLO, text="[[ h ə l oʊ ]]"))
    await engine.close()

    assert len(pieces) == 3
    assert bare.duration_s > 0.2


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.8, 1.25, 2.0])
async def test_a_rate_is_heard_as_it_was_asked(rate: float) -> None:
    engine = piper_engine()
    await engine.start()
    said = replace(HELLO, text="The caravan left well before dawn, and nobody heard it go.")
    plain, paced = [
        sum([(await engine.synthesize(utterance)).duration_s for _ in range(3)])
        for utterance in (said, replace(said, rate_ratio=rate))
    ]
    await engine.close()

    assert paced * rate == pytest.approx(plain, rel=0.12)


async def test_a_broken_model_is_named_at_the_start(tmp_path: Path) -> None:
    from segue.engines import piper

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
    from segue.engines import piper

    model = tmp_path / "voice.onnx"
    (tmp_path / "voice.onnx.json").write_text('{"espeak": {"voice": "en"}}', encoding="utf-8")
    versions = set()
    for content in (b"one", b"another"):
        model.write_bytes(content)
        versions.add(piper.create({"models": {"voice": str(model)}}).version)

    assert len(versions) == 2


def test_a_model_without_description_is_a_fault_of_the_catalogue(tmp_path: Path) -> None:
    from segue.engines import piper

    model = tmp_path / "voice.onnx"
    model.write_bytes(b"model")
    with pytest.raises(ValueError, match=r"voice\.onnx\.json cannot be read"):
        piper.create({"models": {"voice": str(model)}})


@pytest.mark.parametrize("options", [{"models": "a path"}, {"workers": "2"}, {"threads": 1.5}, {"workers": True}])
def test_options_of_the_wrong_type_are_refused_by_name(options: dict[str, object]) -> None:
    from segue.engines import piper

    with pytest.raises(TypeError, match=next(iter(options))):
        piper.create(options)


def test_an_option_nobody_reads_is_refused() -> None:
    from segue.engines import piper

    with pytest.raises(ValueError, match="unknown options speed; known: models, threads, workers"):
        piper.create({"speed": 2})
