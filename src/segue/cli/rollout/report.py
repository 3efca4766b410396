"""``segue rollout report``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from segue.cli import exits
from segue.cli.rollout.client import control, understood
from segue.cli.rollout.options import DEFAULT_URL, Operator, Token, Url
from segue.cli.terminal import CommandFailed, complaints, err, out
from segue.ops.report.html import html
from segue.ops.report.markdown import markdown
from segue.ops.report.plots import plots
from segue.rollout.ports.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "report"


class ReportForm(StrEnum):
    """Formats of a report; each value except ``all`` is a file extension."""

    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"
    ALL = "all"


def report(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write into.")] = Path("rollout-report"),
    kind: Annotated[
        ReportForm, typer.Option("--format", help="md, html (with plots), json, or all.")
    ] = ReportForm.ALL,
    whole: Annotated[
        bool, typer.Option("--whole", help="Cover the whole history, not only the latest plan.")
    ] = False,
    url: Url = DEFAULT_URL,
    token: Token = "",
) -> None:
    """Write a report: decisions, what was served in each stage, and each time the rollout went back.

    By default it covers the time since the latest start of a plan.
    """
    with complaints():
        with control(Operator(url, token)) as service:
            answer = service.get("/report", whole=str(whole).lower())
        for path in written(answer, output, kind):
            out().print(str(path), markup=False, highlight=False)


def written(answer: bytes, folder: Path, kind: ReportForm) -> list[Path]:
    """Writes the service's report to files in ``folder``, which is created if necessary.

    Raises:
        CommandFailed: the answer is not a report, or a file cannot be written.
    """
    rendered = _rendered(answer, understood(answer, Report), kind)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in rendered.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise CommandFailed(f"cannot write into {folder}: {error.strerror}", exits.FAILED) from error
    return [folder / name for name in rendered]


def _rendered(answer: bytes, told: Report, kind: ReportForm) -> Mapping[str, bytes]:
    files: dict[str, bytes] = {}
    if kind in (ReportForm.MARKDOWN, ReportForm.ALL):
        files[f"{_NAME}.md"] = markdown(told).encode()
    if kind in (ReportForm.HTML, ReportForm.ALL):
        drawn = plots(told)
        if drawn is None:
            err().print(
                "the report has no plots; to add them: pip install 'segue[report]'", style="yellow", markup=False
            )
        files[f"{_NAME}.html"] = html(told, drawn).encode()
    if kind in (ReportForm.JSON, ReportForm.ALL):
        files[f"{_NAME}.json"] = msgspec.json.format(answer, indent=2)
    return files
