"""The plans that come with Segue, wherever it is installed."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from segue.config.plan_file import read_plan

if TYPE_CHECKING:
    from segue.core.plan import Plan

SHIPPED = "chirp3.yaml"


def shipped_path(name: str) -> Path:
    """``plans/``: packaged beside the code, or at the top of the tree that the code is run from."""
    package = Path(str(resources.files("segue")))
    packaged = package / "plans" / name
    return packaged if packaged.is_file() else package.parents[1] / "plans" / name


def shipped_plan(name: str) -> Plan:
    return read_plan(shipped_path(name))
