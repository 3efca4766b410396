"""What ``segue check`` says of a plan, and how long it foresees that it will take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.cli import exits
from segue.cli.main import app

if TYPE_CHECKING:
    from typer.testing import Result

PLANS = Path(__file__).parents[2] / "plans"


def check(plan: str, *words: str) -> Result:
    path = str(PLANS / f"{plan}.yaml") if "/" not in plan else plan
    environ = {"COLUMNS": "200"}
    return CliRunner().invoke(app, ["check", "--profile", "google", "--plan", path, *words], env=environ)


def row(result: Result, step: str) -> list[str]:
    (line,) = [line for line in result.output.splitlines() if line.strip().startswith(step)]
    return line.split()


def test_a_sound_plan_is_said_in_words() -> None:
    result = check("chirp3")

    assert result.exit_code == exits.OK, result.output
    assert "Stage 1, one-character-10: 10 % of the listeners of pip_boy" in result.output
    assert "1 % of the listeners stay on the baseline at every share" in result.output
    assert "The plan is valid." in result.output
    assert "Days at" not in result.output


def test_a_plan_that_does_not_see_a_dead_candidate_is_said_to_and_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "blind.yaml"
    path.write_text(
        "version: 1\nname: blind\nstages: [{name: tenth, share: 10%, hold: 24h}]\n"
        'gates: {error_rate: {target: "< 1%", roll_back: "> 10%"}}\n'
    )

    result = check(str(path))

    assert result.exit_code == exits.OK, result.output
    (warning,) = [line for line in result.output.splitlines() if line.startswith("warning: ")]
    assert warning.startswith("warning: a candidate that fails completely raises no alarm of this plan")
    assert warning.endswith("These stages would still end with their targets met: tenth.")
    assert "warning: " not in check("chirp3").output


def test_days_are_foreseen_for_each_step_and_quotas_named() -> None:
    pytest.importorskip("google.cloud.texttospeech", reason="needs Google's client: pip install 'segue[google]'")
    result = check("chirp3", "--traffic", "20/s")

    assert result.exit_code == exits.OK, result.output
    assert "Days at 1,728,000 requests a day that reach an engine" in result.output
    assert row(result, "4 all-characters-50")[-5:] == ["7", "864,000", "7", "7", "7"]
    assert "stage 5, all-characters-100: 1,188 requests a minute for google/chirp3-hd, but its quota is 200" in (
        result.output
    )
    assert "times its holds" not in result.output


def test_a_plan_that_takes_long_is_said_to() -> None:
    result = check("chirp3", "--traffic", "500/d")

    assert result.exit_code == exits.OK
    assert "the plan takes more than 1.5 times its holds" in result.output
    assert "At 0.2 %, 0.5 % errors" in result.output


def test_a_target_that_is_not_met_is_named_with_its_step() -> None:
    result = check("careful", "--traffic", "5000/d")

    assert result.exit_code == exits.OK
    assert "At 0.5 % errors step 4 everyone never ends: error_rate below 0.5 %" in result.output
    assert row(result, "4 everyone")[-2:] == ["14", "never"]
    assert row(result, "together")[-3:] == ["28", "28", "never"]


def test_a_plan_that_no_candidate_ends_is_no_use() -> None:
    result = check("chirp3", "--traffic", "50000/d", "--cache-hits", "85%")

    assert result.exit_code == exits.USAGE
    assert "after 85 % cache hits" in result.output
    assert "step 0 staging never ends: cache_hit_rate above 90 % is not met" in result.output
    assert row(result, "1 one-character-10")[-3:] == ["-", "-", "-"]
    assert "even a perfect candidate never completes the plan" in result.output


def test_a_character_that_nobody_asks_keeps_a_plan_from_ending(tmp_path: Path) -> None:
    counts = tmp_path / "counts.yaml"
    counts.write_text("ghoul: 7", "utf-8")

    result = check("chirp3", "--traffic", "20/s", "--popularity", str(counts))

    assert result.exit_code == exits.USAGE
    assert "step 1 one-character-10 never ends: its characters get no requests" in result.output


def test_listeners_who_come_again_and_long_texts_take_longer() -> None:
    words = ("--traffic", "5000/d", "--popularity", "zipf")
    once = check("chirp3", *words)
    again = check("chirp3", *words, "--requests-per-listener", "5", "--characters-per-request", "1000")

    assert int(row(again, "4 all-characters-50")[3].replace(",", "")) == 500
    assert int(row(once, "4 all-characters-50")[3].replace(",", "")) == 2500
    assert float(row(again, "0 staging")[4]) > float(row(once, "0 staging")[4])


def test_a_margin_is_said_to_be_left_out(tmp_path: Path) -> None:
    text = (PLANS / "careful.yaml").read_text("utf-8").replace('"< 0.5%",', '"< 0.5%", margin: 1%,', 1)
    (tmp_path / "margin.yaml").write_text(text, "utf-8")

    said = " ".join(check(str(tmp_path / "margin.yaml"), "--traffic", "5000/d").output.split())
    assert "The forecast does not include the time that this takes." in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--traffic", "lots"), "invalid rate"),
        (("--traffic", "1/s", "--cache-hits", "0.9"), "expected a share or rate in percent"),
        (("--traffic", "1/s", "--popularity", "nowhere.yaml"), "cannot be read"),
        (("--traffic", "1/s", "--requests-per-listener", "0"), "invalid number of requests per listener: 0"),
    ],
)
def test_traffic_that_is_none_is_told(words: tuple[str, ...], says: str) -> None:
    result = check("careful", *words)

    assert result.exit_code != exits.OK
    assert says in result.output


def test_a_plan_that_requests_may_outlast_is_no_use_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_REQUEST_TIMEOUT_S", "60")

    result = check("chirp3")

    assert result.exit_code == exits.USAGE
    assert "statistics.longest_synthesis is 20 s, but a call may take 60 s here" in result.output


@pytest.mark.parametrize("plan", ["careful", "chirp3", "demo", "rehearsal", "small-team"])
def test_every_shipped_plan_can_be_used(plan: str) -> None:
    path = PLANS / f"{plan}.yaml"
    profile = "embedded" if plan in {"demo", "rehearsal"} else "google"

    result = CliRunner().invoke(app, ["check", "--profile", profile, "--plan", str(path)])

    assert result.exit_code == exits.OK, result.output
