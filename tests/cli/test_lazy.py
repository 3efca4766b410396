"""What a command does not need is not loaded: a rollback at 3 a.m. does not wait for the simulation."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from segue.cli import main
from segue.cli.lazy import LazyCommand
from segue.cli.rollout import app as rollout

HEAVY = (
    "numpy",
    "fastapi",
    "sqlalchemy",
    "segue.rollout.simulation",
    "segue.wiring",
    "segue.speech.service",
    "segue.speech.core.text",
)
_CODE = """
import sys
from segue.cli.main import main
try:
    main()
except SystemExit:
    print(*sorted(sys.modules))
"""
COMMANDS = {
    f"{prefix} {listed.name}".strip(): (listed, typer.main.get_command(app).commands[listed.name])  # type: ignore[attr-defined]
    for prefix, app, commands in (("", main.app, main.COMMANDS), ("rollout", rollout.app, rollout.COMMANDS))
    for listed in commands
}


def loaded(*words: str) -> set[str]:
    """The modules that are there when the command has run."""
    command = [sys.executable, "-c", _CODE, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("rollout", "--help"),
        *(
            ("rollout", *order, "--url", "http://127.0.0.1:9")
            for order in (["rollback"], ["hold-back", "ghoul"], ["status"], ["history"], ["salt"])
        ),
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_loaded(words: tuple[str, ...]) -> None:
    assert [name for name in HEAVY if name in loaded(*words)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    listed, command = COMMANDS[name]

    assert isinstance(command, LazyCommand)
    assert (command.whole.help or "").split("\n\n")[0].replace("\n", " ") == listed.says
