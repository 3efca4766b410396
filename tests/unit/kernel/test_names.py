"""Names are found however people spell them, and never guessed where they could be two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.kernel.arms import Arm
from segue.kernel.errors import AmbiguousName, UnknownCharacter
from segue.kernel.names import folded, hint, nearest
from segue.speech.core.catalogue import ArmSpec, Catalogue, Character, primary_language
from segue.speech.core.text.language import region_of

CATALOGUE = Catalogue(
    profile="test",
    language="en-US",
    arms={Arm.BASELINE: ArmSpec("espeak", "espeak-ng"), Arm.CANDIDATE: ArmSpec("piper", "piper")},
    characters={
        key: Character(key, name, {}) for key, name in {"pip_boy": "Pip-Boy", "ghoul": "The Old One"}.items()
    },
    default_character="ghoul",
    aliases={"alloy": "pip_boy", "21m00Tcm4TlvDq8ikWAM": "ghoul"},
    quotas={},
)


@pytest.mark.parametrize("name", ["Pip-Boy", "pip boy", "PIP_BOY", " pip  boy ", "pip-boy", "ALLOY", "Alloy"])
def test_case_blanks_hyphens_and_underscores_make_no_other_name(name: str) -> None:
    assert CATALOGUE.character(name).key == "pip_boy"


@pytest.mark.parametrize("name", ["The Old One", "the-old-one", "21M00TCM4TLVDQ8IKWAM"])
def test_a_character_may_be_called_by_the_name_that_lists_show(name: str) -> None:
    assert CATALOGUE.character(name).key == "ghoul"


@pytest.mark.parametrize("name", ["pipboy", "", "-", "pip.boy", "ＰＩＰ"])
def test_what_is_another_name_is_nobodys(name: str) -> None:
    with pytest.raises(UnknownCharacter) as refused:
        CATALOGUE.character(name)
    assert (refused.value.characters, refused.value.aliases[0]) == (("ghoul", "pip_boy"), "alloy")


TWINS = replace(CATALOGUE, aliases={"Pip Boy": "ghoul", "nova": "ghoul", "NOVA": "ghoul"})


def test_a_name_that_could_be_two_is_refused_with_both() -> None:
    with pytest.raises(AmbiguousName, match="pip_boy or Pip Boy") as refused:
        TWINS.character("PIP-BOY")
    assert refused.value.field == "character_key"


@pytest.mark.parametrize(("name", "key"), [("pip_boy", "pip_boy"), ("Pip Boy", "ghoul"), ("Nova", "ghoul")])
def test_an_exact_name_goes_before_and_two_names_of_one_are_no_doubt(name: str, key: str) -> None:
    assert TWINS.character(name).key == key


def test_an_alias_goes_before_a_display_name() -> None:
    assert replace(CATALOGUE, aliases={"the_old_one": "pip_boy"}).character("The Old One").key == "pip_boy"


@pytest.mark.parametrize("name", ["WaveNet", "ESPEAK-NG", "espeak_ng", "Baseline"])
def test_an_arm_is_found_in_any_case(name: str) -> None:
    assert CATALOGUE.arm_named(name) is Arm.BASELINE


def test_where_both_arms_are_called_so_neither_is_forced() -> None:
    arms = {Arm.BASELINE: ArmSpec("a", "piper-v1"), Arm.CANDIDATE: ArmSpec("a", "Piper_V1")}
    same = replace(CATALOGUE, arms=arms)

    assert same.arm_meant("Piper_V1") is Arm.CANDIDATE
    assert same.arm_meant("PIPER V1") is None


def test_folding_is_of_the_whole_name() -> None:
    assert folded("Straße -_ 7") == "strasse_7"


@pytest.mark.parametrize("tag", ["zh-TW", "zh_TW", "ZH-tw", "cmn_Hant_TW", "zh_hant-TW"])
def test_a_language_is_the_same_in_every_spelling(tag: str) -> None:
    assert (primary_language(tag), region_of(tag)) == ("cmn", "tw")


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("goul", "; did you mean ghoul?"), ("cmn-TW", "; did you mean cmn-CN?"), ("nobody", ""), ("", "")],
)
def test_a_wrong_name_is_answered_with_those_that_are_like_it(wrong: str, near: str) -> None:
    assert hint(wrong, ["ghoul", "raider", "cmn-CN"]) == near


def test_the_likest_comes_first() -> None:
    assert nearest("second", ["seconds", "second_one", "first"], most=2) == ["seconds", "second_one"]
