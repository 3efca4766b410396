"""What operators type, and what they are told."""

from __future__ import annotations

import asyncio
import io
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from segue.cli import exits
from segue.cli.main import app
from segue.cli.rollout.orders import late, told
from segue.cli.rollout.standing import standing
from segue.kernel.arms import Arm
from segue.rollout.core.windows import Slot, Tally
from segue.rollout.ports.control import (
    DoneBody,
    FollowingBody,
    JudgementBody,
    ReplicaBody,
    StatusBody,
)
from segue.rollout.ports.store import Row
from segue.rollout.store.open import open_store
from support.control_answers import a_plan, a_reading, a_stage, a_state, a_status
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
    assert "every replica applied it; the slowest took" in begun.stdout


async def _keep_an_hour(folder: Path) -> None:
    """An hour of a rollout in which an engine was asked 3,600 times, and a cache nine times as often."""
    store = open_store(f"sqlite:///{folder}/var/segue.db")
    heard = {(Arm.CANDIDATE, "ghoul"): Tally(units=1800.0), (Arm.BASELINE, "raider"): Tally(units=1800.0)}
    slot = Slot(time.time() - 7200.0, 3600.0, heard, hits=32_400.0, lookups=36_000.0)
    await store.start()
    await store.rows.add(Row("test/slots", slot.start_s, "all", msgspec.msgpack.encode(slot)))
    await store.close()


def test_how_long_a_plan_will_take_is_said_where_the_service_knows_its_traffic(
    rollout: Rollout, plan: Path, tmp_path: Path
) -> None:
    asyncio.run(_keep_an_hour(tmp_path))
    begun = rollout("start", str(plan))

    assert begun.exit_code == exits.OK, begun.stderr
    assert "Days at 86,400 requests a day that reach an engine, after 90 % cache hits" in begun.stdout
    assert "0 quarter" in begun.stdout
    assert "the rollout is running" in begun.stdout


def test_a_service_that_has_seen_no_traffic_says_how_to_ask(rollout: Rollout, plan: Path) -> None:
    said = " ".join(rollout("start", str(plan)).stdout.split())

    assert "The duration of the plan cannot be forecast" in said
    assert f"`segue check --plan {plan} --traffic 5000/d`" in said


def test_a_program_is_told_no_forecast(rollout: Rollout, plan: Path) -> None:
    assert json.loads(rollout("start", str(plan), "--format", "json").stdout)["state"]["phase"] == "running"


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
    assert "unknown character: nobody" in refused.stderr
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
    entries = json.loads(rollout("history", "--format", "json").stdout)

    kinds = [entry["kind"] for entry in entries]
    assert kinds == "boot start pause resume advance step_back hold_back release roll_back".split()
    assert (entries[-1]["actor"], entries[-1]["why"]) == ("王小明", "enough")
    assert entries[6]["character"] == "ghoul"


def test_a_roll_back_says_how_long_each_replica_took_and_the_slowest(rollout: Rollout) -> None:
    done = rollout("rollback")

    assert "applied it after" in done.stdout
    assert "every replica applied it; the slowest took" in done.stdout
    assert "candidate share 0 %" in done.stdout


def test_a_replica_that_does_not_follow_is_named_last() -> None:
    state = a_state("rolled_back")
    done = DoneBody(
        7, 0.0, state, (FollowingBody("slow", None), FollowingBody("b", 80.0), FollowingBody("a", 12.0))
    )

    assert late(done) == ["slow"]
    assert told("rollback", done)[1:] == [
        "  a applied it after 12 ms",
        "  b applied it after 80 ms",
        "  [red]slow has not applied it yet[/]",
    ]


def test_an_order_as_json_is_what_the_service_answered(rollout: Rollout) -> None:
    answer = json.loads(rollout("rollback", "--format", "json").stdout)

    assert answer["state"]["phase"] == "rolled_back"
    assert answer["following"][0]["after_ms"] >= 0


def test_whoever_had_seen_an_older_revision_is_told_who_won(rollout: Rollout, service: Listening) -> None:
    service.posts("rollback", why="before you")
    refused = rollout("rollback", "--seen", "1")

    assert refused.exit_code == exits.CONFLICT
    assert "its revision 2 is" in refused.stderr


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
    [("", "the service requires its admin token"), ("wrong", "the service rejected this token")],
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
    assert "no listeners on the replica that answered: CHIRP3_ENABLED=false" in shown.stdout


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
    shown = rollout("status").stdout

    assert "test is running, revision 2, plan short" in shown
    assert "Stage 0 (of 0 to 2): quarter" in shown
    assert "25 % of the listeners of all characters" in shown
    assert "of 1 h" in shown
    assert "to stage half, 50 % (needs approval), when the hold ends in" in shown
    assert "all at revision 2" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([("pause",)], "stays as it is until `segue rollout resume`"),
        ([("rollback",)], "stays off until `segue rollout resume`, which restarts stage quarter at 25 %"),
        (
            [("advance",), ("advance",), ("advance",), ("rollback",), ("rollback",)],
            "stays off until `segue rollout resume`, which restarts stage half at 50 %",
        ),
        ([("advance",), ("back",)], "continues with this stage in"),
        ([("advance",), ("advance",)], "to 100 % of everyone, when the hold ends"),
        ([("advance",), ("advance",), ("advance",)], "the plan completes, when the hold ends"),
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
    assert "nothing until you start a plan with `segue rollout start PLAN`" in rollout("status").stdout


def test_the_history_names_the_stage_of_each_entry(rollout: Rollout, plan: Path) -> None:
    rollout("start", str(plan))
    rollout("advance")
    rows = [[cell.strip() for cell in line.split("│")] for line in rollout("history").stdout.splitlines()]

    stages = {row[4]: row[6] for row in rows if len(row) > 6 and row[4]}
    assert stages == {"boot": "-", "start": "0", "advance": "1"}


