"""Which character a name of Google's means, in the catalogues that come with Segue."""

from __future__ import annotations

import pytest

from segue.api.google.voices import Voices
from segue.api.google.wire import SsmlVoiceGender, VoiceSelectionParams
from segue.config.catalogue_file import read_catalogue
from segue.core.errors import InvalidRequest
from segue.engines.google import create


@pytest.fixture(scope="module")
def voices() -> Voices:
    catalogue, options = read_catalogue("google")
    return Voices(catalogue, {"google": create(options["google"])})


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
    ],
)
def test_a_name_means_a_character(voices: Voices, name: str, character: str) -> None:
    assert voices.character_key(VoiceSelectionParams("cmn-TW", name)) == character


@pytest.mark.parametrize(
    ("gender", "character"),
    [("NEUTRAL", "pip_boy"), ("MALE", "pip_boy"), ("FEMALE", "vault_dweller"), (2, "vault_dweller")],
)
def test_without_a_name_a_gender_is_a_preference(voices: Voices, gender: str | int, character: str) -> None:
    assert voices.character_key(VoiceSelectionParams("zh-TW", ssml_gender=gender)) == character


def test_a_name_that_means_nobody_is_refused_with_those_that_do(voices: Voices) -> None:
    with pytest.raises(InvalidRequest, match=r"'cmn-TW-Wavenet-Z' does not exist.*cmn-TW-Wavenet-A"):
        voices.character_key(VoiceSelectionParams("cmn-TW", "cmn-TW-Wavenet-Z"))


def test_the_list_tells_language_and_gender(voices: Voices) -> None:
    listed = {named.name: named for named in voices.listed()}

    assert listed["cmn-TW-Wavenet-A"].languages == ("cmn-TW",)
    assert listed["cmn-TW-Wavenet-A"].gender is SsmlVoiceGender.FEMALE
    assert len(listed) == 3 + 14
