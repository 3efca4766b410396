"""Prints monitor reports to a terminal, a pipe or a log."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from segue.cli import exits
from segue.cli.terminal import CommandFailed
from segue.ops.monitor.document import document
from segue.ops.monitor.judgement import MeasureVerdict, MonitorHealth
from segue.ops.monitor.markdown import markdown
from segue.ops.monitor.tables import headline, tables, troubles
from segue.ops.monitor.trend import History

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from rich.console import Console, RenderableType

    from segue.ops.monitor.judgement import MonitorReport
    from segue.ops.monitor.tables import Trend
    from segue.ops.report.tables import Table as Content

_COLOURS: dict[str, str] = {
    MeasureVerdict.MET: "green",
    MeasureVerdict.WARNING: "yellow",
    MeasureVerdict.ALERT: "bold red",
    MeasureVerdict.FEW: "dim",
    MeasureVerdict.NO_DATA: "dim",
}
_HEALTH_COLOURS = {
    MonitorHealth.HEALTHY: "green",
    MonitorHealth.WARNING: "yellow",
    MonitorHealth.ALERT: "bold red",
    MonitorHealth.FEW: "yellow",
    MonitorHealth.NO_DATA: "yellow",
    MonitorHealth.UNREADABLE: "bold red",
}


def as_text(report: MonitorReport, form: str) -> str | None:
    """The report as ``json`` or ``markdown``; None for a table, which ``drawn`` renders."""
    if form == "json":
        return document(report)
    return markdown(report) if form == "markdown" else None


def drawn(report: MonitorReport, trend: Trend | None = None) -> RenderableType:
    parts: list[RenderableType] = [f"[{_HEALTH_COLOURS[report.health]}]{escape(headline(report))}[/]"]
    parts += [f"[red]{escape(trouble)}[/]" for trouble in troubles(report)]
    return Group(*parts, *(_table(content) for content in tables(report, trend)))


def _table(content: Content) -> Table:
    table = Table(*content.columns, title=content.title, title_justify="left")
    for row in content.rows:
        table.add_row(*(f"[{_COLOURS[cell]}]{cell}[/]" if cell in _COLOURS else escape(cell) for cell in row))
    return table


class MonitorScreen:
    """Shows successive reports: an updated view at a terminal; in a pipe, a line or a document for each report."""

    def __init__(self, console: Console, form: str) -> None:
        self._console = console
        self._form = form
        self._history = History()
        self._live = Live(console=console, auto_refresh=False, screen=True) if self._draws else None

    @property
    def _draws(self) -> bool:
        return self._form == "table" and self._console.is_terminal

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, report: MonitorReport) -> None:
        self._history.add(report)
        text = as_text(report, self._form)
        if self._live is not None:
            self._live.update(drawn(report, self._history.trend), refresh=True)
        elif text is not None:
            sys.stdout.write(text.rstrip("\n") + "\n")
            sys.stdout.flush()
        else:
            for line in (headline(report), *(f"  {trouble}" for trouble in troubles(report))):
                self._console.print(line, markup=False, highlight=False)


def noted(report: MonitorReport, log: Path) -> None:
    """Appends the report to the log as a line of JSON.

    Raises:
        CommandFailed: the file cannot be written.
    """
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write(document(report) + "\n")
    except OSError as error:
        raise CommandFailed(f"cannot write {log}: {error.strerror}", exits.FAILED) from None
