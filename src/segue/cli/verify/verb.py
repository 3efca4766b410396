"""``segue verify``."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import httpx
import typer
from rich.markup import escape

from segue.cli import exits
from segue.cli.address import web_address
from segue.cli.shipped import plan_text
from segue.cli.terminal import CommandFailed, complaints, out
from segue.cli.verify.deployment import CheckOptions, Deployment
from segue.cli.verify.report import MARKS, Verification, as_json, as_junit, further_lines, settings_table
from segue.cli.verify.run import Expected, checked, waited
from segue.config.names import SERVICE_URL, env_name
from segue.config.plan_file import parse_plan, read_plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.cli.verify.outcome import CheckOutcome
    from segue.rollout.core.plan import Stage

_PLAN = "chirp3.yaml"
DEFAULT_URL = "http://localhost:8000"
_TEXT = "This is a check of the deployment, number"


class OutcomeFormat(StrEnum):
    """How outcomes are printed."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


def verify(  # noqa: PLR0913, PLR0917 - an option is an argument
    url: Annotated[
        str, typer.Option(envvar=["API_BASE_URL", SERVICE_URL], help="The service's base address.")
    ] = DEFAULT_URL,
    exit_on_error: Annotated[
        bool, typer.Option("--exit-on-error", help="Exit with status 1 if any check failed.")
    ] = False,
    token: Annotated[
        str,
        typer.Option(
            envvar=env_name("admin_token"), help="The service's admin token, or an API key.", show_default=False
        ),
    ] = "",
    expect_stage: Annotated[
        int | None, typer.Option(min=0, help="Number of the plan's stage that should be in force, counted from 0.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="Plan of the stage; the packaged chirp3.yaml by default.")
    ] = None,
    with_faults: Annotated[
        bool, typer.Option("--with-faults", help="Break the candidate for one request. For staging only.")
    ] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the service to be ready.")] = 0.0,
    timeout: Annotated[float, typer.Option(min=0.1, help="Longest time for a response, in seconds.")] = 30.0,
    character: Annotated[str, typer.Option(help="Character to test.")] = "pip_boy",
    text: Annotated[str, typer.Option(help="Text to synthesize; a number is added to it.")] = _TEXT,
    form: Annotated[OutcomeFormat, typer.Option("--format", help="Output format.")] = OutcomeFormat.TEXT,
) -> None:
    """Check a deployment from outside: health, speech, cache, configuration, metrics.

    Checks that need the admin token are skipped without it. Only --with-faults changes the service, and it
    restores the previous state.
    """
    with complaints():
        expected = Expected(os.environ, _stage(expect_stage, plan), with_faults)
        found = _verified(url, CheckOptions(character, text, token), expected, (wait, timeout), form)
    if form is not OutcomeFormat.TEXT:
        sys.stdout.write((as_json(found) if form is OutcomeFormat.JSON else as_junit(found)) + "\n")
    if exit_on_error and not found.ok:
        raise typer.Exit(exits.FAILED)


def _stage(number: int | None, path: Path | None) -> Stage | None:
    if number is None:
        return None
    plan = read_plan(path) if path is not None else parse_plan(plan_text(_PLAN))
    if number >= len(plan.stages):
        last = len(plan.stages) - 1
        raise CommandFailed(f"plan {plan.name} has stages 0 to {last}; there is no stage {number}", exits.USAGE)
    return plan.stages[number]


def _verified(
    url: str, asked: CheckOptions, expected: Expected, patience_s: tuple[float, float], form: OutcomeFormat
) -> Verification:
    """Runs the checks. ``patience_s``: how long to wait for the service, and for each response."""
    wait_s, timeout_s = patience_s
    with _client(url, timeout_s) as client:
        waited(client, wait_s)
        deployment = Deployment(client, asked)
        outcomes = checked(deployment, expected)
        told = _told(url, outcomes) if form is OutcomeFormat.TEXT else outcomes
        found = Verification(url, list(told), deployment.configuration_seen)
    if form is OutcomeFormat.TEXT:
        _sum_up(found)
    return found


def _client(url: str, timeout_s: float) -> httpx.Client:
    """A client with one connection, kept alive, so that the same worker answers all checks.

    Raises:
        CommandFailed: the address is not a valid URL.
    """
    return httpx.Client(
        base_url=web_address(url.rstrip("/")), timeout=timeout_s, limits=httpx.Limits(keepalive_expiry=timeout_s)
    )


def _told(url: str, outcomes: Iterable[CheckOutcome]) -> Iterable[CheckOutcome]:
    """Prints each outcome as soon as it is known."""
    console = out()
    console.print(f"Segue at {escape(url)}", highlight=False)
    for outcome in outcomes:
        colour, mark = MARKS[outcome.status]
        console.print(f"[{colour}]{mark}[/] {outcome.name}: {escape(outcome.detail)}", highlight=False)
        for line in further_lines(outcome):
            console.print(f"          {escape(line)}", highlight=False)
        yield outcome


def _sum_up(found: Verification) -> None:
    if found.configuration is not None:
        out().print(settings_table(found.configuration), highlight=False)
    out().print(found.summary, style="green" if found.ok else "bold red", highlight=False)
