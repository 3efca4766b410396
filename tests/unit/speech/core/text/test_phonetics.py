"""X-SAMPA and IPA say the same, symbol by symbol; what is in neither is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import PhoneticAlphabet
from segue.speech.core.text.phonetics import as_ipa, as_x_sampa, in_sounds

IPA, X_SAMPA = PhoneticAlphabet.IPA, PhoneticAlphabet.X_SAMPA
ENGLISH = frozenset("p b t d k ɡ m n s l ɹ h tʃ dʒ ə æ ɛ ɪ iː ɑː ʊ uː oʊ".split())

PAIRS = {
    't@"mA:t@U': "təˈmɑːtəʊ",
    '"f{st': "ˈfæst",
    "tS3:tS": "tʃɜːtʃ",
    "t_S": "t͡ʃ",
    "bO~ZuR": "bɔ̃ʒuʁ",
    "%In.t@r\\`": "ˌɪn.təɻ",
    "n=": "n̩",
    "t_h": "tʰ",
    "k_w": "kʷ",
    "s`": "ʂ",
    "x\\": "ɧ",
    "|\\|\\": "ǁ",
    "ma_T": "ma̋",
    "ma_R_F": "ma᷈",
    "u_^": "u̯",
    "I\\": "ᵻ",
    "@`": "ɚ",
    "d_d": "d̪",
    "J\\_<": "ʄ",
}


@pytest.mark.parametrize(("sampa", "ipa"), PAIRS.items())
def test_x_sampa_is_read_as_ipa(sampa: str, ipa: str) -> None:
    assert as_ipa(sampa, X_SAMPA) == ipa


@pytest.mark.parametrize("ipa", PAIRS.values())
def test_ipa_written_in_x_sampa_reads_back(ipa: str) -> None:
    assert as_ipa(as_x_sampa(ipa), X_SAMPA) == ipa


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/təˈmɑːtəʊ/", "təˈmɑːtəʊ"),
        ("[həˈloʊ]", "həˈloʊ"),
        ("g'i:k", "ɡˈiːk"),
        ("ʃɑ\u0303", "ʃɑ̃"),
        ("t͜s", "t͡s"),
        ("ç", "ç"),
        ("ni˨˩˦", "ni˨˩˦"),
    ],
)
def test_ipa_is_taken_as_people_type_it(typed: str, meant: str) -> None:
    assert as_ipa(typed, IPA) == meant


@pytest.mark.parametrize(
    ("said", "alphabet", "why"),
    [
        ("hello€", IPA, "'€' (U+20AC) is not one of its symbols"),
        ("你好", IPA, "'你' (U+4F60)"),
        ("təˈmɑːtəʊ", X_SAMPA, "'ə' (U+0259)"),
        ("t#m", X_SAMPA, "'#' (U+0023)"),
        ("//", IPA, "contains no sound"),
        ('""', X_SAMPA, "contains no sound"),
        ("", IPA, "contains no sound"),
    ],
)
def test_a_symbol_of_no_alphabet_is_named(said: str, alphabet: PhoneticAlphabet, why: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        as_ipa(said, alphabet)

    assert why in str(caught.value)
    assert caught.value.field == "custom_pronunciations"


def test_what_x_sampa_cannot_write_is_named() -> None:
    with pytest.raises(InvalidRequest, match="no sign for '˥'"):
        as_x_sampa("ma˥")


def test_sounds_are_the_longest_that_the_voice_knows_with_stress_before_the_vowel() -> None:
    assert in_sounds("həˈloʊ", ENGLISH) == (("h", "ə", "l", "ˈ", "oʊ"), "")
    assert in_sounds("ˈt͡ʃɪn", ENGLISH) == (("tʃ", "ˈ", "ɪ", "n"), "")
    assert in_sounds("ˈstɹɛd", ENGLISH) == (("s", "t", "ɹ", "ˈ", "ɛ", "d"), "")


@pytest.mark.parametrize(
    ("ipa", "sounds"),
    [("rɛd", "ɹɛd"), ("bʌtɚ", ""), ("kæʔ", ""), ("tʰɪpʷ", "tɪp"), ("dɒl", "dɑːl"), ("ʧɪn", "tʃɪn"), ("i", "iː")],
)
def test_what_a_voice_lacks_is_said_as_its_speakers_would_or_named(ipa: str, sounds: str) -> None:
    found, missing = in_sounds(ipa, ENGLISH)

    assert ("".join(found) if not missing else "") == sounds


@given(st.text("təˈmɑːoʊɹæŋʃ.͡ʰ", max_size=12))
def test_every_sound_given_is_the_voices_own(ipa: str) -> None:
    assert set(in_sounds(ipa, ENGLISH)[0]) <= ENGLISH | {"ˈ", "ˌ"}


@given(st.text(max_size=12), st.sampled_from(PhoneticAlphabet))
def test_whatever_comes_is_read_or_refused(said: str, alphabet: PhoneticAlphabet) -> None:
    try:
        ipa = as_ipa(said, alphabet)
    except InvalidRequest:
        return

    assert as_ipa(ipa, IPA) == ipa
