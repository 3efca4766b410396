"""What holds of every text in pieces, whatever it is made of."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from segue.speech.core.text.breaks import find_breaks
from segue.speech.core.text.normalize import is_speakable
from segue.speech.core.text.segment import Piece, PieceLimits, as_sentence, pieces, pieces_in_turn, split_further

WHOLE = (
    "3.14",
    "1,000,007",
    "12:30",
    "2026-11-25",
    "１２，０００",
    "Dr.",
    "e.g.",
    "U.S.A.",
    "p.m.",
    "No.",
    "foo.bar@example.co.uk",
    "https://example.com/a,b?c=d.e",
    "👨\u200d👩\u200d👧",
    "👍🏽",
    "🇹🇼",
    "e\u0301\u0302",
    "क्षि",
    "ก็",
    "...",
    "……",
    "?!",
    "。」",
    '."',
    ".)",
    "50%",
    "三萬五千",
)
"""What is never cut, joined to nothing that would change it."""

_WORDS = (
    "word",
    "and",
    "He",
    "the",
    "戰爭從未改變",
    "避難所",
    "好",
    "สวัสดี",
    "مرحبا",
    "नमस्ते",
    "한국어",
    "コンピュータ",
    "𠮷",
)
_MARKS = (
    " ",
    " ",
    ". ",
    ", ",
    "! ",
    "? ",
    "; ",
    ": ",
    "，",
    "。",
    "；",
    "！」",
    "、",
    "：",
    " — ",
    "؟ ",
    "، ",
    "। ",
)

_ENDED = re.compile(r"[.!?。！？؟।；…][\s.!?。！？؟।；…」』”’）)\]》〉\"']*\Z")

limits = st.builds(
    PieceLimits,
    st.none() | st.integers(16, 400),
    st.none() | st.integers(2, 300),
    st.integers(1, 300),
    st.none() | st.integers(1, 100),
    st.none() | st.integers(4, 300),
)
roomy = st.builds(
    PieceLimits, st.none() | st.integers(200, 400), st.none() | st.integers(50, 300), st.integers(50, 300)
)
anything = st.text(max_size=300) | st.text(st.sampled_from('a.1,中。，；…」" \u0301👍\u200dก'), max_size=300)
prose = st.lists(st.sampled_from(_WORDS + _MARKS + WHOLE), max_size=120).map("".join)
texts = anything | prose


@given(texts, limits)
def test_pieces_are_the_text_but_for_white_space_and_marks_that_are_too_much(
    text: str, limits: PieceLimits
) -> None:
    cut = pieces(text, limits)

    assert all(piece.text == text[piece.start : _end(piece)] == piece.text.strip() != "" for piece in cut)
    ends = [0, *map(_end, cut)]
    starts = [*(piece.start for piece in cut), len(text)]
    assert all(end <= start for end, start in zip(ends, starts, strict=True))
    left_out = [text[end:start].strip() for end, start in zip(ends, starts, strict=True)]
    assert not any(map(is_speakable, left_out))
    fits = limits.target_chars > len(text) and limits == PieceLimits(target_chars=limits.target_chars)
    assert not (fits and any(left_out))


@given(texts, limits)
def test_every_piece_of_what_can_be_spoken_makes_a_sound(text: str, limits: PieceLimits) -> None:
    cut = pieces(text, limits)

    assert all(is_speakable(piece.text) for piece in cut) or not is_speakable(text)


@given(st.lists(prose, min_size=4, max_size=12).map(" ".join) | anything.map(lambda text: text * 3), limits)
def test_pieces_in_turn_are_the_same_pieces(text: str, limits: PieceLimits) -> None:
    assert tuple(pieces_in_turn(text, limits)) == pieces(text, limits)


@given(texts, limits)
def test_no_piece_is_over_a_limit_even_with_its_full_stop(text: str, limits: PieceLimits) -> None:
    for piece in pieces(text, limits):
        for said in (piece.text, as_sentence(piece)):
            assert len(said.encode()) <= (limits.max_bytes or len(said.encode()))
            assert len(said) <= (limits.max_chars or len(said))
        assert len(piece.text) <= 2 * limits.target_chars


@given(texts, limits)
def test_no_sentence_in_a_piece_is_over_the_limit(text: str, limits: PieceLimits) -> None:
    most = limits.max_sentence_chars or len(text)

    for piece in pieces(text, limits):
        said = as_sentence(piece)
        ends = [0, *find_breaks(said).certain, len(said)]
        assert all(len(said[start:end].strip()) <= most for start, end in pairwise(ends))


@given(texts, roomy)
def test_only_the_text_or_a_sentence_ends_where_a_piece_says_so(text: str, limits: PieceLimits) -> None:
    cut = pieces(text, limits)

    assert all(piece.ends_sentence for piece in cut[-1:])
    assert all(_ENDED.search(piece.text) for piece in cut[:-1] if piece.ends_sentence)


@given(
    st.lists(st.tuples(st.sampled_from(_WORDS + WHOLE), st.sampled_from((" ", ", ", "，", "。"))), max_size=60),
    roomy,
)
def test_numbers_abbreviations_addresses_and_emoji_are_kept_whole(
    parts: list[tuple[str, str]], limits: PieceLimits
) -> None:
    text = "".join(word + mark for word, mark in parts)
    cuts = {_end(piece) for piece in pieces(text, limits)[:-1]}

    at = 0
    for word, mark in parts:
        if word in WHOLE:
            assert not cuts & set(range(at + 1, at + len(word))), f"{word!r} was cut"
        at += len(word) + len(mark)


@given(texts, limits)
def test_what_closes_stays_with_what_it_closes(text: str, limits: PieceLimits) -> None:
    cut = pieces(text, limits)

    for before, after in pairwise(cut):
        if before.ends_sentence and _end(before) == after.start:
            assert after.text[0] not in "」』”）》。，！？；…"


@given(texts, limits)
def test_splitting_further_makes_less_of_it_and_ends(text: str, limits: PieceLimits) -> None:
    waiting = list(pieces(text, limits))
    rounds = 0
    while waiting:
        piece = waiting.pop()
        rounds += 1
        parts = split_further(piece, limits)
        assert parts == (piece,) or all(len(part.text) < len(piece.text) for part in parts)
        assert all(text[part.start : _end(part)] == part.text for part in parts)
        assert parts[-1].ends_sentence == piece.ends_sentence
        waiting += parts if parts != (piece,) else ()
    assert rounds <= 2 * len(text) + 1


def _end(piece: Piece) -> int:
    return piece.start + len(piece.text)
