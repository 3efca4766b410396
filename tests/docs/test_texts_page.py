"""What the page about texts says of them is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segue.speech.core.speech import NEUTRAL
from segue.speech.core.text.verbalize.words import in_words
from segue.speech.core.text.written import TextFormat, read_text
from support.real_texts import shown

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {name: (DOCS / name).read_text(encoding="utf-8") for name in ("texts.md", "zh-TW/texts.md")}
STAYS = {
    "texts.md": "All of these stay as they are:",
    "zh-TW/texts.md": "看起來像標記但其實不是的文字會原樣保留：",
}
_ROW = re.compile(r"^\|[^|]+\|[^|]+\| (`{1,2})(?P<sent>.+)\1 \| `(?P<said>.+)` \|$", re.MULTILINE)
_FORM = re.compile(r"^\|[^|`]*\| `(?P<written>[^`|]+)` \| `(?P<said>[^`|]+)` \|$", re.MULTILINE)
_FORMS_OF = {"English": "en-US", "Mandarin": "cmn", "種類": "cmn"}
"""The head of the first column of each table of written forms, and the voice that it is for."""
FEWEST = {"texts.md": 20, "zh-TW/texts.md": 8}


def rows(page: str) -> list[tuple[str, str]]:
    return [
        (row["sent"].replace("\\n", "\n").replace("\\|", "|"), row["said"]) for row in _ROW.finditer(PAGES[page])
    ]


def kept(page: str) -> list[str]:
    """The texts that the page says stay as they are."""
    paragraph = PAGES[page].partition(STAYS[page])[2].strip().partition("\n\n")[0]
    return re.findall(r"`([^`]+)`", paragraph)


@pytest.mark.parametrize("page", PAGES)
def test_the_page_has_readings(page: str) -> None:
    assert len(rows(page)) >= FEWEST[page]
    assert len(kept(page)) >= FEWEST[page]


@pytest.mark.parametrize(("sent", "said"), [row for page in PAGES for row in rows(page)])
def test_a_text_is_read_as_the_page_says(sent: str, said: str) -> None:
    marked = read_text(sent, TextFormat.AUTO)

    assert shown(marked.text, marked.pauses) == said


@pytest.mark.parametrize("text", [text for page in PAGES for text in kept(page)])
def test_what_only_looks_like_markup_stays(text: str) -> None:
    assert read_text(f"{text} it is", TextFormat.AUTO).text == f"{text} it is"


def forms(page: str) -> list[tuple[str, str, str]]:
    """What the page says of written forms: what is written, what is said, and by the voice of which locale."""
    return [
        (form["written"], form["said"], locale)
        for head, locale in _FORMS_OF.items()
        for table in PAGES[page].split(f"| {head} |")[1:]
        for form in _FORM.finditer(table.partition("\n\n")[0])
    ]


@pytest.mark.parametrize("page", PAGES)
def test_the_page_has_written_forms(page: str) -> None:
    assert len(forms(page)) >= FEWEST[page]


@pytest.mark.parametrize(("written", "said", "locale"), [form for page in PAGES for form in forms(page)])
def test_a_form_is_said_as_the_page_says(written: str, said: str, locale: str) -> None:
    assert in_words(written, NEUTRAL, locale).text == said
