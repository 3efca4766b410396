"""A report as one self-contained HTML file: no scripts, links or fonts from elsewhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from segue.ops.report.tables import WENT_BACK, record_table, stays_table, summary, transitions_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.ops.report.tables import Table
    from segue.rollout.ports.report import Report

_STYLE = """
:root { color-scheme: light; --ink: #1c2430; --faint: #5b6675; --line: #d9dee5; --sheet: #ffffff; }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem; background: var(--sheet); color: var(--ink);
  font: 15px/1.5 system-ui, "Noto Sans TC", "PingFang TC", "Microsoft JhengHei", sans-serif; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; } h3 { font-size: 1rem; }
.scrolls { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 0.35rem 0.6rem; text-align: left; vertical-align: top; }
th { color: var(--faint); font-weight: 600; }
svg { width: 100%; height: auto; }
"""


def html(report: Report, plots: str | None) -> str:
    """The whole report; texts from outside are escaped. ``plots`` is an SVG, or None if it could not be drawn."""
    title = f"Rollout {escape(report.rollout_id)}"
    drawn = plots or "<p>No plots: <code>pip install 'segue[report]'</code> and create the report again.</p>"
    backs = "".join(_table(record_table(back), 3) for back in report.goings_back) or "<p>None.</p>"
    body = (
        f"<h1>{title}</h1><p>{escape(summary(report))}</p>"
        f"<h2>Share, success and latency</h2>{drawn}"
        f"{_table(stays_table(report), 2)}{_table(transitions_table(report), 2)}"
        f"<h2>{WENT_BACK}</h2>{backs}"
    )
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _table(table: Table, level: int) -> str:
    columns = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(f"<tr>{_cells(row)}</tr>" for row in table.rows)
    return (
        f"<h{level}>{escape(table.title)}</h{level}>"
        f'<div class="scrolls"><table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _cells(row: Sequence[str]) -> str:
    return "".join(f"<td>{escape(cell)}</td>" for cell in row)
