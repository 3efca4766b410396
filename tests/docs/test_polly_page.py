"""The page of the engine polly: every option is there, its catalogue can be read, its tables are the code's."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from support.pages import ROOT

pytest.importorskip("botocore", reason="needs botocore: pip install 'segue[polly]'")

from segue.config.catalogue_file import read_catalogue
from segue.speech.core.speech import Container
from segue.speech.engines.polly import create
from segue.speech.engines.polly.kinds import PollyFamily, capabilities, usual_rate_hz
from segue.speech.engines.polly.options import PollyOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = (ROOT / "docs" / "engines" / "polly.md").read_text("utf-8")


def rows(section: str) -> Iterator[list[str]]:
    table = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    for row in table.splitlines():
        if row.startswith("| `"):
            yield [cell.strip() for cell in row.split("|")[1:-1]]


def test_every_option_is_in_the_table_and_no_other() -> None:
    told = {option for name, *_ in rows("Options") for option in re.findall(r"`(\w+)`", name)}
    assert told == {field.name for field in fields(PollyOptions)}


def test_the_catalogue_of_the_page_can_be_used(tmp_path: Path) -> None:
    (written,) = re.findall(r"```yaml\n(version: 1\n.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "catalogue.yaml"
    file.write_text(written, encoding="utf-8")
    catalogue, options = read_catalogue(str(file))
    engine = create(options["polly"])
    for character in catalogue.characters.values():
        for delivery in (one for deliveries in character.deliveries.values() for one in deliveries):
            voice = engine.voice(delivery.voice)
            assert (voice.engine, voice.family) in catalogue.quotas


def test_the_table_of_engines_says_what_they_take() -> None:
    told = {name.strip("`"): cells for name, *cells in rows("Engines")}
    assert set(told) == set(map(str, PollyFamily))
    for name, (pitch, pronunciations, inside, rate) in told.items():
        can = capabilities(PollyFamily(name), "en-US")
        assert (pitch == "no") == (can.pitch_semitones is None)
        assert (pronunciations == "no") == (not can.alphabets)
        assert set(re.findall(r"`(\w+)`", inside)) == set(can.spans)
        assert int(rate.replace(",", "")) == usual_rate_hz(Container.MP3, PollyFamily(name))
