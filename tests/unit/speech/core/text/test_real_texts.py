"""Real-life texts are read as the list says that they are."""

from __future__ import annotations

import pytest

from segue.speech.core.text.evidence import is_markdown
from segue.speech.core.text.written import TextFormat, read_text
from support.real_texts import RealText, real_texts, shown

TEXTS = real_texts()
LEAST_TEXTS = 300


def test_the_list_is_long_and_names_no_text_twice() -> None:
    assert len(TEXTS) >= LEAST_TEXTS
    assert len({item.text for item in TEXTS}) == len(TEXTS)


@pytest.mark.parametrize("item", TEXTS, ids=lambda item: f"{item.language}: {item.text[:40]!r}")
def test_a_text_is_read_as_the_list_says(item: RealText) -> None:
    marked = read_text(item.text, TextFormat.AUTO)

    assert shown(marked.text, marked.pauses) == item.said
    assert tuple(loss.control for loss in marked.losses) == item.lost


@pytest.mark.parametrize("item", TEXTS, ids=lambda item: f"{item.language}: {item.text[:40]!r}")
def test_no_mark_is_left_to_be_read_aloud(item: RealText) -> None:
    said = read_text(item.text, TextFormat.AUTO).text

    assert "\\" in item.text or not is_markdown(said)
