"""``segue metrics``: writes the reference page of the metrics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.generated import Check, put
from segue.cli.terminal import complaints
from segue.ops.metrics_page import FILE, metrics_page


def metrics(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write into.")] = Path("docs"),
    check: Check = False,
) -> None:
    """Write the reference page of all metrics."""
    with complaints():
        put({FILE: metrics_page()}, output, check=check)
