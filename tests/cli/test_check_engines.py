"""What ``segue check``, ``segue voices`` and ``segue synth`` make of a catalogue of several engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.cli import exits
from segue.cli.main import app
from segue.config.catalogue_file import PROFILES, unused_engines

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

pytestmark = pytest.mark.embedded

PROFILE = """\
version: 1
profile: several
language: en-US
default_character: guide
arms:
  baseline: {engine: espeak, model: old}
  candidate: {model: new}
engines:
  own: {use: espeak}
characters:
  guide:
    name: Guide
    baseline: en-us
    candidate: [{engine: own, voice: en-gb}, {engine: espeak, voice: cmn}]
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    pytest.importorskip("espeakng_loader", reason="needs the embedded voices: pip install 'segue[embedded]'")
    path = tmp_path / "several.yaml"
    path.write_text(PROFILE, encoding="utf-8")
    return path


def segue(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


def test_check_says_which_engines_stand_on_which_arm_and_whose_each_voice_is(profile: Path) -> None:
    done = segue("check", "--profile", str(profile))

    assert done.exit_code == exits.OK, done.output
    assert "baseline: engine espeak; metrics call its model 'old'" in done.output
    assert "candidate: engines own (which is espeak), espeak; metrics call its model 'new'" in done.output
    assert "own: eSpeak NG English (Great Britain)" in done.output
    assert "espeak: eSpeak NG Chinese" in done.output
    assert "espeak: eSpeak NG English (America)" not in done.output


def test_check_tells_a_quota_that_is_of_no_engine_in_use(profile: Path) -> None:
    quotas = "quotas: {own/en: {requests_per_minute: 9}, else/en: {requests_per_minute: 7}}\n"
    profile.write_text(PROFILE + quotas, encoding="utf-8")
    told = " ".join(segue("check", "--profile", str(profile)).output.split())

    assert "quota of else/en: 7 requests a minute (as of unknown), shared by 1 worker(s); no voice of this" in told
    assert told.count("no voice of this profile is of that engine") == 1


def test_check_warns_of_an_entry_that_no_delivery_uses(profile: Path) -> None:
    unused = "  own: {use: espeak}\n  espaek: {workers: 3}\n  spare: {use: piper}\n"
    profile.write_text(PROFILE.replace("  own: {use: espeak}\n", unused), encoding="utf-8")
    done = segue("check", "--profile", str(profile))

    assert done.exit_code == exits.OK, done.output
    warnings = [line for line in done.output.splitlines() if line.startswith("warning: ")]
    why = "no delivery uses this engine, so its options have no effect"
    assert warnings == [
        f"warning: {profile}:10: engines.espaek: {why}; did you mean 'espeak'?",
        f"warning: {profile}:11: engines.spare: {why}",
    ]


@pytest.mark.parametrize("shipped", PROFILES)
def test_every_engine_of_the_shipped_profiles_is_used(shipped: str) -> None:
    assert unused_engines(shipped) == []


def test_check_tells_an_engine_that_does_not_exist_with_file_line_and_place(profile: Path) -> None:
    profile.write_text(PROFILE.replace("engine: own,", "engine: owns,"), encoding="utf-8")
    done = segue("check", "--profile", str(profile))

    assert done.exit_code == exits.USAGE
    told = " ".join(done.output.split())
    assert f"{profile}:14: characters.guide.candidate.0: unknown engine 'owns'" in told
    assert "did you mean 'own'?" in told


def test_voices_are_listed_with_their_engine_where_an_arm_has_several(profile: Path) -> None:
    done = segue("voices", "--profile", str(profile))

    assert "own: eSpeak NG English (Great Britain)" in done.output
    assert "espeak: eSpeak NG Chinese" in done.output
    assert "en-gb" in segue("voices", "--profile", str(profile), "--engine", "own").output


def test_backups_are_listed_behind_the_voices(profile: Path) -> None:
    backed = "baseline: {voice: en-us, backups: [{engine: own, voice: en-gb}, nonsense]}"
    profile.write_text(PROFILE.replace("baseline: en-us", backed), encoding="utf-8")
    checked, listed = (segue(word, "--profile", str(profile)) for word in ("check", "voices"))

    assert checked.exit_code == exits.OK, checked.output
    for done in (checked, listed):
        told = " ".join(done.output.replace("│", " ").split())
        assert "(backup: own:" in told
    assert "nonsense" in checked.output


def test_synth_takes_an_engine_by_its_name_in_the_catalogue(profile: Path, tmp_path: Path) -> None:
    said = segue("synth", "Hello.", "-o", str(tmp_path / "a.wav"), "--profile", str(profile), "--engine", "own")
    unknown = segue("synth", "Hi.", "-o", str(tmp_path / "b.wav"), "--profile", str(profile), "--engine", "piper")

    assert said.exit_code == exits.OK, said.output
    assert "note: own has no voice" not in said.output
    assert (tmp_path / "a.wav").stat().st_size > 1000
    assert unknown.exit_code == exits.FAILED
    assert "available: espeak, own" in " ".join(unknown.output.split())
