"""What docs/controls.md tells of every control on every engine is measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from segue.config.pronunciations_file import read_pronunciations
from support.controls_table import ASKED, CONTROLS, ENGINES, HEARD, rows
from support.embedded import piper_engine

if TYPE_CHECKING:
    from support.controls_table import Cell

PAGE = (Path(__file__).parents[2] / "docs" / "controls.md").read_text(encoding="utf-8")
_TABLE = re.search(r"<!-- table -->\n(.*?)<!-- /table -->", PAGE, re.DOTALL)
_NUMBER = re.compile(r"[+−]?\d+\.\d+")
_TOLERANCES = {"× as long": 0.02, "semitones": 0.25, "dB": 0.25, "s of silence": 0.03}
"""The page rounds, and eSpeak NG says nothing twice in quite the same way: of 25 takes of each row the furthest
were 0.004, 0.11, 0.1 and 0.01 from the median.
"""


def told() -> dict[str, dict[str, str]]:
    """The page's table: by control, by engine."""
    assert _TABLE is not None
    lines = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in _TABLE[1].splitlines() if line]
    return {cells[0]: dict(zip(ENGINES, cells[1:], strict=True)) for cells in lines[2:]}


def without_number(text: str) -> str:
    return _NUMBER.sub("", text, count=1)


@pytest.mark.embedded
@pytest.mark.timeout(300)
async def test_the_table_says_what_is_measured() -> None:
    piper_engine()  # or skip
    measured = await rows()
    page = told()

    assert list(page) == [control.name for control in CONTROLS]
    wrong = [
        f"{control.name} on {engine}: the page says {page[control.name][engine]!r}, measured {cell.text!r}"
        for control in CONTROLS
        for engine, cell in measured[control.name].items()
        if not _agree(page[control.name][engine], cell, _TOLERANCES[control.unit])
    ]
    assert wrong == []


def _agree(page: str, cell: Cell, tolerance: float) -> bool:
    if cell.value is None:
        return page == cell.text
    number = _NUMBER.search(page)
    return (
        number is not None
        and abs(float(number[0].replace("−", "-")) - cell.value) <= tolerance
        and without_number(page) == without_number(cell.text)
    )


def test_every_engine_has_its_column() -> None:
    assert all(set(cells) == {*HEARD, *ASKED} for cells in told().values())


def test_the_pages_own_words_can_be_read(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    file = tmp_path / "words.yaml"
    file.write_text(example[1], encoding="utf-8")

    assert len(read_pronunciations(file)) == len(YAML(typ="safe").load(example[1])["words"])
