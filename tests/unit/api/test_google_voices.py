"""Which character a name of Google's means, in the catalogues that come with Segue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.api.google.enums import member
from segue.api.google.voices import GoogleVoices, language_of
from segue.api.google.wire import SsmlVoiceGender, VoiceSelectionParams
from segue.config.catalogue_file import read_catalogue
from segue.kernel.arms import Arm
from segue.kernel.errors import AmbiguousName, InvalidRequest
from segue.speech.core.catalogue import Character, Delivery
from segue.speech.engines.google import create


@pytest.fixture(scope="module")
def voices() -> GoogleVoices:
    catalogue, options = read_catalogue("google")
    return GoogleVoices(catalogue, {"google": create(options["google"])})


@pytest.mark.parametrize(
    ("name", "character"),
    [
        ("cmn-TW-Wavenet-B", "pip_boy"),
        ("cmn-tw-wavenet-b", "pip_boy"),
        ("cmn-TW-Wavenet-C", "super_mutant"),
        ("cmn-TW-Wavenet-A", "vault_dweller"),
        ("cmn-TW-Chirp3-HD-Kore", "institute_scientist"),
        ("cmn-CN-Chirp3-HD-Fenrir", "ghoul"),
        ("codsworth", "codsworth"),
        ("alloy", "pip_boy"),
        ("ALLOY", "pip_boy"),
        ("Pip Boy", "pip_boy"),
        ("cmn_tw_wavenet_b", "pip_boy"),
        ("CMN-TW-CHIRP3-HD-KORE", "institute_scientist"),
    ],
)
def test_a_name_means_a_character(voices: GoogleVoices, name: str, character: str) -> None:
    assert voices.character_key(VoiceSelectionParams("cmn-TW", name)) == character


@pytest.mark.parametrize(
    ("gender", "character"),
    [("NEUTRAL", "pip_boy"), ("MALE", "pip_boy"), ("FEMALE", "vault_dweller"), (2, "vault_dweller")],
)
def test_without_a_name_a_gender_is_a_preference(voices: GoogleVoices, gender: str | int, character: str) -> None:
    assert voices.character_key(VoiceSelectionParams("zh-TW", ssml_gender=gender)) == character


def test_a_name_that_means_nobody_is_refused_with_those_that_do(voices: GoogleVoices) -> None:
    with pytest.raises(InvalidRequest, match=r"'cmn-TW-Wavenet-Z' does not exist.*cmn-TW-Wavenet-A"):
        voices.character_key(VoiceSelectionParams("cmn-TW", "cmn-TW-Wavenet-Z"))


def test_a_spelling_that_could_be_two_voices_is_refused_with_both() -> None:
    deliveries = {
        "ghoul": {Arm.BASELINE: (Delivery("en-US"),), Arm.CANDIDATE: ()},
        "raider": {Arm.BASELINE: (Delivery("EN_US"),), Arm.CANDIDATE: ()},
    }
    catalogue = replace(
        read_catalogue("google")[0],
        characters={key: Character(key, key.title(), voices) for key, voices in deliveries.items()},
        default_character="ghoul",
        aliases={},
    )
    voices = GoogleVoices(catalogue, {})

    assert voices.character_key(VoiceSelectionParams("en-US", "EN_US")) == "raider"
    with pytest.raises(AmbiguousName, match="en-US or EN_US"):
        voices.character_key(VoiceSelectionParams("en-US", "en-us"))


@pytest.mark.parametrize("tag", ["cmn-TW", "cmn_TW", "ZH_tw", "zh_Hant_TW"])
def test_a_language_may_be_written_as_operating_systems_do(tag: str) -> None:
    assert language_of(VoiceSelectionParams(tag)) == tag


@pytest.mark.parametrize("value", ["MALE", "male", " Male ", "1", 1])
def test_an_enumeration_is_known_by_number_or_by_name_in_any_case(value: int | str) -> None:
    assert member(SsmlVoiceGender, value, "voice.ssml_gender") is SsmlVoiceGender.MALE


def test_the_list_tells_language_and_gender(voices: GoogleVoices) -> None:
    listed = {named.name: named for named in voices.listed()}

    assert listed["cmn-TW-Wavenet-A"].languages == ("cmn-TW",)
    assert listed["cmn-TW-Wavenet-A"].gender is SsmlVoiceGender.FEMALE
    assert len(listed) == 3 + 14
