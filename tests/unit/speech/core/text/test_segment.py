"""Texts cut where speech pauses anyway, in every script, and never where it would be heard."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from segue.speech.core.text.segment import Piece, PieceLimits, as_sentence, pieces, split_further
from support.chinese import PARAGRAPHS, TEXT

if TYPE_CHECKING:
    from types import FrameType

    from _typeshed import TraceFunction

CHIRP_IN_CHINESE = PieceLimits(max_bytes=5000, max_sentence_chars=200, target_chars=300, first_chars=40)


def _texts(text: str, limits: PieceLimits) -> list[str]:
    return [piece.text for piece in pieces(text, limits)]


STREAMED = PieceLimits(target_chars=150, first_chars=100)
LONG = (
    "The quick brown fox jumps over the lazy dog near the river and goes home to sleep for the whole long winter"
)


def test_a_first_sentence_without_a_pause_is_cut_only_where_it_is_long() -> None:
    assert _texts(f"{LONG}. {LONG}.", STREAMED) == [f"{LONG}."] * 2

    first, rest, *_ = pieces(f"{LONG} {LONG}. {LONG}.", STREAMED)
    assert len(first.text) <= 100
    assert (first.ends_sentence, rest.ends_sentence) == (False, True)


@pytest.mark.parametrize("scrap", ["...", "…", "?!", "- - -", "—.", '"..."', "( ).", "😀。", "-" * 40 + "."])
def test_what_makes_no_sound_goes_with_what_follows_or_with_the_last(scrap: str) -> None:
    full = f"{LONG}, which is a long time for a fox to sleep."

    assert _texts(f"{LONG}. {full} {scrap} {full} {scrap}", STREAMED) == [
        f"{LONG}.",
        full,
        f"{scrap} {full} {scrap}",
    ]


def test_marks_without_end_are_left_out() -> None:
    assert _texts(f"{LONG}. {'. ' * 400}{LONG}.", STREAMED) == [f"{LONG}."] * 2


def test_a_short_text_is_one_piece() -> None:
    assert pieces("你好，流浪者！", CHIRP_IN_CHINESE) == (Piece("你好，流浪者！", 0, ends_sentence=True),)


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_of_nothing_there_are_no_pieces(text: str) -> None:
    assert pieces(text, CHIRP_IN_CHINESE) == ()


def test_white_space_around_a_text_is_no_part_of_it() -> None:
    assert pieces("  Hi. ", CHIRP_IN_CHINESE) == (Piece("Hi.", 2, ends_sentence=True),)


def test_pieces_are_filled_with_whole_sentences_up_to_the_target() -> None:
    assert _texts("One two. Three four. Five six. Seven.", PieceLimits(target_chars=20)) == [
        "One two. Three four.",
        "Five six. Seven.",
    ]


def test_the_first_piece_is_the_first_sentence() -> None:
    text = "Hello there. The road to the north is closed. The traders come through the tunnel."

    assert _texts(text, PieceLimits(target_chars=200, first_chars=30))[0] == "Hello there."


def test_the_first_piece_of_a_long_sentence_is_its_first_clause() -> None:
    text = "When the dust still lay on the road, the caravan left, and nobody in the settlement spoke of it again."
    first, rest = pieces(text, PieceLimits(target_chars=200, first_chars=40))

    assert first == Piece("When the dust still lay on the road,", 0, ends_sentence=False)
    assert rest.text.startswith("the caravan left,")


def test_a_clause_of_one_word_is_too_short_to_come_first() -> None:
    text = "Well, the caravan had already left before anybody woke, and it did not return."
    first = pieces(text, PieceLimits(target_chars=200, first_chars=40))[0]

    assert first.text == "Well, the caravan had already left before anybody woke,"


def test_a_sentence_longer_than_the_engine_takes_is_cut_at_clauses() -> None:
    limits = PieceLimits(max_sentence_chars=40, target_chars=200)
    cut = pieces(
        "十二頭雙頭牛、四名守衛，還有一個從未走出圍欄的男孩，這就是全部了，到了中午，酷熱變成了一堵牆，再也沒有人說話。",
        limits,
    )

    assert [piece.text[-1] for piece in cut] == ["，", "。"]
    assert [piece.ends_sentence for piece in cut] == [False, True]


def test_without_clauses_it_is_cut_between_words() -> None:
    text = "word " * 50 + "end."
    cut = pieces(text, PieceLimits(max_sentence_chars=42, target_chars=200))

    assert all(set(piece.text.split()) <= {"word", "end."} for piece in cut)
    assert max(len(as_sentence(piece)) for piece in cut) <= 42


def test_chinese_without_one_mark_is_cut_between_characters() -> None:
    cut = pieces(PARAGRAPHS[-1], PieceLimits(max_sentence_chars=50, target_chars=200))

    assert "".join(piece.text for piece in cut) == PARAGRAPHS[-1]
    assert all(20 <= len(piece.text) < 50 for piece in cut)
    assert not any(piece.ends_sentence for piece in cut[:-1])


def test_thai_is_cut_at_its_spaces() -> None:
    phrase = "สวัสดีครับผมชื่อสมชาย"
    cut = pieces(" ".join([phrase] * 20), PieceLimits(max_sentence_chars=100, target_chars=200))

    assert all(set(piece.text.split()) == {phrase} for piece in cut)


@pytest.mark.parametrize("unit", ["x", "é", "👍🏽", "🇹🇼", "e\u0301\u0302", "ก็", "क्षि", "コ"])
def test_a_word_without_end_is_cut_between_what_readers_see_as_characters(unit: str) -> None:
    cut = pieces(unit * (10_000 // len(unit)), PieceLimits(max_bytes=200, target_chars=400))

    assert all(len(piece.text) % len(unit) == 0 and piece.text.startswith(unit) for piece in cut)
    assert all(len(as_sentence(piece).encode()) <= 200 for piece in cut)


def test_a_number_longer_than_the_target_but_within_the_limits_is_kept_whole() -> None:
    number = "1,234,567,890,123,456"
    limits = PieceLimits(max_sentence_chars=60, target_chars=20)

    assert any(
        number in piece.text for piece in pieces(f"共有{number}元而且還有很多很多很多很多很多很多很多", limits)
    )


def test_a_telephone_number_with_blanks_is_not_cut_between_words() -> None:
    text = "please call the number +886 2 1234 5678 tomorrow morning at the office"

    assert any("+886 2 1234 5678" in piece.text for piece in pieces(text, PieceLimits(None, 32, 30)))


def test_bytes_are_counted_not_characters() -> None:
    cut = pieces("戰" * 4000, PieceLimits(max_bytes=5000, target_chars=5000))

    assert [len(piece.text.encode()) <= 4997 for piece in cut] == [True] * len(cut)
    assert len(cut) == 3


def test_an_address_in_chinese_letters_is_kept_whole() -> None:
    address = "https://zh.example.org/wiki/臺灣鐵道旅行"
    cut = _texts(
        f"請把這個網址抄下來然後慢慢地看{address},看完再告訴我你有什麼想法好不好", PieceLimits(None, 50, 45)
    )

    assert any(address in piece for piece in cut)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the caravan left,", "the caravan left."),
        ("到了中午，", "到了中午。"),
        ("還有一個男孩", "還有一個男孩。"),
        ("（沒有人說話）", "（沒有人說話）。"),
        ("word word", "word word."),
        ("यह एक वाक्य है,", "यह एक वाक्य है।"),
        ("« Bonjour ! »", "« Bonjour ! »"),
        ("안녕하세요,", "안녕하세요."),
        ("他說：", "他說。"),
        (",", ","),
    ],
)
def test_a_part_of_a_sentence_reads_as_a_sentence_to_an_engine(text: str, said: str) -> None:
    assert as_sentence(Piece(text, 0, ends_sentence=False)) == said


def test_what_ends_its_sentence_is_said_as_it_is_written() -> None:
    assert as_sentence(Piece("Hello there", 0, ends_sentence=True)) == "Hello there"


@pytest.mark.parametrize("paragraph", PARAGRAPHS)
def test_real_chinese_is_cut_within_chirps_limits(paragraph: str) -> None:
    cut = pieces(paragraph, CHIRP_IN_CHINESE)

    assert "".join(piece.text for piece in cut) == paragraph
    for kept in (
        "23.47",
        "1,000,007",
        "2024年",
        "2:30",
        "《臺灣鐵道旅行》",
        "Vault 12",
        "3.14159",
        "?ch=7,8",
        "0.8℃",
    ):
        assert paragraph.count(kept) == sum(piece.text.count(kept) for piece in cut)


def test_dialogue_keeps_its_quotation_marks() -> None:
    cut = pieces(TEXT, CHIRP_IN_CHINESE)

    assert not any(piece.text[0] in "」』》，。！？；、…" for piece in cut)
    assert not any(piece.text[-1] in "「『《" for piece in cut)


def test_an_engine_that_finds_a_sentence_too_long_gets_shorter_ones_until_it_does_not() -> None:
    whole = pieces(PARAGRAPHS[2], PieceLimits(target_chars=400))[0]
    halves = split_further(whole, CHIRP_IN_CHINESE)

    assert len(halves) > 1
    assert max(len(half.text) for half in halves) <= (len(whole.text) + 1) // 2
    assert "".join(half.text for half in halves) == whole.text


def test_positions_of_what_is_split_further_count_in_the_whole_text() -> None:
    parts = split_further(Piece("word " * 30 + "end", 1000, ends_sentence=False), PieceLimits())

    assert parts[0].start == 1000
    assert parts[1].start == 1000 + len(parts[0].text) + 1
    assert not parts[-1].ends_sentence


def test_a_short_sentence_is_not_split_further() -> None:
    short = Piece("戰爭，戰爭從未改變。", 7, ends_sentence=True)

    assert split_further(short, CHIRP_IN_CHINESE) == (short,)


@pytest.mark.parametrize(
    "limits",
    [{"max_bytes": 15}, {"max_chars": 3}, {"max_sentence_chars": 1}, {"target_chars": 0}, {"first_chars": 0}],
)
def test_limits_that_leave_no_room_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        PieceLimits(**limits)


@pytest.mark.parametrize(
    "unit",
    [
        "Hello there, wanderer. ",
        PARAGRAPHS[0],
        PARAGRAPHS[-1],
        "a",
        "中",
        "一",
        "a. ",
        ", ",
        ".",
        '"',
        '."a',
        "「",
        "http://",
        "1,",
        "1 2 ",
        "🇹🇼",
        "e\u0301",
        "! » ",
        "中.",
        "コ",
    ],
)
def test_work_grows_no_faster_than_the_text(unit: str) -> None:
    short, long = (unit * (length // len(unit)) for length in (4_000, 16_000))

    assert _steps(long) <= 4.4 * _steps(short) + 200


def _steps(text: str) -> int:
    """Lines of Python run to cut this text."""
    steps = 0

    def count(_frame: FrameType, event: str, _argument: object) -> TraceFunction:
        nonlocal steps
        steps += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        pieces(text, CHIRP_IN_CHINESE)
    finally:
        sys.settrace(before)
    return steps
