"""Backups of deliveries in the file: how they are written, and what is told of wrong ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.config.catalogue_file import read_catalogue
from segue.kernel.arms import Arm
from segue.kernel.errors import ConfigurationError
from segue.speech.core.catalogue import Delivery
from segue.testing.engine import ScriptedEngine
from segue.wiring.fingerprint import fingerprint

if TYPE_CHECKING:
    from pathlib import Path

BACKED = """\
version: 1
profile: backed
language: en-US
default_character: ghoul
arms:
  baseline: {engine: espeak, model: old}
  candidate: {engine: piper, model: new}
characters:
  ghoul:
    name: Ghoul
    pitch: -6
    baseline:
      - voice: en-us
        pitch: -3
        backups: [en-gb, {engine: google, voice: en-US-Wavenet-B, rate: 0.9}]
      - cmn
    candidate: {voice: joe, backups: amy}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backed.yaml"


def fault(file: Path, right: str, wrong: str) -> str:
    assert right in BACKED
    file.write_text(BACKED.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_catalogue(str(file))
    (told,) = caught.value.faults
    return told.removeprefix(f"{file}:")


def test_a_backup_is_a_name_or_a_delivery_with_the_characters_design(file: Path) -> None:
    file.write_text(BACKED, encoding="utf-8")
    deliveries = read_catalogue(str(file))[0].characters["ghoul"].deliveries
    first, second = deliveries[Arm.BASELINE]

    assert (first.voice, first.pitch_semitones) == ("en-us", -3)
    assert first.backups == (Delivery("en-gb", -6, 1), Delivery("en-US-Wavenet-B", -6, 0.9, "google"))
    assert second == Delivery("cmn", -6, 1)
    assert deliveries[Arm.CANDIDATE] == (Delivery("joe", -6, 1, backups=(Delivery("amy", -6, 1),)),)


def test_the_engine_of_a_backup_is_one_of_the_arms(file: Path) -> None:
    file.write_text(BACKED, encoding="utf-8")
    catalogue, _ = read_catalogue(str(file))

    assert catalogue.engines_of(Arm.BASELINE) == ("espeak", "google")
    assert catalogue.engines_of(Arm.CANDIDATE) == ("piper",)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("backups: amy", "backups: []", "17: characters.ghoul.candidate.0.backups: Value should have at least 1"),
        (
            "backups: amy",
            "backups: {voice: amy, backups: joe}",
            "17: characters.ghoul.candidate.0.backups.0.backups: unknown key",
        ),
        ("rate: 0.9", "rate: 9", "15: characters.ghoul.baseline.0.backups.1.rate: Input should be less than or"),
        ("voice: en-US-Wavenet-B, ", "", "15: characters.ghoul.baseline.0.backups.1.voice: Field required"),
    ],
    ids=["none", "a backup's backup", "rate", "no voice"],
)
def test_a_fault_is_told_with_line_and_place(file: Path, right: str, wrong: str, told: str) -> None:
    assert fault(file, right, wrong).startswith(told)


def test_a_backup_without_an_engine_needs_the_arms(file: Path) -> None:
    assert fault(file, "candidate: {engine: piper, model", "candidate: {model").startswith(
        "7: arms.candidate: no engine for characters.ghoul.candidate.0 and 1 more;"
    )


def test_evidence_of_other_backups_is_none_of_these(file: Path) -> None:
    engines = {name: ScriptedEngine(name) for name in ("espeak", "piper", "google")}
    names = []
    for content in (BACKED, BACKED.replace(", backups: amy", ""), BACKED.replace("backups: amy", "backups: bob")):
        file.write_text(content, encoding="utf-8")
        names.append(fingerprint(read_catalogue(str(file))[0], engines))

    assert len(set(names)) == 3
