"""Deliveries that name their engines, and engines that the file gives names of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.config.catalogue_file import engine_places, read_catalogue
from segue.kernel.arms import Arm
from segue.kernel.errors import ConfigurationError
from segue.speech.core.catalogue import Delivery

if TYPE_CHECKING:
    from pathlib import Path

MIXED = """\
version: 1
profile: mixed
language: en-US
default_character: ghoul
arms:
  baseline: {engine: espeak, model: old}
  candidate: {model: new}
engines:
  fast: {use: piper, threads: 2}
  fine: {use: piper, models: {amy: /voices/amy.onnx}}
  espeak: {}
quotas:
  fast/joe: {requests_per_minute: 5}
characters:
  ghoul:
    name: Ghoul
    rate: 0.8
    baseline: [en-us, {engine: google, voice: cmn-TW-Wavenet-B, rate: 1}]
    candidate:
      - {engine: fast, voice: joe}
      - {engine: fine, voice: amy}
  raider:
    name: Raider
    baseline: en-us
    candidate: {engine: google, voice: en-US-Chirp3-HD-Puck}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.yaml"
    path.write_text(MIXED, encoding="utf-8")
    return path


def faults(file: Path, *changes: tuple[str, str]) -> list[str]:
    content = MIXED
    for right, wrong in changes:
        assert right in content
        content = content.replace(right, wrong)
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_catalogue(str(file))
    return [fault.removeprefix(f"{file}:") for fault in caught.value.faults]


def test_a_delivery_may_name_its_engine_and_else_has_the_arms(file: Path) -> None:
    catalogue, _ = read_catalogue(str(file))
    deliveries = catalogue.characters["ghoul"].deliveries

    assert deliveries[Arm.BASELINE] == (
        Delivery("en-us", 0.0, 0.8),
        Delivery("cmn-TW-Wavenet-B", 0.0, 1.0, "google"),
    )
    assert [catalogue.engine_of(Arm.BASELINE, one) for one in deliveries[Arm.BASELINE]] == ["espeak", "google"]
    assert [catalogue.engine_of(Arm.CANDIDATE, one) for one in deliveries[Arm.CANDIDATE]] == ["fast", "fine"]


def test_an_arms_engines_are_those_of_its_deliveries_its_own_first(file: Path) -> None:
    catalogue, _ = read_catalogue(str(file))

    assert catalogue.engines_of(Arm.BASELINE) == ("espeak", "google")
    assert catalogue.engines_of(Arm.CANDIDATE) == ("fast", "fine", "google")
    assert catalogue.engine_names == ("espeak", "google", "fast", "fine")
    assert catalogue.engines_asked(catalogue.characters["raider"], Arm.CANDIDATE) == ("google",)


def test_an_engine_that_no_delivery_uses_is_none_of_the_arms(file: Path) -> None:
    file.write_text(MIXED.replace("candidate: {model: new}", "candidate: {engine: piper, model: new}"), "utf-8")

    assert "piper" not in read_catalogue(str(file))[0].engine_names


def test_a_name_of_the_files_own_stands_for_an_installed_engine_with_its_options(file: Path) -> None:
    catalogue, options = read_catalogue(str(file))

    assert catalogue.uses == {"fast": "piper", "fine": "piper"}
    assert [catalogue.kind_of(name) for name in ("fast", "fine", "espeak", "google")] == [
        "piper",
        "piper",
        "espeak",
        "google",
    ]
    assert options == {"fast": {"threads": 2}, "fine": {"models": {"amy": "/voices/amy.onnx"}}, "espeak": {}}
    assert catalogue.quotas["fast", "joe"].requests_per_minute == 5


def test_each_engine_is_named_first_somewhere(file: Path) -> None:
    assert engine_places(str(file)) == {
        "fast": f"{file}:9: engines.fast.use",
        "fine": f"{file}:10: engines.fine.use",
        "espeak": f"{file}:6: arms.baseline.engine",
        "google": f"{file}:18: characters.ghoul.baseline.1",
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("use: piper, threads", "use: [piper], threads"),
            "9: engines.fast.use: expected the name of an installed engine",
        ),
        (
            ("use: piper, threads", "use: '', threads"),
            "9: engines.fast.use: expected the name of an installed engine",
        ),
        (
            ("use: piper, threads", "use: fine, threads"),
            "9: engines.fast.use: expected the name of an installed engine, but 'fine' is another",
        ),
        (("  fast: {use", "  fa/st: {use"), "9: engines.fa/st: invalid engine name; use 1 to 64 letters"),
        (("{engine: fast, voice", "{engine: '', voice"), "20: characters.ghoul.candidate.0.engine: String should"),
        (("{engine: fast, voice", "{engin: fast, voice"), "20: characters.ghoul.candidate.0.engin: unknown key"),
        (
            ("{engine: fast, voice: joe}", "{voice: joe}"),
            "7: arms.candidate: no engine for characters.ghoul.candidate.0; set `engine` here for all deliveries",
        ),
        (("default_character: ghoul", "default_character: goul"), "4: default_character: unknown character "),
    ],
    ids=["a list", "empty", "a name", "slash", "no engine", "unknown key", "arm without", "near"],
)
def test_a_fault_is_told_with_line_and_place(file: Path, change: tuple[str, str], told: str) -> None:
    found = faults(file, change)

    assert len(found) == 1
    assert found[0].startswith(told)


def test_deliveries_without_an_engine_are_one_fault_of_the_arm(file: Path) -> None:
    assert faults(file, ("baseline: {engine: espeak, model", "baseline: {model")) == [
        (
            "6: arms.baseline: no engine for characters.ghoul.baseline.0 and 1 more; "
            "set `engine` here for all deliveries, or in each"
        )
    ]


def test_what_is_like_a_character_is_suggested(file: Path) -> None:
    found = faults(file, ("default_character: ghoul", "default_character: goul"))

    assert found == ["4: default_character: unknown character 'goul'; did you mean 'ghoul'?"]
