"""The verbs of ``segue rollout`` together."""

from __future__ import annotations

import typer

from segue.cli.rollout import history, orders, report, start, status

app = typer.Typer(help="Steer the rollout of a running service, and see where it stands.", no_args_is_help=True)
app.command("start")(start.start)
app.command("status")(status.status)
orders.register(app)
app.command("history")(history.history)
app.command("report")(report.report)
