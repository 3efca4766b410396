"""All engines of a catalogue made, and every one that cannot be made told with the place that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.config.catalogue_file import read_catalogue
from segue.kernel.errors import ConfigurationError
from segue.testing.engine import ScriptedEngine
from segue.wiring.engines import engines_of, one_engine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segue.speech.ports.engine import Engine

PROFILE = """\
version: 1
profile: several
language: en-US
default_character: guide
arms:
  baseline: {engine: one, model: one}
  candidate: {engine: second, model: two}
engines:
  one: {use: espeak, voice_of: one}
  second: {use: piper, voice_of: two}
characters:
  guide: {name: Guide, baseline: en-US, candidate: [en-US, {engine: espeak, voice: en-US}]}
"""


@pytest.fixture
def profile(tmp_path: Path) -> str:
    path = tmp_path / "several.yaml"
    path.write_text(PROFILE, encoding="utf-8")
    return str(path)


def test_each_name_has_an_engine_of_its_own_with_its_own_options(profile: str) -> None:
    asked: list[tuple[str, Mapping[str, object]]] = []

    def create(kind: str, options: Mapping[str, object]) -> Engine:
        asked.append((kind, options))
        return ScriptedEngine(kind)

    made = engines_of(profile, *read_catalogue(profile), create)

    assert {name: engine.name for name, engine in made.items()} == {
        "one": "espeak",
        "second": "piper",
        "espeak": "espeak",
    }
    assert asked == [("espeak", {"voice_of": "one"}), ("piper", {"voice_of": "two"}), ("espeak", {})]


def test_every_engine_that_cannot_be_made_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(
        PROFILE.replace("use: espeak", "use: espeek").replace("engine: espeak", "engine: seconds"), "utf-8"
    )

    with pytest.raises(ConfigurationError) as caught:
        engines_of(str(path), *read_catalogue(str(path)))

    first, second, third = caught.value.faults
    assert first.startswith(f"{path}:9: engines.one.use: unknown engine 'espeek'; installed: ")
    assert first.endswith("; did you mean 'espeak'?")
    assert second.startswith(f"{path}:10: engines.second.use: engine 'piper': ")
    assert third.startswith(f"{path}:12: characters.guide.candidate.1: unknown engine 'seconds'")
    assert third.endswith("; did you mean 'second'?")


def test_an_engine_by_name_is_the_catalogues_before_an_installed_one(profile: str) -> None:
    catalogue, options = read_catalogue(profile)

    with pytest.raises(ConfigurationError, match=r"unknown engine 'seconds'.*did you mean 'second'\?"):
        one_engine("seconds", catalogue, options)
