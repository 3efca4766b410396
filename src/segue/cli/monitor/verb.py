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
from segue.cli.monitor.screen import MonitorScreen, as_text, drawn, noted
from segue.cli.monitor.sources import METRICS_PATH, SourceOptions, source
from segue.cli.shipped import plan_text
from segue.cli.terminal import complaints, out
from segue.config.names import SERVICE_URL
from segue.config.plan_file import parse_plan, read_plan
from segue.ops.monitor.judgement import MonitorHealth, reported

if TYPE_CHECKING:
    from segue.cli.monitor.sources import ObservationSource
    from segue.ops.monitor.judgement import MonitorReport
    from segue.rollout.core.plan import Plan

_PLAN = "chirp3.yaml"
DEFAULT_URL = f"http://localhost:8000{METRICS_PATH}"
DEFAULT_INTERVAL_S = 60.0

STATUSES = {
    MonitorHealth.HEALTHY: 0,
    MonitorHealth.WARNING: 1,
    MonitorHealth.FEW: 1,
    MonitorHealth.NO_DATA: 1,
    MonitorHealth.ALERT: 2,
    MonitorHealth.UNREADABLE: exits.UNREACHABLE,
}
"""The exit status for each health with ``--exit-code``."""


class MonitorFormat(StrEnum):
    """How a report is printed."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


class How(NamedTuple):
    """How reports are made and shown. ``interval_s`` is None for totals since the service's start."""

    plan: Plan
    form: MonitorFormat
    interval_s: float | None
    log: Path | None


def monitor(  # noqa: PLR0913, PLR0917 - an option is an argument
    url: Annotated[
        list[str] | None,
        typer.Option(
            envvar=["METRICS_URL", SERVICE_URL],
            help=f"Metrics endpoint, {DEFAULT_URL} by default; repeat it for each replica.",
        ),
    ] = None,
    prometheus: Annotated[str, typer.Option(help="Read from this Prometheus server instead.")] = "",
    selector: Annotated[
        str, typer.Option(help='Label selector for the Prometheus server, such as job="segue".')
    ] = "",
    watch: Annotated[bool, typer.Option("--watch", help="Report repeatedly until Ctrl-C.")] = False,
    interval: Annotated[
        float | None,
        typer.Option(min=0.1, help="Seconds between two readings, 60 by default.", show_default=False),
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(help="Plan whose gates are applied; the packaged chirp3.yaml by default.")
    ] = None,
    form: Annotated[MonitorFormat, typer.Option("--format", help="Output format.")] = MonitorFormat.TABLE,
    log: Annotated[Path | None, typer.Option(help="Append every report to this file as a line of JSON.")] = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help="Exit with 1 on a warning or too little data, and with 2 on an alert, instead of 0. With or "
            "without this: 3 unreadable; 1 or 2 also if the command itself fails or is used wrongly.",
        ),
    ] = False,
) -> None:
    """Report the service's health from its metrics, measured against the plan's gates.

    By default the report covers all time since the service's start. With --interval it covers the time between two
    readings that are this far apart. From a Prometheus server it always covers the interval.
    """
    asked = SourceOptions(url or [DEFAULT_URL], prometheus, selector)
    with complaints():
        gates = read_plan(plan) if plan is not None else parse_plan(plan_text(_PLAN))
        how = How(gates, form, interval, log)
        report = _watched(asked, how) if watch else asyncio.run(_once(asked, how))
    status = STATUSES[report.health] if report is not None else exits.OK
    if exit_code or status == exits.UNREACHABLE:
        raise typer.Exit(status)


async def _once(asked: SourceOptions, how: How) -> MonitorReport:
    """One report: of totals, or of the time between two readings."""
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


def _watched(asked: SourceOptions, how: How) -> MonitorReport | None:
    """Reports until Ctrl-C; returns the last report."""
    latest: list[MonitorReport] = []
    with suppress(KeyboardInterrupt):
        asyncio.run(_watch(asked, how, latest))
    return latest[0] if latest else None


async def _watch(asked: SourceOptions, how: How, latest: list[MonitorReport]) -> None:
    interval_s = how.interval_s or DEFAULT_INTERVAL_S
    loop = asyncio.get_running_loop()
    async with source(asked, interval_s) as found:
        with MonitorScreen(out(), how.form) as screen:
            next_s = loop.time()
            while True:
                latest[:] = [await _look(found, how.plan)]
                screen.show(latest[0])
                if how.log is not None:
                    noted(latest[0], how.log)
                next_s = max(next_s + interval_s, loop.time())
                await asyncio.sleep(next_s - loop.time())


async def _look(found: ObservationSource, plan: Plan) -> MonitorReport:
    return reported(await found.look(), plan)
