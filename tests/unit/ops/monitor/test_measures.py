"""Rates and times out of counts: exact numbers, each arm before any fallback."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.arms import Arm
from segue.ops.monitor.measures import MeasuredValue, Whom, measures, quantile_s
from segue.ops.monitor.window import since_boot
from segue.rollout.core.gates import GateMetric
from support.metered import Metered

EVERYONE = Whom()
BASELINE, CANDIDATE = Whom("wavenet", arm="baseline"), Whom("chirp3-hd", arm="candidate")


def measured(metered: Metered) -> dict[tuple[Whom, GateMetric], MeasuredValue]:
    return {(one.whom, one.metric): one for one in measures(since_boot(metered.scrape()))}


def test_a_candidates_failures_are_its_own_though_the_baseline_rescued_them() -> None:
    metered = Metered()
    metered.baseline(900)
    metered.candidate(88, bad=12)
    found = measured(metered)

    assert found[CANDIDATE, GateMetric.SUCCESS_RATE].value == 0.88
    assert found[CANDIDATE, GateMetric.ERROR_RATE].value == 0.12
    assert found[CANDIDATE, GateMetric.FALLBACK_RATE].value == 0.12
    assert found[BASELINE, GateMetric.ERROR_RATE].value == 0.0
    assert found[EVERYONE, GateMetric.ERROR_RATE].value == pytest.approx(12 / 1012)
    assert found[EVERYONE, GateMetric.UNSERVED_RATE].value == 0.0
    assert (BASELINE, GateMetric.FALLBACK_RATE) not in found


def test_times_are_the_engines_own() -> None:
    metered = Metered()
    metered.candidate(95, took_s=1.0)
    metered.candidate(5, took_s=9.0)
    found = measured(metered)

    assert found[CANDIDATE, GateMetric.MEAN_SYNTHESIS].value == pytest.approx(1.4)
    assert 0.75 < (found[CANDIDATE, GateMetric.P50_SYNTHESIS].value or 0) <= 1.0
    assert found[CANDIDATE, GateMetric.P95_SYNTHESIS].value == 1.0
    assert 7.5 < (found[CANDIDATE, GateMetric.P99_SYNTHESIS].value or 0) <= 10.0


def test_characters_are_told_by_model() -> None:
    metered = Metered()
    metered.candidate(100, character="ghoul")
    metered.candidate(50, bad=50, character="pip_boy")
    found = measured(metered)

    assert found[Whom("chirp3-hd", "ghoul", "candidate"), GateMetric.ERROR_RATE].value == 0.0
    assert found[Whom("chirp3-hd", "pip_boy", "candidate"), GateMetric.ERROR_RATE].value == 0.5
    assert found[Whom("chirp3-hd", "pip_boy", "candidate"), GateMetric.FALLBACK_RATE].value == 0.5
    assert (Whom("wavenet", "ghoul", "baseline"), GateMetric.ERROR_RATE) not in found


def test_a_candidate_that_its_breaker_keeps_away_falls_back_all_the_same() -> None:
    metered = Metered()
    metered.baseline(300)
    metered.not_even_tried(100)
    found = measured(metered)[EVERYONE, GateMetric.FALLBACK_RATE]

    assert (found.value, found.trials) == (1.0, 100)


def test_what_the_cache_and_the_listeners_got_is_told_of_everyone() -> None:
    metered = Metered()
    metered.looked_up(hits=93, misses=7)
    metered.baseline(99, bad=1)
    found = measured(metered)

    assert found[EVERYONE, GateMetric.CACHE_HIT_RATE].value == 0.93
    assert found[EVERYONE, GateMetric.UNSERVED_RATE].value == 0.01


def test_without_traffic_nothing_is_0_or_100_percent() -> None:
    found = measured(Metered())

    assert found
    assert {one.value for one in found.values()} == {None}


def test_other_models_are_known_by_what_the_service_says_of_them() -> None:
    metered = Metered({Arm.BASELINE: "espeak-ng", Arm.CANDIDATE: "piper"})
    metered.candidate(75, bad=25)
    found = measured(metered)

    assert found[Whom("piper", arm="candidate"), GateMetric.FALLBACK_RATE].value == 0.25
    assert found[Whom("espeak-ng", arm="baseline"), GateMetric.SUCCESS_RATE].value == 1.0


def test_a_service_that_names_no_arms_is_read_by_the_names_that_everybody_knows() -> None:
    metered = Metered()
    metered.candidate(75, bad=25)
    scrape = replace(metered.scrape(), gauges={})
    nameless = {(one.whom, one.metric): one for one in measures(since_boot(scrape))}

    assert nameless[CANDIDATE, GateMetric.FALLBACK_RATE].value == 0.25


@pytest.mark.parametrize(
    ("quantile", "value_s"), [(0.25, 0.5), (0.5, 1.0), (0.9, 2.0), (0.95, 3.0), (0.99, 3.8), (1.0, 4.0)]
)
def test_quantiles_are_exact_at_the_edges_and_straight_between(quantile: float, value_s: float) -> None:
    buckets = {1.0: 50.0, 2.0: 90.0, 4.0: 100.0, math.inf: 100.0}

    assert quantile_s(buckets, quantile) == pytest.approx(value_s)


def test_what_lies_beyond_the_last_edge_is_given_as_that_edge() -> None:
    assert quantile_s({1.0: 10.0, 30.0: 10.0, math.inf: 100.0}, 0.95) == 30.0


def test_no_case_has_no_quantile() -> None:
    assert quantile_s({}, 0.5) is None
    assert quantile_s({1.0: 0.0, math.inf: 0.0}, 0.5) is None


@given(st.lists(st.integers(0, 50), min_size=2, max_size=8), st.floats(0.01, 1.0))
def test_a_quantile_is_under_an_edge_exactly_where_enough_cases_are(counts: list[int], quantile: float) -> None:
    edges = [*(float(n + 1) for n in range(len(counts) - 1)), math.inf]
    cumulative = [float(sum(counts[: n + 1])) for n in range(len(counts))]
    found = quantile_s(dict(zip(edges, cumulative, strict=True)), quantile)

    if found is not None:
        for edge, below in zip(edges[:-1], cumulative[:-1], strict=True):
            assert (found <= edge) == (below >= quantile * cumulative[-1]) or edge == edges[-2]
