"""The tables of written forms in ``tests/data/forms``: what is written, and what is said for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).parent.parent / "data" / "forms"
LOCALES = {"en": "en-US", "zh-TW": "cmn", "zh-CN": "zh-CN", "stays-en": "en-US", "stays-zh": "cmn"}
"""The voices that each table is for."""


@dataclass(frozen=True, slots=True)
class WrittenForm:
    """``said`` is the same as ``text`` where the form stays."""

    table: str
    text: str
    said: str

    @property
    def locale(self) -> str:
        return LOCALES[self.table]


def written_forms(*tables: str) -> list[WrittenForm]:
    """Those of these tables; without any, of all."""
    return [form for table in tables or LOCALES for form in _read(table)]


def _read(table: str) -> Iterable[WrittenForm]:
    for item in YAML(typ="safe").load(FOLDER / f"{table}.yaml"):
        text, said = (item, item) if isinstance(item, str) else (item["text"], item["said"])
        yield WrittenForm(table, text, said)
