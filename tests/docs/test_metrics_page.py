"""The page about metrics lists the catalogue, and is not stale."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from segue.cli.main import app
from segue.kernel.telemetry.catalog import METRICS, Metric
from segue.ops.metrics_page import metrics_page

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text("utf-8")


def test_the_page_is_what_the_command_writes() -> None:
    assert metrics_page() == PAGE, "stale: run `segue metrics`"


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_each_metric_stands_there_once_with_its_labels_and_meaning(metric: Metric) -> None:
    (line,) = [
        line for line in PAGE.splitlines() if line.startswith((f"- `{metric.name}`", f"- `{metric.name}{{"))
    ]

    assert metric.help in line
    assert all(label in line for label in metric.labels)


def test_the_command_notices_what_is_stale(tmp_path: Path) -> None:
    def run(*words: str) -> int:
        return CliRunner().invoke(app, ["metrics", "--output", str(tmp_path), *words]).exit_code

    assert [run("--check"), run(), run("--check")] == [1, 0, 0]
