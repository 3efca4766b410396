"""A report as Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.ops.report.tables import record_table, stays_table, summary, transitions_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.ops.report.tables import Table
    from segue.ports.report import Report

_SPECIAL = re.compile(r"([\\`*\[\]<>|&])|(?<![A-Za-z0-9])(_)|(_)(?![A-Za-z0-9])")


def markdown(report: Report) -> str:
    """The whole report; texts from outside stay texts."""
    parts = [f"# Rollout {plain(report.rollout_id)}", plain(summary(report))]
    parts += [table(stays_table(report)), table(transitions_table(report))]
    parts += ["## Goings back"] if report.goings_back else ["## Goings back\n\nNone."]
    parts += [table(record_table(back), "###") for back in report.goings_back]
    return "\n\n".join(parts) + "\n"


def table(content: Table, level: str = "##") -> str:
    """A heading and a table; cells stay texts."""
    lines = [f"{level} {content.title}", "", _row(content.columns), _row(["---"] * len(content.columns))]
    return "\n".join([*lines, *(_row([plain(cell) for cell in row]) for row in content.rows)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def plain(text: str) -> str:
    """The text on one line, with what Markdown would read as its own marked as not meant."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", " ".join(text.split()))
