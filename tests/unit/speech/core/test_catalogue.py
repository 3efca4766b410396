"""Characters, voices and arms by name."""

from __future__ import annotations

import pytest

from segue.kernel.arms import Arm
from segue.kernel.errors import InvalidRequest
from segue.speech.core.catalogue import (
    ArmSpec,
    Catalogue,
    Character,
    Delivery,
    Range,
    Voice,
    primary_language,
)

GHOUL = Character("ghoul", "Ghoul", {arm: (Delivery("en"),) for arm in Arm})
CATALOGUE = Catalogue(
    profile="test",
    language="en-US",
    arms={Arm.BASELINE: ArmSpec("espeak", "espeak-ng"), Arm.CANDIDATE: ArmSpec("piper", "piper")},
    characters={"ghoul": GHOUL},
    default_character="ghoul",
    aliases={"onyx": "ghoul"},
    quotas={},
)


@pytest.mark.parametrize("key", ["ghoul", "onyx"])
def test_a_character_is_found_by_key_and_by_alias(key: str) -> None:
    assert CATALOGUE.character(key) is GHOUL


def test_an_unknown_character_is_the_callers_mistake_and_the_known_are_named() -> None:
    with pytest.raises(InvalidRequest, match=r"'nobody'; known: ghoul") as caught:
        CATALOGUE.character("nobody")

    assert caught.value.field == "character_key"


def test_a_name_of_any_length_makes_a_short_message() -> None:
    with pytest.raises(InvalidRequest) as caught:
        CATALOGUE.character("x" * 10_000)

    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("name", "arm"),
    [
        ("wavenet", Arm.BASELINE),
        ("chirp3-hd", Arm.CANDIDATE),
        ("espeak-ng", Arm.BASELINE),
        ("piper", Arm.CANDIDATE),
        ("baseline", Arm.BASELINE),
        ("candidate", Arm.CANDIDATE),
    ],
)
def test_arms_answer_to_their_own_names_their_old_ones_and_the_profiles(name: str, arm: Arm) -> None:
    assert CATALOGUE.arm_named(name) is arm


def test_an_unknown_model_is_the_callers_mistake() -> None:
    with pytest.raises(InvalidRequest, match="wavenet, chirp3-hd") as caught:
        CATALOGUE.arm_named("siri")

    assert caught.value.field == "force_voice_model"


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh", "cmn"),
        ("zh-TW", "cmn"),
        ("cmn-TW", "cmn"),
        ("cmn-Hant-TW", "cmn"),
        ("ZH-tw", "cmn"),
        ("zh-HK", "yue"),
        ("yue", "yue"),
        ("en-US", "en"),
        ("en", "en"),
        ("iw", "he"),
        ("no-NO", "nb"),
        ("tl", "fil"),
    ],
)
def test_languages_have_one_spelling(tag: str, language: str) -> None:
    assert primary_language(tag) == language


def test_a_voice_speaks_its_language_in_any_region() -> None:
    voice = Voice("cmn-TW-Wavenet-A", "google", "wavenet", "cmn-TW", ("Hani",), "WaveNet A")

    assert voice.speaks("zh")
    assert voice.speaks("zh-CN")
    assert not voice.speaks("yue")
    assert not voice.speaks("en-US")


@pytest.mark.parametrize(("asked", "given"), [(-20.0, -12.0), (20.0, 12.0), (3.5, 3.5), (-12.0, -12.0)])
def test_a_range_keeps_what_is_inside_and_limits_what_is_not(asked: float, given: float) -> None:
    assert Range(-12.0, 12.0).clamp(asked) == given
