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
    assert "went back because of the fault" in result.output
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


def test_a_world_is_played_as_the_options_say(tmp_path: Path) -> None:
    counts = tmp_path / "counts.yaml"
    counts.write_text("{pip_boy: 30, ghoul: 10}\n", encoding="utf-8")
    options = "--traffic 500/d --burst 10 --session 1h --sessions-a-day 2 --heavy 0.1 --poisoned --breaker 60s"
    more = "--tail pareto --text-chars 80 --night 0.9 --drift 5%/day --candidate-error 0.004 --streams 0.25"
    fault = ("--fault", "down:1@1h+2h", "--fault", "error:1@3h/pip_boy")

    result = segue(
        "simulate",
        CHIRP3,
        *options.split(),
        *more.split(),
        *fault,
        "--popularity",
        str(counts),
        "--json",
        "-",
        *FEW,
    )

    assert result.exit_code == 0, result.output
    world = json.loads(result.stdout)["world"]
    parts = dict(zip(world["characters"], world["popularity"], strict=True))
    assert {name: part for name, part in parts.items() if part} == {"pip_boy": 0.75, "ghoul": 0.25}
    assert world["requests_per_s"] == pytest.approx(500 / 86_400)
    assert (world["burst"], world["session_s"], world["sessions_a_day"]) == (10, 3600.0, 2.0)
    assert (world["heavy"], world["poisoned"], world["breaker_s"]) == (0.1, True, 60.0)
    assert (world["text_chars"], world["night"], world["drift_per_day"]) == (80.0, 0.9, 0.05)
    assert world["candidate"]["delays"]["tail"] == world["baseline"]["delays"]["tail"] == "pareto"
    assert world["candidate"]["error_rate"] == 0.004
    assert [fault["kind"] for fault in world["faults"]] == ["down", "error"]


def test_an_outage_that_strikes_both_arms_takes_nothing_back() -> None:
    outage = ("--traffic", "5/s", "--fault", "outage:1@stage4+10m")

    result = segue("simulate", CHIRP3, *outage, "--json", "-", *FEW, "--runs", "5")

    assert json.loads(result.stdout)["endings"] == {"finished": 5}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--fault", "gremlins:1@stage1"), "invalid fault"),
        (("--fault", "outage:2@stage1"), "must be a rate above 0 and at most 1"),
        (("--fault", "drag:0@stage1"), "must be above 0"),
        (("--fault", "error:0.1@stage9"), "the plan has no stage 9"),
        (("--fault", "error:0.1@stage1/nobody"), "unknown character"),
        (("--traffic", "lots"), "invalid rate"),
        (("--drift", "up"), "invalid drift"),
        (("--session", "long"), "invalid time"),
        (("--breaker", "60"), "invalid time"),
        (("--candidate-mean", "0"), "invalid mean"),
        (("--baseline-first-audio", "-1"), "invalid mean"),
    ],
)
def test_what_cannot_be_played_is_refused(words: tuple[str, str], says: str) -> None:
    result = segue("simulate", CHIRP3, *words, *FEW)

    assert result.exit_code == 1
    assert says in result.output


@pytest.mark.parametrize(
    "words",
    [
        "--runs 0", "--seed -1", "--burst 0", "--sessions-a-day 0.5", "--heavy 1", "--night 1.5", "--text-chars 0",
        "--tail gauss", "--streams 2", "--candidate-error 1.5", "--baseline-error -0.1",
    ],
)  # fmt: skip
def test_a_number_out_of_its_range_is_refused_with_the_range(words: str) -> None:
    option, value = words.split()

    result = segue("simulate", CHIRP3, *FEW, option, value)

    assert result.exit_code == 2
    assert option in result.output


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        ("[1, 2]", "expected the number of requests by character"),
        ("{nobody: 1}", "nobody: unknown character"),
        ("{pip_boy: -1}", "expected a number of requests"),
        ("{pip_boy: 0}", "no character has any requests"),
    ],
)
def test_counts_of_characters_that_cannot_be_used_are_refused(
    tmp_path: Path, content: str | None, says: str
) -> None:
    counts = tmp_path / "counts.yaml"
    if content is not None:
        counts.write_text(content, encoding="utf-8")

    result = segue("simulate", CHIRP3, "--popularity", str(counts), *FEW)

    assert result.exit_code in {1, 2}
    assert says in " ".join(result.output.split())


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file", encoding="utf-8")

    result = segue("simulate", CHIRP3, "--fault", "slow:10@stage1", "--output", str(taken), *FEW)

    assert result.exit_code == 1
    assert "cannot write" in result.output


def test_a_plan_for_characters_that_nobody_has_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(Path(CHIRP3).read_text(encoding="utf-8").replace("[pip_boy]", "[pipboy]"), encoding="utf-8")

    result = segue("check", "--plan", str(wrong), "--profile", "google")

    assert result.exit_code == 2
    assert "unknown character: pipboy" in result.output


def test_the_schema_is_printed_for_whoever_asks() -> None:
    assert json.loads(segue("check", "--plan-schema").stdout) == plan_schema()
