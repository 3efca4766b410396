"""``segue simulate`` and ``segue check --plan``, as typed."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from segue.cli.main import app
from segue.config.plan_file import plan_schema

ROOT = Path(__file__).parents[2]
CHIRP3 = str(ROOT / "plans" / "chirp3.yaml")
FEW = ("--runs", "20", "--profile", "google")


def segue(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_it_says_how_soon_a_fault_is_noticed_and_what_it_cost(tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.json"

    result = segue("simulate", CHIRP3, "--fault", "error:0.3@stage1", "--json", str(numbers), *FEW)

    assert result.exit_code == 0, result.output
    assert "went back for the fault" in result.output
    assert "candidate requests until then" in result.output
    written = json.loads(numbers.read_text(encoding="utf-8"))
    assert written["endings"] == {"rolled_back": 20}
    assert written["noticed_at_stages"] == {"1": 20}
    assert 0 < written["noticed_after_requests"]["median"] < 80
    assert written["world"]["faults"][0]["size"] == 0.3


def test_numbers_alone_go_to_standard_output() -> None:
    result = segue("simulate", CHIRP3, "--fault", "slow:10@stage1", "--json", "-", *FEW)

    assert json.loads(result.stdout)["runs"] == 20


def test_plots_and_numbers_go_to_a_folder(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need it: pip install 'segue[report]'")
    folder = tmp_path / "report"

    result = segue("simulate", CHIRP3, "--fault", "error:0.3@stage1", "--output", str(folder), *FEW)

    assert result.exit_code == 0, result.output
    names = {path.name for path in folder.iterdir()}
    assert names == {"summary.json", "endings.svg", "duration.svg", "detection.svg"}
    for path in folder.glob("*.svg"):
        assert ET.parse(path).getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--fault", "gremlins:1@stage1"), "is no fault"),
        (("--fault", "error:0.1@stage9"), "the plan has no stage 9"),
        (("--fault", "error:0.1@stage1/nobody"), "nobody is called"),
        (("--traffic", "lots"), "is no traffic"),
        (("--drift", "up"), "is no drift"),
        (("--candidate-mean", "0"), "is none"),
    ],
)
def test_what_cannot_be_played_is_refused(words: tuple[str, str], says: str) -> None:
    result = segue("simulate", CHIRP3, *words, *FEW)

    assert result.exit_code == 1
    assert says in result.output


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file", encoding="utf-8")

    result = segue("simulate", CHIRP3, "--fault", "slow:10@stage1", "--output", str(taken), *FEW)

    assert result.exit_code == 1
    assert "cannot write" in result.output


def test_a_sound_plan_is_said_in_words() -> None:
    result = segue("check", "--plan", CHIRP3, "--traffic", "20/s", "--profile", "google")

    assert result.exit_code == 0, result.output
    assert "Stage 1, one-character-10: 10 % of the listeners of pip_boy" in result.output
    assert "At 20/s every step gathers its evidence within its hold." in result.output
    assert (
        "stage 5, all-characters-100: 1,200 requests a minute for google/chirp3-hd; its quota is 200"
        in result.output
    )
    assert "The plan can be used." in result.output


def test_a_step_that_would_starve_is_told_with_its_line() -> None:
    result = segue("check", "--plan", CHIRP3, "--traffic", "1/m", "--profile", "google")

    assert result.exit_code == 2
    line = Path(CHIRP3).read_text(encoding="utf-8").splitlines().index("  - name: one-character-10") + 1
    assert f"chirp3.yaml:{line}: stages.1" in result.output


def test_a_plan_for_characters_that_nobody_has_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(Path(CHIRP3).read_text(encoding="utf-8").replace("[pip_boy]", "[pipboy]"), encoding="utf-8")

    result = segue("check", "--plan", str(wrong), "--profile", "google")

    assert result.exit_code == 2
    assert "nobody is called pipboy" in result.output


def test_the_schema_is_printed_for_whoever_asks() -> None:
    assert json.loads(segue("check", "--plan-schema").stdout) == plan_schema()
