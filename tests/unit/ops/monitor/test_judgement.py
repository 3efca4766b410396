"""Measures against the shipped plan's gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.core.gates import Gate, Metric
from segue.ops.monitor.judgement import Health, Observation, Replica, Verdict, judged, reported
from segue.ops.monitor.measures import Measure, Whom
from segue.ops.monitor.window import since_boot
from support.metered import Metered, healthy
from support.rollouts import chirp3

if TYPE_CHECKING:
    from segue.ops.monitor.judgement import Report

HERE = Replica("http://here")
CANDIDATE = Whom("chirp3-hd", arm="candidate")
LEAST = 50.0
GATES = {gate.metric: gate for gate in chirp3().gates}


def report(metered: Metered, *replicas: Replica) -> Report:
    return reported(Observation(0.0, replicas or (HERE,), since_boot(metered.scrape())), chirp3())


@pytest.mark.parametrize(
    ("metric", "value", "verdict"),
    [
        (Metric.SUCCESS_RATE, 0.951, Verdict.MET),
        (Metric.SUCCESS_RATE, 0.95, Verdict.WARNING),
        (Metric.SUCCESS_RATE, 0.90, Verdict.WARNING),
        (Metric.SUCCESS_RATE, 0.899, Verdict.ALERT),
        (Metric.ERROR_RATE, 0.009, Verdict.MET),
        (Metric.ERROR_RATE, 0.01, Verdict.WARNING),
        (Metric.ERROR_RATE, 0.10, Verdict.WARNING),
        (Metric.ERROR_RATE, 0.101, Verdict.ALERT),
        (Metric.FALLBACK_RATE, 0.049, Verdict.MET),
        (Metric.FALLBACK_RATE, 0.2, Verdict.WARNING),
        (Metric.FALLBACK_RATE, 0.201, Verdict.ALERT),
        (Metric.MEAN_SYNTHESIS, 1.99, Verdict.MET),
        (Metric.MEAN_SYNTHESIS, 5.0, Verdict.WARNING),
        (Metric.MEAN_SYNTHESIS, 5.01, Verdict.ALERT),
        (Metric.P50_SYNTHESIS, 1.5, Verdict.WARNING),
        (Metric.P50_SYNTHESIS, 20.0, Verdict.WARNING),
        (Metric.P95_SYNTHESIS, 2.49, Verdict.MET),
        (Metric.P95_SYNTHESIS, 2.5, Verdict.WARNING),
        (Metric.P95_SYNTHESIS, 10.1, Verdict.ALERT),
        (Metric.P99_SYNTHESIS, 3.9, Verdict.MET),
        (Metric.CACHE_HIT_RATE, 0.91, Verdict.MET),
        (Metric.CACHE_HIT_RATE, 0.9, Verdict.WARNING),
        (Metric.UNSERVED_RATE, 0.5, Verdict.MET),
        (Metric.UNSERVED_RATE, 0.51, Verdict.ALERT),
    ],
)
def test_every_level_of_the_plan_divides_where_it_should(metric: Metric, value: float, verdict: Verdict) -> None:
    assert judged(Measure(Whom(), metric, value, 1000.0), GATES[metric], LEAST) is verdict


def test_few_cases_and_none_are_no_verdict() -> None:
    gate = GATES[Metric.ERROR_RATE]

    assert judged(Measure(Whom(), Metric.ERROR_RATE, 1.0, LEAST - 1), gate, LEAST) is Verdict.FEW
    assert judged(Measure(Whom(), Metric.ERROR_RATE, None, 0.0), gate, LEAST) is Verdict.NO_DATA


def test_a_measure_without_levels_is_shown_without_a_verdict() -> None:
    measure = Measure(Whom(), Metric.BAD_AUDIO_RATE, 0.1, 1000.0)

    assert judged(measure, Gate(Metric.BAD_AUDIO_RATE, margin=0.01), LEAST) is Verdict.NO_GATE


def test_a_healthy_service_is_healthy() -> None:
    assert report(healthy()).health is Health.HEALTHY


def test_a_candidate_that_fails_is_an_alert_though_it_is_a_small_part_of_all() -> None:
    metered = healthy(10_000)
    metered.candidate(0, bad=650)
    found = report(metered)

    assert found.of(Whom())[Metric.SUCCESS_RATE].verdict is Verdict.WARNING
    assert found.of(CANDIDATE)[Metric.ERROR_RATE].verdict is Verdict.ALERT
    assert found.health is Health.ALERT


def test_trouble_of_one_character_is_trouble() -> None:
    metered = healthy(10_000)
    metered.candidate(40, bad=20, character="pip_boy")
    found = report(metered)

    assert found.of(CANDIDATE)[Metric.ERROR_RATE].verdict is Verdict.MET
    assert found.health is Health.ALERT


def test_without_traffic_nothing_is_claimed() -> None:
    found = report(Metered())

    assert found.health is Health.NO_DATA
    assert {line.verdict for line in found.lines} == {Verdict.NO_DATA}


def test_a_handful_of_requests_is_told_apart_from_none() -> None:
    metered = Metered()
    metered.candidate(3, bad=3)

    assert report(metered).health is Health.FEW


def test_a_replica_that_cannot_be_read_is_a_warning_and_none_at_all_is_unreadable() -> None:
    away = Replica("http://away", "it does not answer")

    assert report(healthy(), HERE, away).health is Health.WARNING
    assert reported(Observation(0.0, (away,), None), chirp3()).health is Health.UNREADABLE


def test_the_distribution_and_the_outcomes_are_told() -> None:
    metered = Metered()
    metered.share(0.25)
    metered.baseline(75)
    metered.candidate(20, bad=5)
    found = report(metered)

    assert found.models == {"chirp3-hd": 0.2, "wavenet": 0.8}
    assert found.requests == {"served": 95.0, "served_by_fallback": 5.0, "failed": 0.0}
    assert found.candidate_share_ratios == (0.25,)
