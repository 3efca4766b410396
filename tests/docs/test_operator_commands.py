"""The pages of ``segue monitor`` and ``segue verify`` say what the commands do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer

from segue.cli.main import app
from segue.cli.monitor.verb import DEFAULT_URL, STATUSES
from segue.cli.verify.run import Expected, check_names
from segue.cli.verify.verb import DEFAULT_URL as DEFAULT_SERVICE
from segue.ops.monitor.judgement import MeasureVerdict
from segue.ops.monitor.tables import NAMES
from support.rollouts import chirp3

if TYPE_CHECKING:
    from segue.cli.lazy import LazyCommand
    from segue.rollout.core.gates import GateMetric

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {name: (DOCS / f"{name}.md").read_text("utf-8") for name in ("monitor", "verify")}
COMMANDS: dict[str, LazyCommand] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def rows(page: str) -> list[list[str]]:
    lines = [line for line in page.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("name", PAGES)
def test_every_option_is_on_the_page_and_none_that_is_not(name: str) -> None:
    options = {option for parameter in COMMANDS[name].whole.params for option in parameter.opts}
    told = {row[0] for row in rows(PAGES[name]) if row[0].startswith("--") and row[0].strip("-")}

    assert told == options - {"--help"}


def test_the_defaults_are_on_the_pages() -> None:
    assert f"`METRICS_URL`, else `SEGUE_URL`, else `{DEFAULT_URL}`" in PAGES["monitor"]
    assert f"`API_BASE_URL`, else `SEGUE_URL`, else `{DEFAULT_SERVICE}`" in PAGES["verify"]


@pytest.mark.parametrize("metric", NAMES)
def test_the_levels_on_the_page_are_the_shipped_plans(metric: GateMetric) -> None:
    gate = {gate.metric: gate for gate in chirp3().gates}.get(metric)
    if gate is None:
        return

    def words(level: float | None, *, good: bool) -> str:
        if level is None:
            return "none"
        sign = ">" if metric.higher_is_better == good else "<"
        return f"{sign} {level:g} s" if metric.is_duration else f"{sign} {level * 100:g} %"

    told = [NAMES[metric], words(gate.target, good=True), words(gate.roll_back, good=False)]
    assert told in rows(PAGES["monitor"])


def test_every_verdict_and_status_is_on_the_page() -> None:
    first = {row[0] for row in rows(PAGES["monitor"])}

    assert {str(verdict) for verdict in MeasureVerdict} - {MeasureVerdict.NO_GATE} <= first
    assert {str(status) for status in STATUSES.values()} <= first


def test_every_check_is_on_the_page_in_order() -> None:
    checks = check_names(Expected({}, None, faults=False))
    told = [row[0] for row in rows(PAGES["verify"]) if row[0] in checks]

    assert told == checks


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_on_the_page_are_commands(name: str) -> None:
    for block in re.findall(r"```sh\n(.*?)```", PAGES[name], re.DOTALL):
        for line in block.splitlines():
            words = line.split()
            verb = words[1] if words[0] == "segue" else {"monitor": "monitor", "verify": "verify"}[name]
            if words[0] == "python":
                assert (DOCS.parent / words[1]).is_file()
            known = {option for parameter in COMMANDS[verb].whole.params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= known
