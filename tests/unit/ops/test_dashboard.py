"""The dashboard: what it must show, made from catalogue and plan, and not stale."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from segue.cli.main import app
from segue.kernel.telemetry.catalog import METRICS
from support.paths import ROOT
from support.rollouts import chirp3

grafana = pytest.importorskip(
    "segue.ops.dashboard.grafana", reason="needs the Grafana SDK: pip install 'segue[ops]'", exc_type=ImportError
)

SHIPPED = ROOT / "deploy" / "grafana" / "segue.json"
BOARD: dict[str, Any] = json.loads(grafana.dashboard_json(chirp3()))
PANELS: dict[str, Any] = {panel["title"]: panel for panel in BOARD["panels"] if panel["type"] != "row"}
EXPRESSIONS = [target["expr"] for panel in PANELS.values() for target in panel["targets"]]


def test_the_file_is_what_the_command_writes() -> None:
    assert SHIPPED.read_text("utf-8") == grafana.dashboard_json(chirp3()), "stale: run `segue dashboards`"


@pytest.mark.parametrize(
    "title",
    [
        "Success rate",
        "Mean synthesis time",
        "P95 synthesis time",
        "Fallback rate",
        "Requests by model",
        "Synthesis time by model",
        "Requests by character",
        "Mean synthesis time by character",
        "Cache hit rate",
        "Cache hits by source",
        "Error rate",
        "Fallbacks by kind of error",
        "Audio size",
        "Text length",
        "Synthesis time, percentiles",
        "Response time, percentiles",
        "Stage",
        "Candidate share",
        "Stage and share",
        "error rate: candidate minus baseline",
        "p95 synthesis: candidate minus baseline",
    ],
)
def test_it_shows(title: str) -> None:
    assert PANELS[title]["targets"]


def test_no_two_panels_are_called_the_same_or_lie_on_one_another() -> None:
    boxes = [panel["gridPos"] for panel in PANELS.values()]
    cells = [
        (box["x"] + right, box["y"] + down)
        for box in boxes
        for right in range(box["w"])
        for down in range(box["h"])
    ]

    assert len(PANELS) == sum(panel["type"] != "row" for panel in BOARD["panels"])
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_every_metric_that_it_reads_is_in_the_catalogue() -> None:
    known = {metric.name for metric in METRICS}
    known |= {f"{name}_{part}" for name in known for part in ("sum", "count", "bucket")}

    assert {name for expr in EXPRESSIONS for name in re.findall(r"\b(?:tts|segue)_\w+", expr)} <= known


def test_stages_have_their_names_and_levels_are_the_plans() -> None:
    names = PANELS["Stage"]["fieldConfig"]["defaults"]["mappings"][0]["options"]
    levels = PANELS["P95 synthesis time"]["fieldConfig"]["defaults"]["thresholds"]["steps"]

    assert [names[str(number)]["text"] for number in range(7)] == [
        f"{number} {stage.name}" for number, stage in enumerate(chirp3().stages)
    ]
    assert [step["value"] for step in levels] == [None, 2.5, 5.0]


def test_every_entry_of_the_history_is_marked() -> None:
    (mark,) = BOARD["annotations"]["list"]

    assert "segue_rollout_transitions_total" in mark["expr"]
    assert mark["titleFormat"] == "{{kind}}"


def test_a_difference_is_shown_with_both_ends_of_its_interval() -> None:
    legends = [target["legendFormat"] for target in PANELS["error rate: candidate minus baseline"]["targets"]]

    assert legends == ["low", "estimate", "high"]


def test_the_command_writes_where_it_is_told_and_notices_what_is_stale(tmp_path: Path) -> None:
    def run(*words: str) -> int:
        return CliRunner().invoke(app, ["dashboards", "--output", str(tmp_path), *words]).exit_code

    assert [run("--check"), run(), run("--check")] == [1, 0, 0]
