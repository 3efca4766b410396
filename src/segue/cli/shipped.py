"""The packaged plans, in an installed package and in a source tree."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def plan_text(name: str) -> str:
    """A file of ``plans/``, from the installed package or from the root of the source tree."""
    package = resources.files("segue")
    packaged = package / "plans" / name
    found = packaged if packaged.is_file() else Path(str(package)).parents[1] / "plans" / name
    return found.read_text(encoding="utf-8")
