"""The files of ``deploy/``, read; and programs that check them, where they are there."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CLOSING_S = 5.0
"""What a supervisor allows its workers beside their own times, as in ``segue.wiring.worker``."""


def read(path: Path) -> Any:
    """A file's single YAML document."""
    return YAML(typ="safe").load(path.read_text("utf-8"))


def documents(text: str) -> list[dict[str, Any]]:
    """All YAML documents of a text, without empty ones."""
    return [found for found in YAML(typ="safe").load_all(text) if found]


def library(name: str) -> ModuleType:
    """A package of the dev group that exists for some platforms only; else the test is skipped, or fails in CI."""
    try:
        return importlib.import_module(name)
    except ImportError:
        missing = f"needs {name}: it is in the dev group, for Linux on x86-64"
    if os.environ.get("SEGUE_REQUIRE_SERVICES") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


def program(name: str, package: str) -> str:
    """A program on the path or beside the interpreter; else the test is skipped."""
    places = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    found = shutil.which(name, path=places)
    if found is None:
        pytest.skip(f"needs {name}: {package}")
    return found
