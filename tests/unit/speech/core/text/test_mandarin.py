"""How Mandarin is read: parts of a text, numbers, syllables, tones that change, Taiwan's readings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.speech.core.text.mandarin.bopomofo import syllables_of
from segue.speech.core.text.mandarin.latin import is_spelled
from segue.speech.core.text.mandarin.numerals import with_numerals
from segue.speech.core.text.mandarin.parts import PartKind, TextPart, parts
from segue.speech.core.text.mandarin.sandhi import Sign, spoken
from segue.speech.core.text.mandarin.syllables import Syllable, sounds, syllable
from segue.speech.core.text.mandarin.taiwan import with_readings


def tones(characters: str, pinyin: str, opens: str = "") -> list[int]:
    """Of a run as it is spoken; ``opens`` has a 1 where a word begins, by default everywhere."""
    marks = opens or "1" * len(characters)
    read = [syllable(written) for written in pinyin.split()]
    signs = [
        Sign(sign, said, mark == "1")
        for sign, said, mark in zip(characters, read, marks, strict=True)
        if said is not None
    ]
    assert len(signs) == len(characters)
    return [said.tone for said in spoken(signs)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("35", "三十五"),
        ("105", "一百零五"),
        ("200", "兩百"),
        ("222", "兩百二十二"),
        ("2200", "兩千兩百"),
        ("22000", "兩萬兩千"),
        ("220000", "二十二萬"),
        ("12", "十二"),
        ("2", "二"),
        ("20", "二十"),
        ("2.5", "二點五"),
        ("18,430.05", "一萬八千四百三十點零五"),
        ("007", "零零七"),
        ("0", "零"),
        ("192.168.0.1", "一九二點一六八點零點一"),
        ("F-16", "F-十六"),
        ("A380", "A三八零"),
        ("ABC-1234", "ABC-一二三四"),
        ("12345678901234567", "一二三四五六七八九零一二三四五六七"),
        ("1,2", "一,二"),
    ],
)
def test_digits_are_put_in_words(text: str, said: str) -> None:
    assert with_numerals(text) == said


@given(st.text(st.sampled_from("0123456789.,-AF號 "), max_size=60))
def test_no_digit_is_left(text: str) -> None:
    assert not any(sign.isdigit() for sign in with_numerals(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "你好，世界！",
            [(PartKind.HAN, "你好"), (PartKind.MARK, ","), (PartKind.HAN, "世界"), (PartKind.MARK, "!")],
        ),
        ("PM2.5偏高", [(PartKind.LATIN, "PM"), (PartKind.HAN, "二點五偏高")]),
        (
            "用iPhone 15 Pro",
            [(PartKind.HAN, "用"), (PartKind.LATIN, "iPhone"), (PartKind.HAN, "十五"), (PartKind.LATIN, "Pro")],
        ),
        ("a.com", [(PartKind.LATIN, "a"), (PartKind.HAN, "點"), (PartKind.LATIN, "com")]),
        ("what's up", [(PartKind.LATIN, "what's"), (PartKind.LATIN, "up")]),
        ("一 - 二", [(PartKind.HAN, "一"), (PartKind.MARK, ","), (PartKind.HAN, "二")]),
        ("Wi-Fi", [(PartKind.LATIN, "Wi"), (PartKind.LATIN, "Fi")]),
        ("好。。。！", [(PartKind.HAN, "好"), (PartKind.MARK, "!")]),
        ("5＞3", [(PartKind.HAN, "五大於三")]),
        ("ㄅㄆ", [(PartKind.BOPOMOFO, "ㄅㄆ")]),
        ("①好🙂", [(PartKind.HAN, "一好")]),
        ("", []),
    ],
)
def test_a_text_is_cut_where_it_is_read_otherwise(text: str, found: list[tuple[PartKind, str]]) -> None:
    assert parts(text) == [TextPart(*part) for part in found]


def test_a_long_word_is_cut_so_that_no_reader_leaves_anything_out() -> None:
    assert [len(part.text) for part in parts("x" * 250)] == [100, 100, 50]


@given(st.text(max_size=200))
def test_any_text_has_parts_that_hold_no_digits(text: str) -> None:
    for part in parts(text):
        assert part.text
        assert not any("0" <= sign <= "9" for sign in part.text)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=50))
def test_no_character_is_lost(text: str) -> None:
    assert "".join(part.text for part in parts(text)) == text


@pytest.mark.parametrize(
    ("pinyin", "said"),
    [
        ("zhong1", "ꭧʊ→ŋ"),
        ("guo2", "kwo↗"),
        ("ni3", "ni↓"),
        ("shi4", "ʂɨ↘"),
        ("zi5", "ʦɨ"),
        ("lv4", "ly↘"),
        ("nü3", "ny↓"),
        ("yuan2", "ɥɛ↗n"),
        ("xuan1", "ɕɥɛ→n"),
        ("jun1", "ʨy→n"),
        ("qu4", "ʨʰy↘"),
        ("liu2", "ljou↗"),
        ("gui4", "kwei↘"),
        ("dun4", "twə↘n"),
        ("wen2", "wə↗n"),
        ("er2", "ɚ↗"),
        ("huar1", "xwa→ɻ"),
        ("yi1", "i→"),
        ("bo1", "pwo→"),
        ("ê2", "ɛ↗"),
        ("", None),
        ("x1y", None),
    ],
)
def test_a_syllable_is_written_in_symbols(pinyin: str, said: str | None) -> None:
    found = syllable(pinyin)

    assert (None if found is None else sounds(found)) == said


@pytest.mark.parametrize(
    ("characters", "pinyin", "opens", "heard"),
    [
        ("你好", "ni3 hao3", "", [2, 3]),
        ("我很好", "wo3 hen3 hao3", "", [2, 2, 3]),
        ("小老鼠", "xiao3 lao3 shu3", "110", [3, 2, 3]),
        ("一個", "yi1 ge4", "", [2, 4]),
        ("一個", "yi1 ge5", "", [2, 5]),
        ("一天", "yi1 tian1", "", [4, 1]),
        ("一起", "yi1 qi3", "", [4, 3]),
        ("第一名", "di4 yi1 ming2", "", [4, 1, 2]),
        ("十一點", "shi2 yi1 dian3", "", [2, 1, 3]),
        ("星期一早", "xing1 qi2 yi1 zao3", "", [1, 2, 1, 3]),
        ("一九一一年", "yi1 jiu3 yi1 yi1 nian2", "", [1, 3, 1, 1, 2]),
        ("一月一日", "yi1 yue4 yi1 ri4", "", [1, 4, 1, 4]),
        ("統一", "tong3 yi1", "", [3, 1]),
        ("不要", "bu4 yao4", "", [2, 4]),
        ("不好", "bu4 hao3", "", [4, 3]),
        ("差不多", "cha4 bu5 duo1", "", [4, 5, 1]),
        ("不", "bu4", "", [4]),
    ],
)
def test_tones_change_with_what_follows(characters: str, pinyin: str, opens: str, heard: list[int]) -> None:
    assert tones(characters, pinyin, opens) == heard


@pytest.mark.parametrize(
    ("text", "mainland", "taiwan"),
    [
        ("垃圾", "la1 ji1", "le4 se4"),
        ("星期", "xing1 qi1", "xing1 qi2"),
        ("研究", "yan2 jiu1", "yan2 jiu4"),
        ("法國", "fa3 guo2", "fa4 guo2"),
        ("企業", "qi3 ye4", "qi4 ye4"),
        ("頭髮", "tou2 fa5", "tou2 fa3"),
        ("人質", "ren2 zhi4", "ren2 zhi4"),
        ("品質", "pin3 zhi4", "pin3 zhi2"),
        ("知識", "zhi1 shi5", "zhi1 shi4"),
        ("路", "lu4", "lu4"),
    ],
)
def test_taiwan_has_readings_of_its_own(text: str, mainland: str, taiwan: str) -> None:
    assert with_readings(text, mainland.split()) == taiwan.split()


@pytest.mark.parametrize(
    ("word", "spelled"),
    [
        ("PM", True),
        ("DNA", True),
        ("App", True),
        ("AI", True),
        ("A", True),
        ("x", True),
        ("HTTPS", True),
        ("NASA", False),
        ("LINE", False),
        ("Google", False),
        ("NVIDIA", False),
        ("iPhone", False),
    ],
)
def test_capitals_are_spelled_and_words_are_said(word: str, spelled: bool) -> None:
    assert is_spelled(word) is spelled


def test_bopomofo_is_read_as_it_spells_and_single_symbols_by_name() -> None:
    assert syllables_of("ㄓㄨㄥˊㄨㄣˊ") == [Syllable("zh", "ong", 2), Syllable("", "uen", 2)]
    assert syllables_of("ㄅ") == [Syllable("b", "o", 1)]
    assert syllables_of("˙ㄇㄚ") == [Syllable("m", "a", 5)]
    assert syllables_of("ㄕˋ") == [Syllable("sh", "i", 4)]
    assert [sounds(said) for said in syllables_of("ㄨㄥ")] == ["wə→ŋ"]
