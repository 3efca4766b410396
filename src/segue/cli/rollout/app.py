"""The subcommands of ``segue rollout``."""

from __future__ import annotations

import typer

from segue.cli.lazy import ListedCommand, register

_HERE = "segue.cli.rollout"
_ORDERS = f"{_HERE}.orders"
COMMANDS = (
    ListedCommand(
        "start",
        "Start PLAN at its first step, or at another stage. Switches the candidate on.",
        f"{_HERE}.start",
        "start",
    ),
    ListedCommand(
        "status",
        "Show the rollout's state, the judge's latest decision, and what comes next.",
        f"{_HERE}.status",
        "status",
    ),
    ListedCommand("pause", "Freeze the rollout; alarms can still roll it back.", _ORDERS, "pause"),
    ListedCommand("resume", "Continue after a pause, a cool-down or a rollback.", _ORDERS, "resume"),
    ListedCommand("approve", "Approve the next stage, if it requires approval.", _ORDERS, "approve"),
    ListedCommand(
        "advance",
        "Go to the next step now without checking the gates; from the last step, finish the plan.",
        _ORDERS,
        "advance",
    ),
    ListedCommand(
        "back",
        "Go back to the nearest earlier stage with fewer candidate listeners and cool down; without one, roll "
        "back.",
        _ORDERS,
        "back",
    ),
    ListedCommand("rollback", "Move all listeners to the baseline now, on every replica.", _ORDERS, "rollback"),
    ListedCommand("hold-back", "Move one character back to the baseline.", _ORDERS, "hold_back"),
    ListedCommand("release", "Let a held-back character use the candidate again.", _ORDERS, "release"),
    ListedCommand(
        "history", "Show the rollout's history: when, who, what and why.", f"{_HERE}.history", "history"
    ),
    ListedCommand(
        "report",
        "Write a report: decisions, what was served in each stage, and each time the rollout went back.",
        f"{_HERE}.report",
        "report",
    ),
    ListedCommand(
        "salt",
        "Print the salt, for programs that compute which arm a listener hears. Keep it secret.",
        f"{_HERE}.salt",
        "salt",
    ),
)

app = typer.Typer(help="Control and inspect the rollout of a running service.", no_args_is_help=True)
register(app, COMMANDS)
