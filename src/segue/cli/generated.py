"""Files made from a plan: which plan, where they go, and whether those that are there are still right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from segue.cli import exits
from segue.cli.shipped import plan_text
from segue.cli.terminal import CommandFailed, out
from segue.config.plan_file import parse_plan, read_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.core.plan import Plan

PlanPath: TypeAlias = Annotated[
    Path | None, typer.Option("--plan", help="Plan to make them from; the one that ships for Chirp 3: HD if none.")
]
Check: TypeAlias = Annotated[
    bool, typer.Option("--check", help="Write nothing; fail where a file is not as it would be written.")
]

_SHIPPED = "chirp3.yaml"


def chosen(path: Path | None) -> Plan:
    """The plan of that file, or the one that ships.

    Raises:
        ConfigurationError: it is not valid.
    """
    return parse_plan(plan_text(_SHIPPED)) if path is None else read_plan(path)


def put(files: Mapping[str, str], folder: Path, *, check: bool) -> None:
    """Writes the files, or with ``check`` compares them.

    Raises:
        CommandFailed: one cannot be written, or is not the same.
    """
    stale = [name for name, text in files.items() if not _same(folder / name, text)]
    if check:
        if stale:
            raise CommandFailed(f"not as they would be written: {', '.join(stale)}", exits.FAILED)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
            out().print(str(folder / name), markup=False, highlight=False)
    except OSError as error:
        raise CommandFailed(f"cannot write into {folder}: {error.strerror}", exits.FAILED) from error


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
