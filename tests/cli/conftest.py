from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol

import pytest
import structlog
from typer.testing import CliRunner

from segue.cli.main import app
from support.listening import Listening, listening
from support.service import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result

    class Rollout(Protocol):
        """``segue rollout`` with these words, and how it ended."""

        def __call__(self, *words: str, token: str = TOKEN) -> Result: ...


@pytest.fixture(autouse=True)
def _quiet_service() -> Iterator[None]:
    """The service in this process logs to nowhere: standard output is the command's."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(io.StringIO()))
    yield
    structlog.reset_defaults()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Listening]:
    with listening(tmp_path) as started:
        yield started


@pytest.fixture
def rollout(service: Listening) -> Rollout:
    def run(*words: str, token: str = TOKEN) -> Result:
        environ = {"SEGUE_URL": service.url, "SEGUE_ADMIN_TOKEN": token, "COLUMNS": "200"}
        return CliRunner().invoke(app, ["rollout", *words], env=environ)

    return run


PLAN = """
version: 1
name: short
stages:
  - {name: quarter, share: 25%, hold: 1h}
  - {name: half, share: 50%, hold: 2h, approval: true}
  - name: everyone
    steps: [{share: 75%, hold: 1h}, {share: 100%, hold: 1h}]
gates:
  error_rate: {target: "< 10%", step_back: "> 10%", roll_back: "> 20%"}
statistics: {slot: 1s, unit_window: 1s}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "short.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path
