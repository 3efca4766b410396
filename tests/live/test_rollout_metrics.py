"""The rollout's own metrics on a service of several workers: any of them answers for the one that acts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from segue.kernel.telemetry.catalog import METRICS
from support.light import LIGHT
from support.process import Server, serving
from support.rollbacks import crowd_at

if TYPE_CHECKING:
    from pathlib import Path

    from prometheus_client import Metric

PLAN = """
version: 1
name: two-stages
stages: [{name: half, share: 50%, hold: 1h}, {name: all, share: 100%, hold: 1h}]
gates: {error_rate: {target: "< 10%", roll_back: "> 99%"}}
statistics: {slot: 1s, unit_window: 2s, least_units: 10}
"""


def scraped(server: Server) -> dict[str, Metric]:
    """Over a connection of its own, so that any worker may answer."""
    text = httpx.get(f"{server.url}/api/v1/monitoring/metrics/prometheus", timeout=30).text
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(families: dict[str, Metric], name: str, **labels: str) -> list[float]:
    return [sample.value for sample in families[name].samples if labels.items() <= sample.labels.items()]


@pytest.mark.timeout(120)
def test_any_worker_answers_for_the_one_that_acts(tmp_path: Path) -> None:
    profile = tmp_path / "light.yaml"
    profile.write_text(LIGHT, encoding="utf-8")
    with (
        serving(tmp_path, SEGUE_PROFILE=str(profile), SEGUE_WORKERS="3") as server,
        crowd_at(server.url, 40),
    ):
        server.order("start", plan=PLAN)
        server.order("advance")
        time.sleep(5.0)
        answers = [scraped(server) for _ in range(6)]

    for found in answers:
        assert values(found, "segue_rollout_acting") == [1]
        assert values(found, "segue_rollout_stage") == [1]
        assert values(found, "segue_rollout_phase", phase="running") == [1]
        assert sum(values(found, "segue_rollout_phase")) == 1
        assert values(found, "segue_rollout_hold_seconds") == [3600]
        assert 0 < values(found, "segue_rollout_held_seconds")[0] < 60
        assert values(found, "segue_rollout_transitions", kind="start", trigger="none") == [1]
        assert values(found, "segue_rollout_transitions", kind="advance", trigger="none") == [1]
        assert values(found, "segue_gate_boundary_ratio", gate="error_rate") == [pytest.approx(0.1)]
        low, high = (
            values(found, "segue_gate_bad_ratio", gate="error_rate", arm="candidate", bound=bound)[0]
            for bound in ("low", "high")
        )
        assert 0 <= low < high < 1
        assert set(found) <= {metric.name.removesuffix("_total") for metric in METRICS}
