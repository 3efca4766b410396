"""The rollout's own metrics: from the replica that acts alone, so that sums over all of them are right."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from segue.kernel.telemetry.prometheus import PrometheusRecorder
from segue.rollout.core.rollout import Phase
from segue.rollout.evidence.standing import RolloutExporter
from support.standing import STANDING


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def exporter(registry: CollectorRegistry) -> RolloutExporter:
    return RolloutExporter(PrometheusRecorder(registry))


def test_the_one_who_acts_says_where_the_rollout_stands(
    exporter: RolloutExporter, registry: CollectorRegistry
) -> None:
    exporter.acting(STANDING)
    value = registry.get_sample_value

    assert value("segue_rollout_acting") == 1
    assert (value("segue_rollout_stage"), value("segue_rollout_step")) == (3, 1)
    assert (value("segue_rollout_held_seconds"), value("segue_rollout_hold_seconds")) == (7300, 7200)
    assert value("segue_rollout_hold_over") == value("segue_rollout_stuck") == 1
    assert value("segue_rollout_metrics_unreadable") == 1
    assert value("segue_rollout_looked_timestamp_seconds") == 1_200_000
    assert value("segue_gate_boundary_ratio", {"gate": "error_rate"}) == 0.01


def test_one_phase_is_the_present_one(exporter: RolloutExporter, registry: CollectorRegistry) -> None:
    exporter.acting(STANDING)
    exporter.acting(replace(STANDING, phase=Phase.COOLING))

    shown = {phase: registry.get_sample_value("segue_rollout_phase", {"phase": phase}) for phase in Phase}
    assert shown == {phase: float(phase is Phase.COOLING) for phase in Phase}


def test_a_gate_is_shown_on_each_arm_and_as_the_difference(
    exporter: RolloutExporter, registry: CollectorRegistry
) -> None:
    exporter.acting(STANDING)

    def ends(name: str, **labels: str) -> list[float | None]:
        bounds = ("low", "estimate", "high")
        return [registry.get_sample_value(name, {**labels, "bound": bound}) for bound in bounds]

    assert ends("segue_gate_bad_ratio", gate="error_rate", arm="candidate") == [0.01, 0.02, 0.05]
    assert ends("segue_gate_bad_ratio", gate="error_rate", arm="baseline") == [0.005, 0.01, 0.02]
    assert ends("segue_gate_difference_ratio", gate="error_rate") == [-0.01, 0.01, 0.045]


def test_a_gate_that_is_no_longer_read_is_cleared(exporter: RolloutExporter, registry: CollectorRegistry) -> None:
    exporter.acting(STANDING)
    exporter.acting(replace(STANDING, gates=(), differences=()))

    gauges = ("segue_gate_bad_ratio", "segue_gate_boundary_ratio", "segue_gate_difference_ratio")
    left = [sample.value for family in registry.collect() if family.name in gauges for sample in family.samples]
    assert set(left) == {0.0}


def test_whoever_stands_by_adds_nothing_to_a_sum(exporter: RolloutExporter, registry: CollectorRegistry) -> None:
    exporter.acting(STANDING)
    exporter.standing_by()

    said = [
        sample.value
        for family in registry.collect()
        if family.name.startswith(("segue_rollout", "segue_gate")) and family.type == "gauge"
        for sample in family.samples
    ]
    assert len(said) > 20
    assert set(said) == {0.0}


def test_every_entry_is_counted_by_kind_and_trigger_from_a_zero_that_was_there_before(
    exporter: RolloutExporter, registry: CollectorRegistry
) -> None:
    def counted(kind: str, trigger: str) -> float | None:
        labels = {"kind": kind, "trigger": trigger}
        return registry.get_sample_value("segue_rollout_transitions_total", labels)

    assert (counted("roll_back", "P0"), counted("start", "none")) == (0, 0)
    exporter.moved("roll_back", "P0")
    exporter.moved("start", "")

    assert (counted("roll_back", "P0"), counted("start", "none"), counted("roll_back", "P1")) == (1, 1, 0)
