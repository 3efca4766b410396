"""``segue monitor``."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from segue.cli import exits
from segue.cli.monitor.screen import Screen, as_text, drawn, noted
from segue.cli.monitor.sources import METRICS_PATH, Asked, source
from segue.cli.shipped import plan_text
from segue.cli.terminal import complaints, out
from segue.config.load import SERVICE_URL
from segue.config.plan_file import parse_plan, read_plan
from segue.ops.monitor.judgement import Health, reported

if TYPE_CHECKING:
    from segue.cli.monitor.sources import Source
    from segue.core.plan import Plan
    from segue.ops.monitor.judgement import Report

_PLAN = "chirp3.yaml"
DEFAULT_URL = f"http://localhost:8000{METRICS_PATH}"
DEFAULT_INTERVAL_S = 60.0

STATUSES = {
    Health.HEALTHY: 0,
    Health.WARNING: 1,
    Health.FEW: 1,
    Health.NO_DATA: 1,
    Health.ALERT: 2,
    Health.UNREADABLE: exits.UNREACHABLE,
}
"""What ``--exit-code`` makes of each health."""


class Format(StrEnum):
    """How a report is printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


class How(NamedTuple):
    """How reports are made and shown. ``interval_s`` is None where totals since boot are asked for."""

    plan: Plan
    form: Format
    interval_s: float | None
    log: Path | None


def monitor(  # noqa: PLR0913, PLR0917 - an option is an argument
    url: Annotated[
        list[str] | None,
        typer.Option(
            envvar=["METRICS_URL", SERVICE_URL],
            help=f"Metrics endpoint, {DEFAULT_URL} by default; once per replica.",
        ),
    ] = None,
    prometheus: Annotated[str, typer.Option(help="Read a Prometheus server instead.")] = "",
    selector: Annotated[str, typer.Option(help='Narrows what is read from it, such as job="segue".')] = "",
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and look again and again; Ctrl-C ends it.")
    ] = False,
    interval: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds between two looks, 60 by default.", show_default=False)
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="Plan whose gates are applied; chirp3's by default.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
    log: Annotated[Path | None, typer.Option(help="File to add every report to, as a line of JSON.")] = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code", help="Status 0 healthy, 1 warning or nothing to judge, 2 alert, 3 unreadable."
        ),
    ] = False,
) -> None:
    """How the service does, read from its metrics alone and held against the plan's gates.

    Without --watch: totals since the service's start; with --interval, the rates between two looks so far apart.
    A Prometheus server is always asked for rates over the interval.
    """
    asked = Asked(url or [DEFAULT_URL], prometheus, selector)
    with complaints():
        gates = read_plan(plan) if plan is not None else parse_plan(plan_text(_PLAN))
        how = How(gates, form, interval, log)
        report = _watched(asked, how) if watch else asyncio.run(_once(asked, how))
    status = STATUSES[report.health] if report is not None else exits.OK
    if exit_code or status == exits.UNREACHABLE:
        raise typer.Exit(status)


async def _once(asked: Asked, how: How) -> Report:
    """One report: of totals, or of what happened between two looks."""
    async with source(asked, how.interval_s or DEFAULT_INTERVAL_S) as found:
        report = await _look(found, how.plan)
        if how.interval_s is not None and not asked.prometheus:
            await asyncio.sleep(how.interval_s)
            report = await _look(found, how.plan)
    text = as_text(report, how.form)
    if text is None:
        out().print(drawn(report), highlight=False)
    else:
        sys.stdout.write(text.rstrip("\n") + "\n")
    if how.log is not None:
        noted(report, how.log)
    return report


def _watched(asked: Asked, how: How) -> Report | None:
    """Look after look, until Ctrl-C; the last report."""
    latest: list[Report] = []
    with suppress(KeyboardInterrupt):
        asyncio.run(_watch(asked, how, latest))
    return latest[0] if latest else None


async def _watch(asked: Asked, how: How, latest: list[Report]) -> None:
    interval_s = how.interval_s or DEFAULT_INTERVAL_S
    loop = asyncio.get_running_loop()
    async with source(asked, interval_s) as found:
        with Screen(out(), how.form) as screen:
            next_s = loop.time()
            while True:
                latest[:] = [await _look(found, how.plan)]
                screen.show(latest[0])
                if how.log is not None:
                    noted(latest[0], how.log)
                next_s = max(next_s + interval_s, loop.time())
                await asyncio.sleep(next_s - loop.time())


async def _look(found: Source, plan: Plan) -> Report:
    return reported(await found.look(), plan)
