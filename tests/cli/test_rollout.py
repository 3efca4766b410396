"""What operators type, and what they are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from segue.cli import exits
from segue.cli.main import app
from support.listening import listening
from support.service import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Rollout
    from support.listening import Listening


def test_a_plan_is_begun_and_every_replica_is_said_to_serve_by_it(rollout: Rollout, plan: Path) -> None:
    begun = rollout("start", str(plan), "--why", "a first try")

    assert begun.exit_code == exits.OK, begun.stderr
    assert "the rollout is running, candidate share 25 %" in begun.stdout
    assert "every replica serves by it; the slowest took" in begun.stdout


def test_a_plan_with_faults_is_told_line_by_line_and_nothing_is_sent(
    rollout: Rollout, service: Listening, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("version: 1\nname: x\nstages:\n  - {name: a, share: 120%, hold: 1}\ngates: {}\n", "utf-8")
    refused = rollout("start", str(broken))

    assert refused.exit_code == exits.USAGE
    assert f"{broken}:4: stages.0.share" in refused.stderr
    assert f"{broken}:4: stages.0.hold" in refused.stderr
    assert service.control.get("/api/v1/rollout").json()["revision"] == 1


def test_a_plan_for_someone_the_service_does_not_know_is_refused_by_name(
    rollout: Rollout, plan: Path, service: Listening
) -> None:
    text = plan.read_text("utf-8").replace("hold: 2h,", "hold: 2h, characters: [nobody],")
    plan.write_text(text, "utf-8")
    refused = rollout("start", str(plan))

    assert refused.exit_code == exits.USAGE
    assert "nobody is called nobody" in refused.stderr
    assert service.control.get("/api/v1/rollout").json()["revision"] == 1


def test_the_verbs_move_the_rollout_and_leave_who_and_why(rollout: Rollout, plan: Path) -> None:
    assert rollout("start", str(plan)).exit_code == exits.OK
    for words in (
        ("pause", "--why", "lunch"),
        ("resume",),
        ("advance", "--why", "we know it is good"),
        ("back",),
        ("hold-back", "ghoul", "--why", "sounds wrong"),
        ("release", "ghoul"),
        ("rollback", "--why", "enough", "--actor", "王小明"),
    ):
        done = rollout(*words)
        assert done.exit_code == exits.OK, (words, done.stderr)
        assert words[0] in done.stdout
    told = json.loads(rollout("history", "--format", "json").stdout)

    kinds = [event["kind"] for event in told]
    assert kinds == "boot start pause resume advance step_back hold_back release roll_back".split()
    assert (told[-1]["actor"], told[-1]["why"]) == ("王小明", "enough")
    assert told[6]["character"] == "ghoul"


def test_a_roll_back_says_how_long_each_replica_took_and_the_slowest(rollout: Rollout) -> None:
    done = rollout("rollback")

    assert "serves by it after" in done.stdout
    assert "every replica serves by it; the slowest took" in done.stdout
    assert "candidate share 0 %" in done.stdout


def test_an_order_as_json_is_what_the_service_answered(rollout: Rollout) -> None:
    answer = json.loads(rollout("rollback", "--format", "json").stdout)

    assert answer["state"]["phase"] == "rolled_back"
    assert answer["following"][0]["after_ms"] >= 0


def test_whoever_had_seen_an_older_revision_is_told_who_won(rollout: Rollout, service: Listening) -> None:
    service.posts("rollback", why="before you")
    refused = rollout("rollback", "--seen", "1")

    assert refused.exit_code == exits.CONFLICT
    assert "ann was first: revision 2" in refused.stderr


def test_what_the_phase_does_not_allow_is_refused_with_what_it_does(rollout: Rollout) -> None:
    refused = rollout("pause")

    assert refused.exit_code == exits.NOT_NOW
    assert "pause is not possible while the rollout is manual; possible:" in refused.stderr


def test_an_unknown_character_is_refused(rollout: Rollout) -> None:
    refused = rollout("hold-back", "nobody")

    assert refused.exit_code == exits.USAGE
    assert "unknown characters: nobody" in refused.stderr


@pytest.mark.parametrize(
    ("token", "said"),
    [("", "the service asks for its admin token"), ("wrong", "the service does not accept this token")],
)
def test_without_the_right_token_nobody_is_let_in(rollout: Rollout, token: str, said: str) -> None:
    refused = rollout("status", token=token)

    assert refused.exit_code == exits.DENIED
    assert said in refused.stderr
    assert "SEGUE_ADMIN_TOKEN" in refused.stderr


def test_a_closed_control_api_says_how_to_open_it(tmp_path: Path) -> None:
    with listening(tmp_path, SEGUE_ADMIN_TOKEN="") as service:
        refused = CliRunner().invoke(app, ["rollout", "status", "--url", service.url, "--token", TOKEN])

    assert refused.exit_code == exits.DENIED
    assert "set SEGUE_ADMIN_TOKEN and restart" in refused.stderr


def test_a_switch_held_off_by_the_environment_is_named(tmp_path: Path, plan: Path) -> None:
    with listening(tmp_path, CHIRP3_ENABLED="false") as service:
        words = ["--url", service.url, "--token", TOKEN]
        refused = CliRunner().invoke(app, ["rollout", "start", str(plan), *words])
        shown = CliRunner().invoke(app, ["rollout", "status", *words])

    assert refused.exit_code == exits.NOT_NOW
    assert "CHIRP3_ENABLED=false in the environment" in refused.stderr
    assert "nobody: CHIRP3_ENABLED=false" in shown.stdout


@pytest.mark.parametrize(
    ("url", "status"),
    [("http://127.0.0.1:9", exits.UNREACHABLE), ("ftp://127.0.0.1", exits.USAGE), ("nowhere", exits.USAGE)],
)
def test_a_service_that_is_not_there_is_named_with_what_to_do(url: str, status: int) -> None:
    refused = CliRunner().invoke(app, ["rollout", "status", "--url", url, "--token", TOKEN])

    assert refused.exit_code == status
    assert url in refused.stderr


def test_the_standing_is_told_in_words(rollout: Rollout, plan: Path) -> None:
    rollout("start", str(plan))
    told = rollout("status").stdout

    assert "test is running, revision 2, plan short" in told
    assert "Stage 1 of 3: quarter" in told
    assert "25 % of the listeners of all characters" in told
    assert "of 1 h" in told
    assert "to stage half, 50 % (a person must approve it), when the hold is over in" in told
    assert "Replicas:" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([("pause",)], "stays as it is until `segue rollout resume`"),
        ([("rollback",)], "stays off until `segue rollout resume`, which begins stage quarter again"),
        ([("advance",), ("back",)], "goes on with this stage in"),
        ([("advance",), ("advance",)], "to 100 % of everyone, when the hold is over"),
        ([("advance",), ("advance",), ("advance",)], "the plan ends well, when the hold is over"),
    ],
)
def test_what_comes_next_is_said_for_every_phase(
    rollout: Rollout, plan: Path, words: list[tuple[str, ...]], said: str
) -> None:
    rollout("start", str(plan))
    for order in words:
        assert rollout(*order).exit_code == exits.OK

    assert said in rollout("status").stdout.replace("\n", " ")


def test_without_a_plan_the_standing_says_how_to_begin(rollout: Rollout) -> None:
    assert "`segue rollout start PLAN` begins a plan" in rollout("status").stdout


def test_the_history_is_a_table_of_the_newest(rollout: Rollout) -> None:
    rollout("hold-back", "ghoul", "--why", "[red]not a colour[/]")
    rollout("release", "ghoul")
    told = rollout("history", "--last", "2").stdout

    assert "boot" not in told
    assert "hold_back ghoul" in told
    assert "[red]not a colour[/]" in told
