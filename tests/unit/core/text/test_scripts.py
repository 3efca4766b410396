"""Which writing systems a text uses, and who reads them."""

from __future__ import annotations

import pytest

from segue.core.text.scripts import UNKNOWN, first_outside, script_names, scripts_of, scripts_of_language


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("Hello, wanderer!", {"Latn"}),
        ("Zürich, naïve, Łódź, Việt Nam", {"Latn"}),
        ("ＦＵＬＬ ｗｉｄｔｈ", {"Latn"}),
        ("戰爭,戰爭從未改變。", {"Hani"}),
        ("战争从未改变", {"Hani"}),
        ("𠮷野家", {"Hani"}),
        ("我在NASA工作", {"Hani", "Latn"}),
        ("ㄅㄆㄇㄈ", {"Bopo"}),
        ("こんにちは", {"Hira"}),
        ("カタカナ", {"Kana"}),
        ("日本語のテキスト", {"Hani", "Hira", "Kana"}),
        ("안녕하세요", {"Hang"}),
        ("Привет", {"Cyrl"}),
        ("Καλημέρα", {"Grek"}),
        ("مرحبا", {"Arab"}),
        ("שלום", {"Hebr"}),
        ("नमस्ते", {"Deva"}),
        ("สวัสดี", {"Thai"}),
        ("ᚠᚢᚦ", {UNKNOWN}),
        ("Hello ᚠᚢᚦ", {"Latn", UNKNOWN}),
        ("42 + 7 = 49!", set()),
        ("４２。", set()),
        ("🙂 ★ — …", set()),
        ("25 m²", {"Latn"}),
        ("3½ cups, 5 µm, x⁻¹, H₂O", {"Latn"}),
        ("① Ⅳ ⑩ ℃", set()),
        ("½ ① ʼ ˈ ː ˇ ˋ ˊ ˙", set()),
        ("注音ㄋㄧˇ ㄏㄠˇ ㄇㄚˊ ㄇㄚˋ ˙ㄇㄚ", {"Hani", "Bopo"}),
        ("ﬁne Hawaiʼi", {"Latn"}),
        ("𝓗𝓮𝓵𝓵𝓸", {"Latn"}),
        ("コーヒー", {"Kana"}),
        ("5 Ω, 5 kΩ, Δx", {"Latn"}),
        ("α and β", {"Latn"}),
        ("π", set()),
        ("圓周率π", {"Hani"}),
        ("αβγ rays", {"Latn", "Grek"}),
        ("ή", {"Grek"}),
        ("ﬓ", {UNKNOWN}),
    ],
)
def test_a_texts_scripts_are_those_of_its_letters(text: str, scripts: set[str]) -> None:
    assert scripts_of(text) == scripts


@pytest.mark.parametrize(
    ("language", "first", "also"),
    [
        ("cmn-TW", "Hani", "Latn"),
        ("zh-CN", "Hani", "Bopo"),
        ("yue-HK", "Hani", "Latn"),
        ("ja-JP", "Hira", "Hani"),
        ("ru-RU", "Cyrl", "Latn"),
        ("en-US", "Latn", "Latn"),
        ("sw", "Latn", "Latn"),
    ],
)
def test_a_language_is_read_in_its_own_script_first(language: str, first: str, also: str) -> None:
    scripts = scripts_of_language(language)

    assert scripts[0] == first
    assert also in scripts


def test_an_english_voice_does_not_read_chinese() -> None:
    assert not scripts_of("你好").issubset(scripts_of_language("en-US"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hello 世界, привет", ("Chinese characters", "Cyrillic", "Latin")),
        ("Hello ᚠᚢᚦ, გამარჯობა, བོད་", ("Georgian", "Latin", "Runic", "Tibetan")),
        ("𓀀", ("Egyptian",)),
        ("ա ﬓ", ("Armenian",)),
        ("42!", ()),
    ],
)
def test_scripts_have_names_for_people(text: str, names: tuple[str, ...]) -> None:
    assert script_names(text) == names


def test_no_letter_at_all_is_of_a_script_without_a_name() -> None:
    letters = [sign for code in range(0x80, 0x40000) if (sign := chr(code)).isalpha()]
    named = {name for letter in letters for name in script_names(letter)}

    assert UNKNOWN not in named
    assert all(name[0].isupper() or name == "an unknown script" for name in named)


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("Hello, привет 世界", "п"),
        ("Hello ᚠ привет", "ᚠ"),
        ("5 Ω Ελλάδα", "Ε"),
        ("25 m² ½", ""),
    ],
)
def test_the_first_letter_of_another_script_is_found(text: str, letter: str) -> None:
    assert first_outside(text, frozenset({"Latn"})) == letter
