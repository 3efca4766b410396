"""The demo's plan, wherever Segue is installed from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

_NAME = "demo.yaml"


def plan_text() -> str:
    """``plans/demo.yaml``: packaged beside the code, or at the top of the tree that the code is run from."""
    package = resources.files("segue")
    packaged = package / "plans" / _NAME
    found = packaged if packaged.is_file() else Path(str(package)).parents[1] / "plans" / _NAME
    return found.read_text(encoding="utf-8")
