"""A report as Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.ops.report.tables import WENT_BACK, record_table, stays_table, summary, transitions_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.ops.report.tables import Table
    from segue.rollout.ports.report import Report

_SPECIAL = re.compile(r"([\\`*\[\]<>|&])|(?<![A-Za-z0-9])(_)|(_)(?![A-Za-z0-9])")


def markdown(report: Report) -> str:
    """The whole report; Markdown in texts from outside is escaped."""
    parts = [f"# Rollout {plain(report.rollout_id)}", plain(summary(report))]
    parts += [table(stays_table(report)), table(transitions_table(report))]
    parts += [f"## {WENT_BACK}"] if report.goings_back else [f"## {WENT_BACK}\n\nNone."]
    parts += [table(record_table(back), "###") for back in report.goings_back]
    return "\n\n".join(parts) + "\n"


def table(content: Table, level: str = "##") -> str:
    """A heading and a table; Markdown in the cells is escaped."""
    lines = [f"{level} {content.title}", "", _row(content.columns), _row(["---"] * len(content.columns))]
    return "\n".join([*lines, *(_row([plain(cell) for cell in row]) for row in content.rows)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def plain(text: str) -> str:
    """The text on one line, with a backslash before everything that Markdown would interpret."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", " ".join(text.split()))
