"""Which writing systems a text uses, and who reads them."""

from __future__ import annotations

import pytest

from segue.speech.core.text.scripts import (
    first_outside,
    letters_by_script,
    script_names,
    scripts_of,
    scripts_of_language,
)


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
        ("ᚠᚢᚦ", {"Runr"}),
        ("Hello ᚠᚢᚦ", {"Latn", "Runr"}),
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
        ("ﬓ", {"Armn"}),
        ("他說﹁你好﹂。", {"Hani"}),
        ("第一章︰開始", {"Hani"}),
        ("價格﹐數量﹔﹙三﹚﹖", {"Hani"}),
        ("︵︶︻︼﹏﹋︴", set()),
        ("مرحبا، كيف؟ ﷺ ﻻ", {"Arab"}),
        ("வணக்கம்", {"Taml"}),
        ("Сәлем", {"Cyrl"}),
        ("٢٥", {"Arab"}),
        ("ᠮᠣᠩᠭᠣᠯ", {"Mong"}),
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
        ("kk", "Cyrl", "Latn"),
        ("ta-IN", "Taml", "Latn"),
        ("pa-IN", "Guru", "Latn"),
        ("pa-PK", "Arab", "Latn"),
        ("hyw", "Armn", "Latn"),
        ("am-ET", "Ethi", "Latn"),
        ("fa-latn", "Latn", "Arab"),
        ("en-shaw", "Shaw", "Latn"),
        ("iw-IL", "Hebr", "Latn"),
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
        ("𓀀", ("Egyptian Hieroglyphs",)),
        ("ա ﬓ", ("Armenian",)),
        ("42!", ()),
    ],
)
def test_scripts_have_names_for_people(text: str, names: tuple[str, ...]) -> None:
    assert script_names(text) == names


def test_every_letter_is_of_one_script_and_that_has_a_name() -> None:
    letters = [sign for code in range(0x80, 0x40000) if (sign := chr(code)).isalpha()]
    named = {letter: script_names(letter * 2) for letter in letters if scripts_of(letter * 2)}

    assert {len(names) for names in named.values()} == {1}
    assert all(names[0][0].isupper() for names in named.values())
    assert len(named) > 0.99 * len(letters)


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


def test_letters_are_counted_by_script_and_digits_for_any_voice() -> None:
    assert letters_by_script("Hello 世界, привет 25 ٢٥, 5 Ω") == {"Latn": 5, "Hani": 2, "Cyrl": 6, "": 6}
