"""Characters that no engine reads are written as all of them do."""

from __future__ import annotations

from time import process_time

import pytest

from segue.speech.core.speech import Marked, Pause
from segue.speech.core.text.lexicon import Entry, Lexicon
from segue.speech.core.text.marks import settled
from segue.speech.core.text.normalize import normalize
from segue.speech.core.text.segment import PieceLimits, pieces
from segue.speech.core.text.signs import plain_signs


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ｈｅｌｌｏ　Ｗｏｒｌｄ", "Hello World"),
        ("１２３４５６７８９０", "1234567890"),
        ("２０２６年１１月", "2026年11月"),
        ("價格１２００元", "價格1200元"),
        ("電話０２－２３４５－６７８９", "電話02-2345-6789"),
        ("我在ＡＢＣ公司上班", "我在ABC公司上班"),
        ("ｗｗｗ．ｇｏｏｇｌｅ．ｃｏｍ", "www.google.com"),
        ("ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ann@example.com"),
        ("５０％ ＋ ＃３ ＝ ＄９＆１０", "50% + #3 = $9&10"),
        ("￥５００，￡５", "¥500，£5"),
        ("﹟１﹪", "#1%"),
    ],
)
def test_fullwidth_letters_digits_and_their_signs_become_ascii_one_for_one(text: str, plain: str) -> None:
    assert normalize(text) == plain
    assert len(plain) == len(text)


@pytest.mark.parametrize(
    "text",
    ["你好，世界！是嗎？有：一；二（三）～「四」。五、六", "馬克．吐溫", "等－下", "1，000", "12：30"],
)
def test_the_punctuation_of_chinese_stays(text: str) -> None:
    assert normalize(text) == text


def test_a_text_in_fullwidth_is_cut_where_its_sentences_end() -> None:
    text = normalize("請看ｗｗｗ．ａ．ｃｏｍ，價格１２００元！謝謝。")

    assert [piece.text for piece in pieces(text, PieceLimits(target_chars=12))][-1] == "謝謝。"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Chapter Ⅳ", "Chapter IV"),
        ("第Ⅻ章", "第XII章"),
        ("ﬁne oﬃce", "fine office"),
        ("𝓗𝓮𝓵𝓵𝓸 𝟙", "Hello 1"),
        ("ℝ and ℓ", "R and l"),
        ("Hawaiʼi, Hawaiʻi", "Hawai'i, Hawai'i"),
        ("ˈhello", "'hello"),
        ("① one, ⑩ ten, ⓫ ❶", "1 one, 10 ten, 11 1"),
        ("①②５", "1 2 5"),
        ("5⅛ in", "5 1/8 in"),
        ("5㎡, 20℃, 3㎏, 5㎧", "5m2, 20°C, 3kg, 5m/s"),
        ("ϕ and ϵ", "φ and ε"),
    ],
)
def test_what_engines_pass_over_or_spell_out_is_written_as_they_read_it(text: str, plain: str) -> None:
    assert normalize(text) == plain


@pytest.mark.parametrize("text", ["10²", "3½", "5 µm", "H₂O", "Acme™", "№ 5", "ㄋㄧˇ ㄏㄠˇ", "20°", "㊗ ℹ", "ª º"])
def test_what_engines_say_stays(text: str) -> None:
    assert normalize(text) == text


def test_a_phrase_is_found_however_wide_it_or_the_text_is_written() -> None:
    text = normalize("我在ＡＢＣ公司")

    assert [found.start for found in Lexicon([Entry("ＡＢＣ", say="x")]).find(text, "zh")] == [2]
    assert [found.start for found in Lexicon([Entry("abc", say="x")]).find(text, "zh")] == [2]
    assert Lexicon([Entry("ＡＢＣ", say="x")]).has("abc")


def test_ascii_is_given_back_itself() -> None:
    text = "The road to the north is closed."

    assert plain_signs(text) is text


def test_a_thousand_pauses_among_signs_that_grow_are_placed_in_no_time() -> None:
    raw = "⑩ " * 1600
    pauses = tuple(Pause(position, 10) for position in range(0, 3000, 3))

    cpu_before_s = process_time()
    settled(Marked(raw, pauses))
    assert process_time() - cpu_before_s < 1