def test_an_approval_says_when_the_stage_is_entered() -> None:
    done = DoneBody(3, 0.0, a_state("awaiting_approval", 25.0), (FollowingBody("a", 3.0),))

    assert told("approve", done)[-1].startswith("the judge enters the stage at its next check")


def test_the_history_is_a_table_of_the_newest(rollout: Rollout) -> None:
    rollout("hold-back", "ghoul", "--why", "[red]not a colour[/]")
    rollout("release", "ghoul")
    shown = rollout("history", "--last", "2").stdout

    assert "boot" not in shown
    assert "hold_back ghoul" in shown
    assert "[red]not a colour[/]" in shown


def test_a_reason_sends_nothing_to_the_terminal(rollout: Rollout) -> None:
    rollout("hold-back", "ghoul", "--why", "red \x1b[31m, clear \x9b2J, title \x1b]0;t\x07, order \u202etxt")

    for shown in (rollout("history").stdout, rollout("status").stdout):
        assert all(sign.isprintable() or sign == "\n" for sign in shown), shown
    assert "red \ufffd[31m" in " ".join(rollout("history").stdout.split())


JUDGEMENT = JudgementBody(
    at_s=99.0,
    by="replica-1",
    revision=4,
    verb=None,
    reasons=("error_rate: not certain yet",),
    readings=(a_reading("error_rate", "inconclusive", "not certain"),),
    wake_at_s=101.0,
    stuck=True,
    held_s=12.0,
)
HELD_LONG = a_status(
    a_state("running", 50.0, characters=("pip_boy",), held_back=("ghoul",), fallback=False),
    a_plan("short", [a_stage("half", 50.0, 10.0, ("pip_boy",))]),
    rollout_id="chirp3",
    revision=4,
    now_s=100.0,
    held_for_s=12.0,
    hold_s=10.0,
    judgement=JUDGEMENT,
    replicas=(ReplicaBody("replica-1", 4, 99.0), ReplicaBody("replica-2", 3, 99.0)),
)


def shown(status: StatusBody, now_s: float = 100.0) -> str:
    console = Console(file=io.StringIO(), width=200, color_system=None)
    with console.capture() as captured:
        console.print(standing(status, now_s))
    return captured.get()


def test_a_step_that_is_held_up_says_by_what_who_judges_and_who_lags() -> None:
    told_so = shown(HELD_LONG)

    assert "50 % of the listeners of pip_boy; held back: ghoul; without a fallback" in told_so
    assert "the plan completes, blocked by error_rate\n" in told_so
    assert "This step is stuck: it is long overdue" in told_so
    assert "replica-1 checked 1 s ago: hold\n" in told_so
    assert "not yet at revision 4: replica-2" in told_so
    assert "Held for 12 s of 10 s (including short gaps without traffic)" in shown(HELD_LONG, 105.0)


def test_who_stays_on_the_baseline_and_what_is_done_in_the_shadow_is_said() -> None:
    plan = a_plan("short", [a_stage("everyone", 99.0, 10.0)], yardstick_percent=1.0)
    state = a_state("running", 99.0, shadow_percent=20.0)

    assert (
        "Candidate: 99 % of the listeners of all characters (1 % stay on the baseline as a yardstick); "
        "shadow requests for 20 % of the baseline's requests"
    ) in shown(replace(HELD_LONG, plan=plan, state=state))


def test_a_rollout_that_begins_again_by_itself_says_when() -> None:
    off = a_state("rolled_back", step_backs=1, resume_at_s=3700.0)
    told_so = shown(replace(HELD_LONG, state=off, resume_stage=0))

    assert "restarts automatically in 1 h (1970-01-01 01:01:40 UTC), or with `segue rollout resume`" in told_so
    assert "which restarts stage half at 50 %" in told_so


def test_each_gate_is_shown_with_its_estimate_interval_limit_verdict_and_sentence() -> None:
    told_so = shown(HELD_LONG)
    (row,) = [line for line in told_so.splitlines() if "inconclusive" in line]

    for cell in ("error_rate", "candidate", "2.5 %", "0.1 to 16 %", "10 %"):
        assert cell in row
    assert "\nnot certain" in told_so
    assert max(len(line.rstrip()) for line in told_so.splitlines() if "│" in line or "inconclusive" in line) <= 80


def test_without_readings_the_judge_says_why_it_holds() -> None:
    silent = replace(JUDGEMENT, readings=(), reasons=("no traffic for 9 s",))

    assert "checked 1 s ago: hold: no traffic for 9 s" in shown(replace(HELD_LONG, judgement=silent))


def test_a_step_without_traffic_is_said_to_be_stuck_all_the_same() -> None:
    silent = replace(JUDGEMENT, readings=(), reasons=("no traffic for 90 s",))

    assert "This step is stuck" in shown(replace(HELD_LONG, judgement=silent))
    assert "This step is stuck" not in shown(replace(HELD_LONG, judgement=silent, revision=5))


def test_a_plan_that_has_ended_holds_no_step() -> None:
    ended = replace(HELD_LONG.state, phase="finished")

    assert "Held for" not in shown(replace(HELD_LONG, state=ended))


def test_what_the_judge_thought_of_an_older_state_is_not_shown_as_of_this_one() -> None:
    assert "inconclusive" not in shown(replace(HELD_LONG, revision=5))


def test_a_request_that_does_not_fit_its_schema_is_told_field_by_field(rollout: Rollout) -> None:
    refused = rollout("rollback", "--why", "x" * 1001)

    assert refused.exit_code == exits.USAGE
    assert "body.why: String should have at most 1000 characters" in refused.stderr
