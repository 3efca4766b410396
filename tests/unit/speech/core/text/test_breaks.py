"""Where sentences and clauses end, as readers of each script would say."""

from __future__ import annotations

from itertools import pairwise

import pytest

from segue.speech.core.text.breaks import find_breaks


@pytest.mark.parametrize(
    "sentences",
    [
        ("He left.", "She stayed!", "Did they meet?"),
        ("他走了。", "她留下來！", "他們見面了嗎？"),
        ("他說：「走吧。」", "她留下來了。"),
        ("「真的嗎？！」", "他問。"),
        ("(It was late.)", "Nobody spoke."),
        ('He said "no."', "She left."),
        ("他走了。", '"你好。"', "她說。"),
        ("這就是全部了；", "到了晚上，一切都靜了。"),
        ("等等……", "什麼？"),
        ("Dr. Smith met Mr. Jones at 3.14 p.m. on Main St. today.", "It rained."),
        ("I live in the U.S.A.", "He does not."),
        ("The U.S. Army came.", "It left."),
        ("See Fig. 3, e.g. the top, i.e. this.", "Then No. 5."),
        ("No.", "I won't."),
        ("J. R. R. Tolkien wrote it.", "Nobody else."),
        ("It costs $1,000,007 at 12:30 on 2026-11-25.", "Too much."),
        ("Write to foo.bar@example.co.uk.", "Or see https://example.com/a.b?c=d,e.", "Thanks."),
        ("Well...", "That went on."),
        ("We have apples, pears, etc.", "The rest is gone."),
        ("水、電等。", "還有別的。"),
        ("圓周率是3.14，人口1,000,007。", "時間12:30。"),
        ("1. The first thing to do.", "2. The second thing to do."),
        ("كيف حالك؟", "أنا بخير."),
        ("यह एक वाक्य है।", "यह दूसरा है।"),
        ("我在NASA工作!", "真的?", "對."),
        ("« Bonjour ! »", "Il est parti."),
        ("„Hallo.“", "Er ging z.B. nach Hause."),
    ],
)
def test_sentences_end_where_readers_say_they_end(sentences: tuple[str, ...]) -> None:
    unspaced = "".join(sentences)
    text = unspaced if unspaced[0] > "\u3000" else " ".join(sentences)

    ends = [0, *find_breaks(text).sentences]
    assert [text[start:end].strip() for start, end in pairwise(ends)] == list(sentences)


@pytest.mark.parametrize(
    ("text", "certain", "likely"),
    [
        ("這就是全部了；到了晚上。", 1, 2),
        ("等等……什麼？", 1, 2),
        ("hello there. how are you. fine.", 1, 3),
        ("Wait... What?", 2, 2),
        ("Well... that went on.", 1, 2),
    ],
)
def test_some_ends_are_heard_by_listeners_but_perhaps_not_by_engines(text: str, certain: int, likely: int) -> None:
    found = find_breaks(text)

    assert len(found.certain) == certain
    assert len(found.sentences) == likely


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("One, two; three: four - five.", ["One,", "two;", "three:", "four - five."]),
        ("到了中午，酷熱、乾旱：一堵牆——沒有人。", ["到了中午，", "酷熱、", "乾旱：", "一堵牆——", "沒有人。"]),
        ("At 12:30, 1,000,007 people.", ["At 12:30,", "1,000,007 people."]),
        ("約１２，０００人，都走了。", ["約１２，０００人，", "都走了。"]),
        ("مرحبا بك، كيف؛ حالك.", ["مرحبا بك،", "كيف؛", "حالك."]),
        ("pages 10–20 — all of them.", ["pages 10–20 —", "all of them."]),
        ('He said, "go," and left.', ["He said,", '"go,"', "and left."]),
        ('"Stop!" he said.', ['"Stop!"', "he said."]),
        ("看https://example.com/a?b=1,c，然後。", ["看https://example.com/a?b=1,c，", "然後。"]),
    ],
)
def test_clauses_end_at_the_marks_of_their_script(text: str, clauses: list[str]) -> None:
    ends = [0, *find_breaks(text).clauses]

    assert [text[start:end].strip() for start, end in pairwise(ends)] == clauses
