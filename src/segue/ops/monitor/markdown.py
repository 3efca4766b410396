"""A report as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.ops.monitor.tables import headline, tables, troubles
from segue.ops.report.markdown import plain, table

if TYPE_CHECKING:
    from segue.ops.monitor.judgement import MonitorReport


def markdown(report: MonitorReport) -> str:
    """The whole report; Markdown in texts from outside is escaped."""
    parts = [plain(headline(report))]
    parts += ["\n".join(f"- {plain(trouble)}" for trouble in troubles(report))] if any(troubles(report)) else []
    return "\n\n".join([*parts, *(table(one) for one in tables(report))]) + "\n"
