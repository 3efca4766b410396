"""``segue rollout report``: files that say what happened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from segue.cli import exits

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Rollout


def test_all_forms_are_written_and_named(rollout: Rollout, plan: Path, tmp_path: Path) -> None:
    rollout("start", str(plan))
    rollout("rollback", "--why", "聽起來不對")
    folder = tmp_path / "a" / "b"
    done = rollout("report", "-o", str(folder))

    assert done.exit_code == exits.OK, done.stderr
    assert done.stdout.split() == [str(folder / f"report.{ending}") for ending in ("md", "html", "json")]
    assert "聽起來不對" in (folder / "report.md").read_text("utf-8")
    assert "聽起來不對" in (folder / "report.html").read_text("utf-8")
    told = json.loads((folder / "report.json").read_text("utf-8"))
    assert [entry["kind"] for entry in told["transitions"]] == ["start", "roll_back"]


@pytest.mark.parametrize("kind", ["md", "html", "json"])
def test_one_form_alone_may_be_asked_for(rollout: Rollout, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "out"
    rollout("report", "-o", str(folder), "--format", kind)

    assert [path.name for path in folder.iterdir()] == [f"report.{kind}"]


def test_the_whole_history_may_be_asked_for(rollout: Rollout, plan: Path, tmp_path: Path) -> None:
    rollout("start", str(plan))
    rollout("report", "-o", str(tmp_path), "--format", "json", "--whole")

    told = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert [entry["kind"] for entry in told["transitions"]] == ["boot", "start"]


def test_a_folder_that_cannot_be_written_is_named(rollout: Rollout, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    refused = rollout("report", "-o", str(tmp_path / "file"))

    assert refused.exit_code == exits.FAILED
    assert f"cannot write into {tmp_path / 'file'}" in refused.stderr
