"""Scraps of a text become sentences, and nothing that can be spoken is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.api.google_grpc.sentences import Scrap, Sentences
from segue.speech.core.speech import Loss


def spoken(*texts: str) -> list[str]:
    sentences = Sentences()
    ready = [scrap for text in texts for scrap in sentences.push(Scrap("text", text))]
    return [scrap.text.strip() for scrap in (*ready, *sentences.last())]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("Hello there. ", "How are you ", "today? ", "Fine"), ["Hello there.", "How are you today?", "Fine"]),
        (("H", "i", " y", "ou", "."), ["Hi you."]),
        (("One. Two. Th", "ree."), ["One. Two.", "Three."]),
        (("It costs 3.", "14 in all. "), ["It costs 3.14 in all."]),
        (('"Stop!" ', "he said."), ['"Stop!"', "he said."]),
        (("你好。", "再見"), ["你好。", "再見"]),
        (("真的嗎?我不", "信!"), ["真的嗎?", "我不信!"]),
        (("...", " ", "Well."), ["... Well."]),
        ((" ", "…"), ["…"]),
        (("…", "", "?!"), ["…?!"]),
        (("Yes. ", "…"), ["Yes."]),
        (("Yes. ", "🙂"), ["Yes.", "🙂"]),
        (("I met Dr.", " Watson. ", "He left."), ["I met Dr. Watson.", "He left."]),
        (("See No. ", "5. ", "I said no.", " Then", " go. "), ["See No. 5. I said no.", "Then go."]),
        (("It is 8 p.m.", " He", " left. "), ["It is 8 p.m.", "He left."]),
    ],
)
def test_sentences_are_cut_where_they_end(texts: tuple[str, ...], said: list[str]) -> None:
    assert spoken(*texts) == said


def test_a_text_without_an_end_is_spoken_when_it_is_long() -> None:
    assert len(Sentences().push(Scrap("text", "word " * 300))) == 1


def test_another_kind_of_input_ends_the_one_before() -> None:
    sentences = Sentences()
    sentences.push(Scrap("text", "Hello"))

    assert sentences.push(Scrap("markup", "there [pause].")) == [
        Scrap("text", "Hello"),
        Scrap("markup", "there [pause]."),
    ]


def test_what_was_lost_with_a_scrap_is_told_with_its_sentence() -> None:
    loss = Loss("prompt", "", "", "none")
    sentences = Sentences()
    sentences.push(Scrap("text", "Hello ", (loss,)))

    assert sentences.push(Scrap("text", "there. ")) == [Scrap("text", "Hello there. ", (loss,))]
    assert sentences.push(Scrap("text", "Good bye. ")) == [Scrap("text", "Good bye. ")]


def test_blank_lines_go_with_what_follows_them() -> None:
    sentences = Sentences()

    assert sentences.push(Scrap("text", "\n\nOne\n\n")) == [Scrap("text", "One")]
    assert sentences.empty
    assert sentences.push(Scrap("text", "Two. ")) == [Scrap("text", "\n\nTwo. ")]


def test_marks_are_kept_whole_where_the_text_is_markdown() -> None:
    sentences = Sentences(keeps_marks=True)

    assert sentences.push(Scrap("text", "This is **bold. And")) == []
    assert sentences.push(Scrap("text", " more** text. ")) == [Scrap("text", "This is **bold. And more** text. ")]


@given(st.lists(st.text(alphabet="ab1 .?!。\n3", max_size=20), max_size=20))
def test_nothing_that_can_be_spoken_is_lost_or_said_twice(texts: list[str]) -> None:
    def words(text: str) -> str:
        return re.sub(r"[\W_]", "", text)

    assert words("".join(spoken(*texts))) == words("".join(texts))
