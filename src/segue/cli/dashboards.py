"""``segue dashboards``: writes the Grafana dashboard for a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli import exits
from segue.cli.generated import Check, PlanPath, chosen, put
from segue.cli.terminal import CommandFailed, complaints

if TYPE_CHECKING:
    from segue.rollout.core.plan import Plan

FILE = "segue.json"


def dashboards(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write into.")] = Path("deploy/grafana"),
    plan: PlanPath = None,
    check: Check = False,
) -> None:
    """Write the dashboard as JSON for import into Grafana."""
    with complaints():
        put({FILE: _drawn(chosen(plan))}, output, check=check)


def _drawn(plan: Plan) -> str:
    try:
        from segue.ops.dashboard.grafana import dashboard_json
    except ModuleNotFoundError as error:
        raise CommandFailed("the Grafana SDK is not installed: pip install 'segue[ops]'", exits.FAILED) from error
    return dashboard_json(plan)
