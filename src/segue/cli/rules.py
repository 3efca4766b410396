"""``segue rules``: writes Prometheus rules for a plan, and promtool tests that each fires when it should only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.generated import Check, PlanPath, chosen, put
from segue.cli.terminal import complaints
from segue.ops.rules.alerts import Timing
from segue.ops.rules.files import rule_files

_DEFAULT = Timing()


def rules(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write into.")] = Path(
        "deploy/prometheus"
    ),
    plan: PlanPath = None,
    window: Annotated[str, typer.Option(help="Time window of rates.")] = _DEFAULT.window,
    critical_for: Annotated[
        str, typer.Option(help="How long a critical condition must last to raise an alert.")
    ] = _DEFAULT.critical_for,
    warning_for: Annotated[
        str, typer.Option(help="How long any other condition must last to raise an alert.")
    ] = _DEFAULT.warning_for,
    check: Check = False,
) -> None:
    """Write recording and alerting rules for Prometheus, with a promtool test for each alert.

    The tests apply to the default times.
    """
    with complaints():
        put(rule_files(chosen(plan), Timing(window, critical_for, warning_for)), output, check=check)
