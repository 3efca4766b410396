"""The operators' pages name every command, option, status and route that there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer

from segue.cli import exits
from segue.cli.rollout.app import app
from segue.rollout.core.rollout import TRANSITIONS, Phase, Verb
from support.service import staged

if TYPE_CHECKING:
    from segue.cli.lazy import LazyCommand

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "rollout.md").read_text("utf-8")
HTTP = (DOCS / "http.md").read_text("utf-8")
_GROUP = typer.main.get_command(app)
COMMANDS: dict[str, LazyCommand] = _GROUP.commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_and_option_is_on_the_page(verb: str) -> None:
    assert f"`segue rollout {verb}" in PAGE
    for parameter in COMMANDS[verb].whole.params:
        for option in parameter.opts:
            assert not option.startswith("--") or option in PAGE, option


def test_every_exit_status_is_on_the_page() -> None:
    statuses = {value for name, value in vars(exits).items() if name.isupper()}

    assert {int(number) for number in re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE)} == statuses


@pytest.mark.parametrize(
    ("command", "verb"),
    [
        ("start PLAN", Verb.START),
        ("pause", Verb.PAUSE),
        ("resume", Verb.RESUME),
        ("approve", Verb.APPROVE),
        ("advance", Verb.ADVANCE),
    ],
)
def test_the_page_says_in_which_phases_a_command_is_possible(command: str, verb: Verb) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `segue rollout {command}`")]
    possible = set(re.findall(r"`(\w+)`", row.rsplit("|", 2)[1]))

    assert possible == {str(phase) for phase, of in TRANSITIONS if of is verb}


def test_what_is_possible_in_any_phase_is_so() -> None:
    for verb in (Verb.ROLL_BACK, Verb.HOLD_BACK, Verb.RELEASE):
        assert {phase for phase, of in TRANSITIONS if of is verb} == set(Phase)
    assert {phase for phase, of in TRANSITIONS if of is Verb.STEP_BACK} == set(Phase) - {
        Phase.MANUAL,
        Phase.ROLLED_BACK,
    }


async def test_every_route_of_the_control_api_is_on_its_page(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        document = (await stage.client.get("/openapi.json")).json()
    paths = [path for path in document["paths"] if path.startswith("/api/v1/rollout")]

    assert len(paths) > 10
    assert [path for path in paths if path.removeprefix("/api/v1/rollout") not in HTTP] == []
