"""What the operators' pages say in numbers is what the plan, the settings and the catalogue say."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pages
import pytest
import tables
from words import Words, read_words

from segue.config.catalogue_file import read_catalogue
from segue.config.names import env_name
from segue.config.plan_file import read_plan
from segue.config.schema import Settings
from support.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from segue.rollout.core.plan import Plan

PLAN = read_plan(ROOT / "plans" / "chirp3.yaml")
REHEARSAL = read_plan(ROOT / "plans" / "rehearsal.yaml")
CATALOGUE, _ = read_catalogue("google")
OPERATORS = [
    folder / name
    for folder in (pages.DOCS, pages.TRANSLATED)
    for name in (
        "DEPLOYMENT_CHECKLIST.md",
        "CHIRP3_ROLLOUT_PLAN.md",
        "CHIRP3_ENV_VARIABLES.md",
        "CHIRP3_ROLLBACK_PROCEDURE.md",
        "fallback-off.md",
        "troubleshooting.md",
    )
]
_AMOUNT = re.compile(r"\d[\d.,]*\s?(?:%|(?:s|ms|h|d|w|min|hours?|days?|weeks?)\b|秒|分鐘|小時|天|週)")


def test_no_page_is_stale() -> None:
    told = subprocess.run(
        [sys.executable, ROOT / "docs" / "tools" / "pages.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / "src")},
    )

    assert told.returncode == 0, told.stdout + told.stderr


def test_a_change_of_the_plan_reaches_both_languages() -> None:
    first, *others = PLAN.stages
    longer = replace(first, steps=(replace(first.steps[0], hold_s=3 * 86_400.0),))
    stale = dict(pages.rendered(replace(PLAN, stages=(longer, *others)), CATALOGUE))

    assert "3 days" in stale[pages.DOCS / "CHIRP3_ROLLOUT_PLAN.md"]
    assert "3 天" in stale[pages.TRANSLATED / "CHIRP3_ROLLOUT_PLAN.md"]


@pytest.mark.parametrize("path", OPERATORS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_level_hold_or_share_is_written_by_hand(path: Path) -> None:
    text = path.read_text("utf-8")
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"`[^`\n]*`", "", pages.VALUE.sub("", pages.TABLE.sub("", text)))

    assert _AMOUNT.findall(prose) == []


def test_every_setting_is_on_the_page_of_variables_in_both_languages() -> None:
    for folder in (pages.DOCS, pages.TRANSLATED):
        text = (folder / "CHIRP3_ENV_VARIABLES.md").read_text("utf-8")
        assert [name for name in Settings.model_fields if f"| `{env_name(name)}` |" not in text] == []


def test_every_setting_stage_and_metric_has_chinese_words() -> None:
    words = read_words()

    assert set(Settings.model_fields) <= set(words.settings)
    assert {stage.name for stage in PLAN.stages} <= set(words.stages)
    assert {gate.metric for gate in PLAN.gates} <= set(words.metrics)


def test_every_character_of_the_catalogue_is_in_the_table() -> None:
    table = tables.tables(PLAN, CATALOGUE, Words())["characters"]()

    assert len(table.splitlines()) == 2 + len(CATALOGUE.characters)
    assert "| `codsworth` | Codsworth | `cmn-TW-Wavenet-B` |" in table


def test_markers_of_others_are_left_alone() -> None:
    text = "<!-- judge: begin -->\nby another tool\n<!-- judge: end -->\n"

    assert pages.filled(text, {}, {}) == text


def test_a_number_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(KeyError, match="no-such-stage"):
        pages.filled("held for <!--=no-such-stage.hold-->1 h<!--/-->", {}, {})


def test_the_rehearsal_walks_the_real_plans_stages() -> None:
    def walked(plan: Plan) -> list[tuple[str, list[int], frozenset[str]]]:
        return [(stage.name, [step.share_ppm for step in stage.steps], stage.characters) for stage in plan.stages]

    assert walked(REHEARSAL) == walked(PLAN)
