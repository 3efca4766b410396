"""Measures against the shipped plan's gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.ops.monitor.judgement import Endpoint, MeasureVerdict, MonitorHealth, Observation, judged, reported
from segue.ops.monitor.measures import MeasuredValue, Whom
from segue.ops.monitor.window import since_boot
from segue.rollout.core.gates import Gate, GateMetric
from support.metered import Metered, healthy
from support.rollouts import chirp3

if TYPE_CHECKING:
    from segue.ops.monitor.judgement import MonitorReport

HERE = Endpoint("http://here")
CANDIDATE = Whom("chirp3-hd", arm="candidate")
LEAST = 50.0
GATES = {gate.metric: gate for gate in chirp3().gates}


def report(metered: Metered, *replicas: Endpoint) -> MonitorReport:
    return reported(Observation(0.0, replicas or (HERE,), since_boot(metered.scrape())), chirp3())


@pytest.mark.parametrize(
    ("metric", "value", "verdict"),
    [
        (GateMetric.SUCCESS_RATE, 0.951, MeasureVerdict.MET),
        (GateMetric.SUCCESS_RATE, 0.95, MeasureVerdict.WARNING),
        (GateMetric.SUCCESS_RATE, 0.90, MeasureVerdict.WARNING),
        (GateMetric.SUCCESS_RATE, 0.899, MeasureVerdict.ALERT),
        (GateMetric.ERROR_RATE, 0.009, MeasureVerdict.MET),
        (GateMetric.ERROR_RATE, 0.01, MeasureVerdict.WARNING),
        (GateMetric.ERROR_RATE, 0.10, MeasureVerdict.WARNING),
        (GateMetric.ERROR_RATE, 0.101, MeasureVerdict.ALERT),
        (GateMetric.FALLBACK_RATE, 0.049, MeasureVerdict.MET),
        (GateMetric.FALLBACK_RATE, 0.2, MeasureVerdict.WARNING),
        (GateMetric.FALLBACK_RATE, 0.201, MeasureVerdict.ALERT),
        (GateMetric.MEAN_SYNTHESIS, 1.99, MeasureVerdict.MET),
        (GateMetric.MEAN_SYNTHESIS, 5.0, MeasureVerdict.WARNING),
        (GateMetric.MEAN_SYNTHESIS, 5.01, MeasureVerdict.ALERT),
        (GateMetric.P50_SYNTHESIS, 1.5, MeasureVerdict.WARNING),
        (GateMetric.P50_SYNTHESIS, 20.0, MeasureVerdict.WARNING),
        (GateMetric.P95_SYNTHESIS, 2.49, MeasureVerdict.MET),
        (GateMetric.P95_SYNTHESIS, 2.5, MeasureVerdict.WARNING),
        (GateMetric.P95_SYNTHESIS, 10.1, MeasureVerdict.ALERT),
        (GateMetric.P99_SYNTHESIS, 3.9, MeasureVerdict.MET),
        (GateMetric.CACHE_HIT_RATE, 0.91, MeasureVerdict.MET),
        (GateMetric.CACHE_HIT_RATE, 0.9, MeasureVerdict.WARNING),
        (GateMetric.UNSERVED_RATE, 0.5, MeasureVerdict.MET),
        (GateMetric.UNSERVED_RATE, 0.51, MeasureVerdict.ALERT),
    ],
)
def test_every_level_of_the_plan_divides_where_it_should(
    metric: GateMetric, value: float, verdict: MeasureVerdict
) -> None:
    assert judged(MeasuredValue(Whom(), metric, value, 1000.0), GATES[metric], LEAST) is verdict


def test_few_cases_and_none_are_no_verdict() -> None:
    gate = GATES[GateMetric.ERROR_RATE]

    assert judged(MeasuredValue(Whom(), GateMetric.ERROR_RATE, 1.0, LEAST - 1), gate, LEAST) is MeasureVerdict.FEW
    assert judged(MeasuredValue(Whom(), GateMetric.ERROR_RATE, None, 0.0), gate, LEAST) is MeasureVerdict.NO_DATA


def test_a_measure_without_levels_is_shown_without_a_verdict() -> None:
    measure = MeasuredValue(Whom(), GateMetric.BAD_AUDIO_RATE, 0.1, 1000.0)

    assert judged(measure, Gate(GateMetric.BAD_AUDIO_RATE, margin=0.01), LEAST) is MeasureVerdict.NO_GATE


def test_a_healthy_service_is_healthy() -> None:
    assert report(healthy()).health is MonitorHealth.HEALTHY


def test_a_candidate_that_fails_is_an_alert_though_it_is_a_small_part_of_all() -> None:
    metered = healthy(10_000)
    metered.candidate(0, bad=650)
    found = report(metered)

    assert found.of(Whom())[GateMetric.SUCCESS_RATE].verdict is MeasureVerdict.WARNING
    assert found.of(CANDIDATE)[GateMetric.ERROR_RATE].verdict is MeasureVerdict.ALERT
    assert found.health is MonitorHealth.ALERT


def test_trouble_of_one_character_is_trouble() -> None:
    metered = healthy(10_000)
    metered.candidate(40, bad=20, character="pip_boy")
    found = report(metered)

    assert found.of(CANDIDATE)[GateMetric.ERROR_RATE].verdict is MeasureVerdict.MET
    assert found.health is MonitorHealth.ALERT


def test_without_traffic_nothing_is_claimed() -> None:
    found = report(Metered())

    assert found.health is MonitorHealth.NO_DATA
    assert {line.verdict for line in found.lines} == {MeasureVerdict.NO_DATA}


def test_a_handful_of_requests_is_told_apart_from_none() -> None:
    metered = Metered()
    metered.candidate(3, bad=3)

    assert report(metered).health is MonitorHealth.FEW


def test_a_replica_that_cannot_be_read_is_a_warning_and_none_at_all_is_unreadable() -> None:
    away = Endpoint("http://away", "it does not answer")

    assert report(healthy(), HERE, away).health is MonitorHealth.WARNING
    assert reported(Observation(0.0, (away,), None), chirp3()).health is MonitorHealth.UNREADABLE


def test_the_distribution_and_the_outcomes_are_told() -> None:
    metered = Metered()
    metered.share(0.25)
    metered.baseline(75)
    metered.candidate(20, bad=5)
    found = report(metered)

    assert found.models == {"chirp3-hd": 0.2, "wavenet": 0.8}
    assert found.requests == {"served": 95.0, "served_by_fallback": 5.0, "failed": 0.0}
    assert found.candidate_share_ratios == (0.25,)
