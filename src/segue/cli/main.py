"""The verbs together."""

from __future__ import annotations

import typer

from segue.cli import check, dashboards, metrics, rules, serve, simulate, synth, voices
from segue.cli.demo import verb as demo
from segue.cli.monitor import verb as monitor
from segue.cli.rollout.app import app as rollout
from segue.cli.verify import verb as verify

app = typer.Typer(
    name="segue",
    help="Progressive delivery for text-to-speech.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("synth")(synth.synth)
app.command("voices")(voices.voices)
app.command("check")(check.check)
app.command("simulate")(simulate.simulate)
app.command("dashboards")(dashboards.dashboards)
app.command("metrics")(metrics.metrics)
app.command("rules")(rules.rules)
app.command("demo")(demo.demo)
app.command("monitor")(monitor.monitor)
app.command("verify")(verify.verify)
app.add_typer(rollout, name="rollout")


def main() -> None:
    app()
