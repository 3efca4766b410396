"""``segue rollout start`` over what is heard already, at another stage; and two commands given at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import typer
from typer.testing import CliRunner

from segue.cli import exits
from segue.cli.rollout.client import control
from segue.cli.rollout.given import GivenAgo, given_ago_s, process_age_s
from segue.cli.rollout.options import Operator
from segue.cli.rollout.replacing import taken_away
from segue.cli.rollout.seen import looked
from segue.cli.terminal import CommandFailed
from segue.config.plan_file import read_plan
from segue.rollout.ports.control import StatusBody
from support.control_answers import a_plan, a_stage, a_state, a_status
from support.service import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Rollout
    from support.listening import Listening

FRIDAY_NOON_S = 1_795_694_400.0


def revision(service: Listening) -> int:
    return int(service.control.get("/api/v1/rollout/status").json()["revision"])


def test_a_start_that_would_take_the_candidate_from_listeners_asks_first(
    rollout: Rollout, plan: Path, service: Listening
) -> None:
    rollout("start", str(plan), "--at", "everyone")
    for _ in range(2):
        rollout("advance")
    before = revision(service)
    refused = rollout("start", str(plan))

    assert refused.exit_code == exits.USAGE
    said = " ".join(refused.stderr.split())
    assert "now 100 % of all listeners hear the candidate; after the start 25 % of all listeners would" in said
    assert "Nothing was done. To start anyway, add --yes" in said
    assert "--at STAGE, one of quarter, half, everyone" in said
    assert revision(service) == before
    assert "the rollout is running, candidate share 25 %" in rollout("start", str(plan), "--yes").stdout


def test_a_start_asks_before_it_ends_a_paused_plan_and_not_after_a_roll_back(rollout: Rollout, plan: Path) -> None:
    rollout("start", str(plan))
    rollout("pause")
    refused = rollout("start", str(plan), "--format", "json")

    assert refused.exit_code == exits.USAGE
    assert "plan short, paused at stage quarter, would end" in refused.stderr
    rollout("rollback")
    assert rollout("start", str(plan)).exit_code == exits.OK


@pytest.mark.parametrize("at", ["everyone", "2"])
def test_a_plan_begins_at_the_stage_that_is_named(rollout: Rollout, plan: Path, at: str) -> None:
    assert "candidate share 75 %" in rollout("start", str(plan), "--at", at).stdout


@pytest.mark.parametrize("at", ["third", "3", "-1"])
def test_a_stage_that_is_none_is_refused_with_those_there_are(rollout: Rollout, plan: Path, at: str) -> None:
    refused = rollout("start", str(plan), "--at", at)

    assert refused.exit_code == exits.USAGE
    assert "it has quarter (0), half (1), everyone (2)" in " ".join(refused.stderr.split())


def _day_after_tomorrow() -> str:
    """In Taipei, as plans write it: the present hour is never within it."""
    return f"{datetime.now(ZoneInfo('Asia/Taipei')) + timedelta(days=2):%a}".lower()


def test_a_stage_that_needs_approval_is_not_heard_and_the_status_says_what_it_waits_for(
    rollout: Rollout, plan: Path
) -> None:
    day = _day_after_tomorrow()
    guarded = plan.read_text("utf-8").replace(
        "approval: true", f'approval: true, hours: {{between: "00:00-00:01", on: [{day}], zone: Asia/Taipei}}'
    )
    plan.write_text(guarded, "utf-8")
    begun = rollout("start", str(plan), "--at", "half")

    assert "the rollout is awaiting_approval, candidate share 0 %" in begun.stdout
    shown = " ".join(rollout("status").stdout.split())
    assert "half, not entered yet" in shown
    assert "after `segue rollout approve` and within its hours, from" in shown
    assert "`segue rollout status` shows what it is waiting for" in " ".join(rollout("approve").stdout.split())
    shown = " ".join(rollout("status").stdout.split())
    assert "is awaiting_hours" in shown
    assert "16:00:00 UTC" in shown
    again = rollout("approve")
    assert (again.exit_code, "there is nothing to approve" in again.stderr) == (exits.NOT_NOW, True)
    early = rollout("advance")
    assert (early.exit_code, "half may not be entered now" in early.stderr) == (exits.NOT_NOW, True)


def heard(share_percent: float, *characters: str, phase: str = "finished") -> StatusBody:
    state = a_state(phase, share_percent, characters=characters)
    plan = a_plan("old", [a_stage("all", share_percent, 1.0, characters)])
    return a_status(state, plan, revision=7, now_s=FRIDAY_NOON_S)


@pytest.mark.parametrize(
    ("status", "at", "told"),
    [
        (heard(25.0), 0, ""),
        (heard(25.1), 0, "after the start 25 % of all listeners would"),
        (heard(10.0, "ghoul"), 0, ""),
        (
            heard(10.0),
            3,
            "10 % of all listeners hear the candidate; after the start 90 % of the listeners of ghoul",
        ),
        (heard(0.0), 3, ""),
        (heard(1.0), 1, "none would until stage half is entered"),
        (heard(1.0), 4, "none would until stage night is entered"),
    ],
)
def test_what_a_start_would_lower_is_said(plan: Path, status: StatusBody, at: int, told: str) -> None:
    more = (
        "  - {name: theirs, share: 90%, hold: 1h, characters: [ghoul]}\n"
        '  - {name: night, share: 100%, hold: 1h, hours: {between: "02:00-03:00"}}\ngates:'
    )
    plan.write_text(plan.read_text("utf-8").replace("gates:", more), "utf-8")
    said = taken_away(status, read_plan(plan), at)

    assert (told in said) if told else not said


# Commands given at once


def test_an_order_is_based_on_what_was_there_when_it_was_given(service: Listening) -> None:
    service.posts("rollback", why="just now")
    with control(Operator(service.url, TOKEN)) as found:
        assert looked(found).revision == 2
        with pytest.raises(CommandFailed, match="revision 2 is 'roll_back' by ann") as refused:
            looked(found, since_s=30.0)

    assert refused.value.exit_status == exits.CONFLICT


def test_a_process_knows_when_it_was_given_and_a_call_within_another_does_not() -> None:
    asked = typer.Typer()

    @asked.command()
    def ask(context: typer.Context) -> None:
        typer.echo(given_ago_s(context))

    assert CliRunner().invoke(asked, obj=GivenAgo(lambda: 3.0)).stdout == "3.0\n"
    assert CliRunner().invoke(asked).stdout == "0.0\n"
    code = "from segue.cli.rollout.given import process_age_s; print(process_age_s())"
    age_s = float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout)
    assert 0.0 <= age_s < 60.0
    assert process_age_s() >= 0.0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell when a process began")
@pytest.mark.timeout(120)
def test_of_two_commands_given_at_once_one_advances_though_the_name_is_the_same(
    rollout: Rollout, plan: Path, service: Listening
) -> None:
    rollout("start", str(plan))
    words = [sys.executable, "-m", "segue", "rollout", "advance", "--url", service.url, "--token", TOKEN]
    both = [
        subprocess.Popen(
            words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=os.environ.copy()
        )
        for _ in range(2)
    ]
    told = [process.communicate()[1] for process in both]

    assert sorted(process.returncode for process in both) == [exits.OK, exits.CONFLICT], told
    assert any("has changed" in one for one in told)
    entries = json.loads(rollout("history", "--format", "json").stdout)
    assert [entry["kind"] for entry in entries] == ["boot", "start", "advance"]


def test_the_last_step_is_ended_by_a_persons_advance(rollout: Rollout, plan: Path) -> None:
    rollout("start", str(plan), "--at", "2")
    rollout("advance")
    done = rollout("advance", "--actor", "ann", "--why", "good enough")

    assert "the rollout is finished, candidate share 100 %" in done.stdout
    entry = json.loads(rollout("history", "--format", "json").stdout)[-1]
    assert (entry["kind"], entry["actor"], entry["why"]) == ("finish", "ann", "good enough")
