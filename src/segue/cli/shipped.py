"""The plans that ship, wherever Segue is installed from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def plan_text(name: str) -> str:
    """A file of ``plans/``: packaged beside the code, or at the top of the tree that the code is run from."""
    package = resources.files("segue")
    packaged = package / "plans" / name
    found = packaged if packaged.is_file() else Path(str(package)).parents[1] / "plans" / name
    return found.read_text(encoding="utf-8")
