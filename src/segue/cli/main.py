"""The ``segue`` command and its subcommands."""

from __future__ import annotations

import typer

from segue.cli.keys.app import app as keys
from segue.cli.lazy import ListedCommand, register
from segue.cli.rollout.app import app as rollout
from segue.cli.rollout.given import GivenAgo, process_age_s

_CLI = "segue.cli"
COMMANDS = (
    ListedCommand(
        "serve",
        "Run the service. Every setting has an environment variable; `segue check --settings` lists them.",
        f"{_CLI}.serve",
        "serve",
    ),
    ListedCommand("synth", "Synthesize TEXT into a file.", f"{_CLI}.synth", "synth"),
    ListedCommand(
        "voices",
        "List the characters with their voices on each arm, or the voices of an engine.",
        f"{_CLI}.voices",
        "voices",
    ),
    ListedCommand(
        "check",
        "Validate settings and catalogue, or a plan, and describe what they would do.",
        f"{_CLI}.check",
        "check",
    ),
    ListedCommand(
        "simulate",
        "Simulate PLAN many times with traffic and faults on a virtual clock, and summarize the results.",
        f"{_CLI}.simulate",
        "simulate",
    ),
    ListedCommand(
        "dashboards",
        "Write the dashboard as JSON for import into Grafana.",
        f"{_CLI}.dashboards",
        "dashboards",
    ),
    ListedCommand("metrics", "Write the reference page of all metrics.", f"{_CLI}.metrics", "metrics"),
    ListedCommand(
        "rules",
        "Write recording and alerting rules for Prometheus, with a promtool test for each alert.",
        f"{_CLI}.rules",
        "rules",
    ),
    ListedCommand(
        "demo",
        "Run a rollout from eSpeak NG to Piper and Kokoro, which break half-way; still, no request fails.",
        f"{_CLI}.demo.verb",
        "demo",
    ),
    ListedCommand(
        "monitor",
        "Report the service's health from its metrics, measured against the plan's gates.",
        f"{_CLI}.monitor.verb",
        "monitor",
    ),
    ListedCommand(
        "usage",
        "Print what was used, by API key, arm, voice, character or day, and at what price.",
        f"{_CLI}.usage",
        "usage",
    ),
    ListedCommand(
        "verify",
        "Check a deployment from outside: health, speech, cache, configuration, metrics.",
        f"{_CLI}.verify.verb",
        "verify",
    ),
)

app = typer.Typer(
    name="segue",
    help="Progressive delivery for text-to-speech.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
register(app, COMMANDS)
app.add_typer(rollout, name="rollout")
app.add_typer(keys, name="keys")


def main() -> None:
    app(obj=GivenAgo(process_age_s))
