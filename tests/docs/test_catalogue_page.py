"""The page about the catalogue: its examples are catalogues, and every key of the file stands on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segue.config.catalogue_document import CatalogueFile
from segue.config.catalogue_file import read_catalogue
from segue.kernel.arms import Arm

PAGE = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text("utf-8")
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_is_a_catalogue_and_what_the_page_says_of_it_is_so(tmp_path: Path) -> None:
    path = tmp_path / "radio.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    catalogue, options = read_catalogue(str(path))

    assert catalogue.engines_of(Arm.BASELINE) == ("espeak", "piper")
    assert len(catalogue.characters["herald"].deliveries[Arm.BASELINE][0].backups) == 1
    assert catalogue.engines_of(Arm.CANDIDATE) == ("piper", "google", "quick")
    assert catalogue.kind_of("quick") == "piper"
    assert options["quick"] == {"workers": 4, "noise_ratio": 0}
    assert [
        (said.pitch_semitones, said.rate_ratio) for said in catalogue.characters["guide"].deliveries[Arm.CANDIDATE]
    ] == [(-2, 0.95), (0, 0.95)]


@pytest.mark.parametrize("key", CatalogueFile.model_fields)
def test_every_key_of_the_file_is_in_the_example(key: str) -> None:
    assert re.search(rf"^{key}:", EXAMPLE, re.MULTILINE)
