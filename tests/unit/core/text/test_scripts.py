"""Which writing systems a text uses, and who reads them."""

from __future__ import annotations

import pytest

from segue.core.text.scripts import UNKNOWN, scripts_of, scripts_of_language


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
