"""``segue demo`` as a newcomer runs it: real voices, a rollout that breaks and comes to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.audio import duration_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(240)
def test_the_demo_climbs_breaks_goes_back_by_itself_and_finishes(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "segue", "demo", "--output", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=230, check=False, env=dict(os.environ))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "none failed" in done.stdout
    assert (
        done.stderr.index("the demo breaks Piper and Kokoro")
        < done.stderr.index("roll_back")
        < done.stderr.index("repairs")
    )
    told = json.loads((tmp_path / "report.json").read_text("utf-8"))
    # A busy machine may give evidence for one character before there is any for all.
    kinds = [entry["kind"] for entry in told["transitions"] if entry["kind"] not in {"hold_back", "release"}]
    assert kinds == ["start", "advance", "advance", "roll_back", "resume", "advance", "advance", "finish"]
    (back,) = told["goings_back"]
    assert (back["actor"], back["trigger"], back["before"]["stage"]) == ("judge", "P0", "half")
    assert back["took_s"] < 1.0
    assert back["units_hour_before"] > 0
    for name in ("baseline-en.wav", "candidate-en.wav", "baseline-zh-TW.wav", "candidate-zh-TW.wav"):
        assert 3.0 < duration_of((tmp_path / name).read_bytes()) < 12.0
    assert {"report.md", "report.html"} <= {path.name for path in tmp_path.iterdir()}
