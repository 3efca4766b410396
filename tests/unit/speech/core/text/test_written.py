"""Texts as their writers meant them: what keeps its place, what rests, what is bounded, what comes in pieces."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import Marked, Pause, Span
from segue.speech.core.text.edits import CHARS_A_REST, FREE_RESTS
from segue.speech.core.text.evidence import is_markdown
from segue.speech.core.text.markdown import LONGEST_SPOKEN_CODE_CHARS
from segue.speech.core.text.normalize import is_speakable, normalize
from segue.speech.core.text.pending import taken, torn, whole_end
from segue.speech.core.text.written import TextFormat, read_text

SIGNS = "ab 字。.*_~`#[]()<>&;!|-\n1:/\\"


def said(text: str, text_format: TextFormat = TextFormat.AUTO) -> str:
    return read_text(text, text_format).text


@pytest.mark.parametrize(
    "text",
    [
        "She has **many words** to say & that [is](https://a.b/c) all",
        "# A heading\n\nand a word more",
        "&lt;b&gt; is a word",
        "1. one\n2. two word\n\n**three**",
        "| a | b |\n|---|---|\n| **c** | word |",
    ],
)
def test_a_mark_stays_before_the_word_that_it_stood_before(text: str) -> None:
    at = text.index("word")
    marked = read_text(Marked(text, (Pause(at, 750),), (Span(at, at + 4, 1.5),)), TextFormat.AUTO)

    (pause,) = [pause for pause in marked.pauses if pause.length_ms == 750]
    (span,) = marked.spans
    assert marked.text[pause.position :].startswith("word")
    assert marked.text[span.start : span.end] == "word"


def test_marks_in_what_is_left_out_stand_where_it_was() -> None:
    text = "See [this](https://example.com/abc) now"
    marked = read_text(Marked(text, (Pause(text.index("example"), 750),)), TextFormat.AUTO)

    assert marked.text[: marked.pauses[0].position].rstrip() == "See this"


@given(st.text(st.sampled_from(SIGNS), max_size=60), st.sampled_from(list(TextFormat)), st.booleans())
def test_no_word_is_lost_but_what_is_named(text: str, text_format: TextFormat, is_part: bool) -> None:
    text = f"a{text}b"
    marked = read_text(Marked(text, (Pause(len(text), 9),)), text_format, is_part=is_part)

    assert normalize(marked.text) == marked.text
    assert all(0 <= pause.position <= len(marked.text) for pause in marked.pauses)
    if not marked.losses and not any(sign in text for sign in "[&<:`~|"):
        assert _words(marked.text) == _words(text)


def _words(text: str) -> list[str]:
    return [sign for sign in text if sign.isalnum()]


@given(st.text(st.sampled_from("ab 字.,!?'"), max_size=60))
def test_plain_prose_is_as_it_always_was(text: str) -> None:
    text = f"a{text}"
    for text_format in TextFormat:
        assert read_text(text, text_format) == Marked(normalize(text))


@pytest.mark.parametrize("text_format", list(TextFormat))
@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\n \t\n", "\u2029", "\n\n\n\n"])
def test_a_blank_line_rests_in_every_format(text_format: TextFormat, end: str) -> None:
    marked = read_text(f"Chapter One{end}It was a dark night", text_format)

    assert marked == Marked("Chapter One. It was a dark night", (Pause(13, 500, "medium"),))


def test_blank_lines_at_the_ends_of_a_text_are_nothing() -> None:
    assert read_text("\n\nHello.\n\n", TextFormat.AUTO) == Marked("Hello.")


def test_blank_lines_at_the_ends_of_a_part_are_rests_between_parts() -> None:
    marked = read_text("\n\nHello\n\n", TextFormat.AUTO, is_part=True)

    assert (marked.text.strip(), [pause.position for pause in marked.pauses]) == ("Hello.", [0, len(marked.text)])


def test_a_plain_text_is_no_markup_whatever_stands_in_it() -> None:
    text = "# **a** &amp; <b>c</b> [d](https://e.f/g)"

    assert said(text, TextFormat.PLAIN) == text


def test_a_text_that_does_not_look_so_is_markdown_where_one_says_it() -> None:
    assert said("5 *5* 5", TextFormat.MARKDOWN) == "5 5 5"
    assert said("5 *5* 5") == "5 *5* 5"


def test_a_command_is_read_and_a_longer_line_is_not() -> None:
    command = "x" * LONGEST_SPOKEN_CODE_CHARS

    assert said(f"Run:\n```\n{command}\n```") == f"Run: {command}"
    assert said(f"Run:\n```\n{command}x\n```") == "Run:"


@pytest.mark.parametrize("code", ["```\nif a:\n    b", "```python\nif a:\n    b\n```"])
def test_a_text_of_nothing_but_code_is_read(code: str) -> None:
    assert said(code) == "if a: b"


def test_a_block_that_is_never_closed_ends_with_the_text_and_is_told() -> None:
    marked = read_text("So:\n```\nif a:\n    b", TextFormat.AUTO)

    assert marked.text == "So:"
    assert [str(loss) for loss in marked.losses] == [
        "code a block of 2 lines not applied: only code of one short line is read out"
    ]


def test_the_names_of_columns_do_not_make_a_table_many_times_as_long() -> None:
    table = f"{'n' * 49}|{'m' * 49}\n-|-\n" + "x|y\n" * 1000

    assert len(said(f"**A**\n\n{table[:4900]}")) < 2 * 5000


def test_stops_do_not_make_a_text_too_long() -> None:
    text = "\n".join(["A fine day"] * 454)

    assert len(text) < 5000 < len(said(text))


def test_a_text_of_blank_lines_is_not_hours_of_silence() -> None:
    marked = read_text("a\n\n" * 30_000, TextFormat.AUTO, max_chars=100_000)

    assert len(marked.pauses) == FREE_RESTS + 90_000 // CHARS_A_REST
    assert [loss.control for loss in marked.losses] == ["pause"]


def test_a_book_of_paragraphs_is_not_refused() -> None:
    marked = read_text(
        "A paragraph of some sixty characters, as in any dialogue. Yes.\n\n" * 1500,
        TextFormat.AUTO,
        max_chars=100_000,
    )

    assert len(marked.pauses) == 1499
    assert marked.losses == ()


@pytest.mark.parametrize("text", ["a\n\n\x07b", "**a\x07**"])
def test_what_cannot_be_spoken_is_named_at_its_place_in_the_text_as_sent(text: str) -> None:
    with pytest.raises(InvalidRequest, match=rf"U\+0007 at position {text.index(chr(7))}"):
        read_text(text, TextFormat.AUTO)


def test_the_length_that_counts_is_that_of_the_text_as_sent() -> None:
    with pytest.raises(InvalidRequest, match="text has 5001 characters"):
        read_text("**" + "a" * 4997 + "**", TextFormat.AUTO)


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        ("[a](javascript:alert) b", "a b"),
        ("x &#0; y **z**", "x � y z"),
        ("x &#27; y", "x &#27; y"),
        ("&#x1F600; yes", "😀 yes"),
        ("**a** &NewLine; b", "a b"),
    ],
)
def test_entities_and_links_of_any_kind_do_no_harm(sent: str, left: str) -> None:
    assert said(sent) == left


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        "*" * 5000,
        ">" * 5000,
        "a" + "> " * 2400 + "b",
        "**a " * 1200,
        "<b" * 2000,
        "&" * 5000,
        "[a](" * 1200,
    ],
)
def test_hostile_nesting_is_read_or_refused_like_any_text(text: str) -> None:
    for text_format in TextFormat:
        with suppress(InvalidRequest):
            assert _words(read_text(text, text_format).text) or not is_speakable(text)


@pytest.mark.parametrize(
    ("text", "cut", "is_torn"),
    [
        ("This is **bold. And more** text.", "bold.", True),
        ("This is **bold.** And more text.", "bold.**", False),
        ("See [the manual. Really](https://a.b) now.", "manual.", True),
        ("See [it](https://a.b/c.d e.", "a.b/c.", True),
        ("Use `a. b` now.", "`a.", True),
        ("*She smiles. She waves.* Hello.", "smiles.", True),
        ("2 * 3. And 4 * 5.", "3.", False),
        ("C# is. A language.", "is.", False),
        ("<b>One. Two</b>.", "One.", False),
    ],
)
def test_a_cut_is_not_made_within_a_mark(text: str, cut: str, is_torn: bool) -> None:
    end = text.index(cut) + len(cut)

    assert torn(text, end) is is_torn


def test_a_line_that_never_closes_its_mark_is_cut_all_the_same() -> None:
    assert not torn("**" + "word " * 300, 1200)


def test_nothing_is_cut_in_a_block_of_code_and_none_is_a_piece_of_its_own() -> None:
    text = "```\na. \nb. \n```\n"

    assert whole_end(text, [7, 11]) == 0
    assert whole_end(text, [7, 11, len(text)]) == 0
    assert whole_end("So:\n" + text, [4, 11, len(text) + 4]) == len(text) + 4
    assert whole_end("So:\n```\na. ", [4, 11]) == 4


def test_blank_lines_go_with_the_piece_that_follows() -> None:
    assert taken("One\n\nTwo", 5) == ("One", "\n\nTwo")
    assert taken("One\nTwo", 4) == ("One\n", "Two")


@pytest.mark.parametrize(
    "text", ["1\\. not a list", "a*b*c", "**", "__init__", "x[1](2)", "#1", "~~~", "2 * 3 * 4"]
)
def test_no_markdown_is_seen_where_none_is_beyond_doubt(text: str) -> None:
    assert not is_markdown(text)
