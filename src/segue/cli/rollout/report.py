"""``segue rollout report``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from segue.cli import exits
from segue.cli.rollout.client import control, understood
from segue.cli.rollout.options import DEFAULT_URL, Caller, Token, Url
from segue.cli.terminal import CommandFailed, complaints, err, out
from segue.ops.report.html import html
from segue.ops.report.markdown import markdown
from segue.ops.report.plots import plots
from segue.ports.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "report"


class Kind(StrEnum):
    """Forms of a report; the values but ``all`` are endings of files."""

    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"
    ALL = "all"


def report(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write into.")] = Path("rollout-report"),
    kind: Annotated[Kind, typer.Option("--format", help="md, html (with plots), json, or all.")] = Kind.ALL,
    whole: Annotated[bool, typer.Option("--whole", help="From the history's beginning.")] = False,
    url: Url = DEFAULT_URL,
    token: Token = "",
) -> None:
    """Write what was decided, what each stage served, and the record of every going back.

    It begins with the latest start of a plan.
    """
    with complaints():
        with control(Caller(url, token)) as service:
            answer = service.get("/report", whole=str(whole).lower())
        for path in written(answer, output, kind):
            out().print(str(path), markup=False, highlight=False)


def written(answer: bytes, folder: Path, kind: Kind) -> list[Path]:
    """The service's report as files in ``folder``, which is made where it is not there.

    Raises:
        CommandFailed: the answer is no report, or a file cannot be written.
    """
    rendered = _rendered(answer, understood(answer, Report), kind)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in rendered.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise CommandFailed(f"cannot write into {folder}: {error.strerror}", exits.FAILED) from error
    return [folder / name for name in rendered]


def _rendered(answer: bytes, told: Report, kind: Kind) -> Mapping[str, bytes]:
    files: dict[str, bytes] = {}
    if kind in (Kind.MARKDOWN, Kind.ALL):
        files[f"{_NAME}.md"] = markdown(told).encode()
    if kind in (Kind.HTML, Kind.ALL):
        drawn = plots(told)
        if drawn is None:
            err().print("no plots: pip install 'segue[report]'", style="yellow", markup=False)
        files[f"{_NAME}.html"] = html(told, drawn).encode()
    if kind in (Kind.JSON, Kind.ALL):
        files[f"{_NAME}.json"] = msgspec.json.format(answer, indent=2)
    return files
