"""The rules in the hands of Prometheus's own tool: checked, and tried on each alert."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from segue.ops.rules.files import PROOF, RULES, rule_files
from segue.rollout.core.gates import Gate, GateMetric
from support.prometheus import needed
from support.rollouts import chirp3

DEPLOY = Path(__file__).parents[2] / "deploy" / "prometheus"
pytestmark = pytest.mark.services


def promtool(*words: str, folder: Path = DEPLOY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [needed("promtool"), *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_promtool_takes_the_rules_and_the_configuration() -> None:
    for words in (("check", "rules", RULES), ("check", "config", "prometheus.yml")):
        done = promtool(*words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_where_it_should_and_not_where_it_should_not() -> None:
    done = promtool("test", "rules", PROOF)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("rule", "changed", "alert", "found"),
    [
        ("segue:error_rate:5m > 0.1 ", "segue:error_rate:5m > 0.13 ", "ErrorRateCritical", "nil"),
        ("segue:error_rate:5m > 0.1 ", "segue:error_rate:5m > 0.07 ", "ErrorRateCritical", "{} 1E+00"),
        ("segue:p95_synthesis:5m > 10 ", "segue:p95_synthesis:5m > 21 ", "P95SynthesisCritical", "nil"),
        ("max(segue_rollout_acting) == 0", "min(segue_rollout_acting) == 0", "NobodyActs", "{} 1E+00"),
    ],
)
def test_a_rule_that_is_wrong_is_noticed(tmp_path: Path, rule: str, changed: str, alert: str, found: str) -> None:
    files = rule_files(chirp3())
    assert rule in files[RULES]
    (tmp_path / RULES).write_text(files[RULES].replace(rule, changed), encoding="utf-8")
    (tmp_path / PROOF).write_text(files[PROOF], encoding="utf-8")
    done = promtool("test", "rules", PROOF, folder=tmp_path)

    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert re.search(rf'"Segue{alert}[^\n]*\n\s*exp: [^\n]*\n\s*got: {re.escape(found)}\n', told), told


def test_alerts_on_the_first_audio_of_streams_fire_where_they_should(tmp_path: Path) -> None:
    gates = (
        Gate(GateMetric.P50_FIRST_AUDIO, step_back=0.5),
        Gate(GateMetric.P95_FIRST_AUDIO, target=0.5, step_back=1.0, roll_back=2.0),
    )
    for name, text in rule_files(replace(chirp3(), gates=(*chirp3().gates, *gates))).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = promtool("test", "rules", PROOF, folder=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    proof = (tmp_path / PROOF).read_text(encoding="utf-8")
    assert all(f"Segue{name} fires" in proof for name in FIRST_AUDIO_ALERTS)


FIRST_AUDIO_ALERTS = ("P50FirstAudioCritical", "P95FirstAudioOffTarget", "P95FirstAudioCritical")
