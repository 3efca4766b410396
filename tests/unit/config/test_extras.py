"""What is installed with an extra is enough for the profile that is named after it."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from segue.config.catalogue_file import read_catalogue
from segue.speech.engines.registry import extra_of
from support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTRAS: Mapping[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]


def installed(extra: str) -> set[str]:
    """The requirements of an extra, with those of the extras of Segue's that it names."""
    found = set()
    for requirement in EXTRAS[extra]:
        own = re.fullmatch(r"segue\[(.+)\]", requirement)
        found |= {requirement} if own is None else installed(own[1])
    return found


@pytest.mark.parametrize("profile", ["embedded", "kokoro", "google"])
def test_the_extra_of_a_profile_has_all_that_its_engines_need(profile: str) -> None:
    catalogue, _ = read_catalogue(profile)
    for name in catalogue.engine_names:
        extra = extra_of(catalogue.kind_of(name))
        own = {"espeakng-loader>=0.2.4"} if name == "espeak" else installed(extra)
        assert own <= installed(profile), f"pip install segue[{profile}] lacks what {name} needs"
