"""Files generated from a plan: selects the plan, writes the files, or checks that existing ones are current."""

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

    from segue.rollout.core.plan import Plan

PlanPath: TypeAlias = Annotated[
    Path | None,
    typer.Option("--plan", help="Plan file to read; by default, the packaged plan for Chirp 3: HD."),
]
Check: TypeAlias = Annotated[
    bool, typer.Option("--check", help="Write nothing; fail if a file differs from what would be written.")
]

_SHIPPED = "chirp3.yaml"


def chosen(path: Path | None) -> Plan:
    """The plan in that file, or the packaged one if ``path`` is None.

    Raises:
        ConfigurationError: the plan is not valid.
    """
    return parse_plan(plan_text(_SHIPPED)) if path is None else read_plan(path)


def put(files: Mapping[str, str], folder: Path, *, check: bool) -> None:
    """Writes the files, or with ``check`` compares them.

    Raises:
        CommandFailed: a file cannot be written, or, with ``check``, differs.
    """
    stale = [name for name, text in files.items() if not _same(folder / name, text)]
    if check:
        if stale:
            raise CommandFailed(
                f"out of date: {', '.join(stale)}; run the command without --check to update them", exits.FAILED
            )
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
