"""Each metric as one question: is the rate of bad cases below the boundary?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.kernel.arms import Arm
from segue.rollout.core.betting import log_mean_below, log_mean_beyond
from segue.rollout.core.gates import (
    Counted,
    Gate,
    GateMetric,
    Reading,
    Verdict,
    comparable,
    compared_level_s,
    counted,
    handed_on,
    judged,
    judged_mean,
    level_as_rate,
    tolerance,
)
from segue.rollout.core.stats import log_below, log_beyond, rate_interval
from segue.rollout.core.windows import NOTHING, Tally
from support.rollouts import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_S = 20.0
OVER = (90.0, 80.0, 70.0, 60.0, 50.0, 40.0, 30.0, 20.0, 10.0, 5.0)
LATE = (29.0, 28.0, 25.0, 18.0, 9.0, 6.0, 4.0, 3.0, 2.0, 1.0)
TALLY = Tally(
    units=100.0,
    errors=7.0,
    bad_audio=2.0,
    refused=3.0,
    fallbacks=9.0,
    unserved=1.0,
    timed=91.0,
    seconds=182.0,
    over=OVER,
    streams=30.0,
    late=LATE,
)
RATES = {
    GateMetric.ERROR_RATE: 7.0,
    GateMetric.FALLBACK_RATE: 9.0,
    GateMetric.BAD_AUDIO_RATE: 2.0,
    GateMetric.UNSERVED_RATE: 1.0,
}


@pytest.mark.parametrize("metric", RATES)
def test_a_rate_counts_its_cases_among_the_units(metric: GateMetric) -> None:
    assert counted(metric, 0.05, TALLY, LONGEST_S) == Counted(RATES[metric], 100.0, 0.05)


def test_a_success_is_what_neither_failed_nor_was_turned_away() -> None:
    assert counted(GateMetric.SUCCESS_RATE, 0.75, TALLY, LONGEST_S) == Counted(10.0, 100.0, 0.25)


def test_a_failure_that_a_backup_answered_for_is_an_error_and_no_lack_of_success() -> None:
    backed = replace(TALLY, backed_up=6.0)

    assert counted(GateMetric.SUCCESS_RATE, 0.75, backed, LONGEST_S).bad == 4.0
    assert counted(GateMetric.ERROR_RATE, 0.05, backed, LONGEST_S) == counted(
        GateMetric.ERROR_RATE, 0.05, TALLY, LONGEST_S
    )
    assert counted(GateMetric.SUCCESS_RATE, 0.75, replace(TALLY, backed_up=10.4), LONGEST_S).bad == 0.0


@pytest.mark.parametrize(
    ("metric", "level_s", "slower", "boundary"),
    [
        (GateMetric.P50_SYNTHESIS, 1.5, 60.0, 0.5),
        (GateMetric.P95_SYNTHESIS, 2.5, 40.0, 0.05),
        (GateMetric.P99_SYNTHESIS, 10.0, 5.0, 0.01),
    ],
)
def test_a_quantile_counts_who_takes_longer_among_the_timed(
    metric: GateMetric, level_s: float, slower: float, boundary: float
) -> None:
    assert counted(metric, level_s, TALLY, LONGEST_S) == pytest.approx((slower, 91.0, boundary))


@pytest.mark.parametrize(
    ("metric", "level_s", "late", "boundary"),
    [(GateMetric.P50_FIRST_AUDIO, 0.5, 18.0, 0.5), (GateMetric.P95_FIRST_AUDIO, 1.0, 6.0, 0.05)],
)
def test_the_first_audio_counts_who_begins_later_among_the_streams(
    metric: GateMetric, level_s: float, late: float, boundary: float
) -> None:
    assert counted(metric, level_s, TALLY, LONGEST_S) == pytest.approx((late, 30.0, boundary))
    assert comparable(metric, level_s, TALLY, Arm.BASELINE) == Counted(late, 30.0, 1.0)
    assert counted(metric, level_s, Tally(streams=1.0, late=(1.1,) * 10), LONGEST_S).bad == 1.0


def test_a_mean_counts_the_part_of_the_longest_that_was_used() -> None:
    assert counted(GateMetric.MEAN_SYNTHESIS, 2.0, TALLY, LONGEST_S) == Counted(9.1, 91.0, 0.1)


def test_calls_longer_than_the_longest_count_as_the_longest() -> None:
    assert counted(GateMetric.MEAN_SYNTHESIS, 2.0, Tally(units=1, timed=1, seconds=50.0), LONGEST_S).bad == 1.0


@pytest.mark.parametrize("metric", [*RATES, GateMetric.SUCCESS_RATE, GateMetric.P95_SYNTHESIS])
def test_never_more_bad_cases_than_cases(metric: GateMetric) -> None:
    """A source that estimates each by itself may say so."""
    rough = Tally(units=1.0, errors=1.1, bad_audio=1.1, fallbacks=1.1, unserved=1.1, timed=1.0, over=(1.1,) * 10)

    assert counted(metric, 0.75, rough, LONGEST_S).bad == 1.0
    assert comparable(metric, 0.75, rough, Arm.BASELINE).bad == 1.0


@pytest.mark.parametrize("arm", Arm)
def test_arms_are_compared_by_cases_and_a_mean_by_who_took_longer_than_its_level(arm: Arm) -> None:
    assert comparable(GateMetric.MEAN_SYNTHESIS, 2.0, TALLY, arm) == Counted(50.0, 91.0, 1.0)
    assert comparable(GateMetric.P95_SYNTHESIS, 5.0, TALLY, arm) == Counted(20.0, 91.0, 1.0)
    assert comparable(GateMetric.ERROR_RATE, 0.05, TALLY, arm) == Counted(7.0, 100.0, 0.05)
    assert comparable(GateMetric.SUCCESS_RATE, 0.05, TALLY, arm) == Counted(10.0, 100.0, 0.05)


def test_the_candidates_fallbacks_are_compared_with_what_the_baseline_could_not_hand_on() -> None:
    assert comparable(GateMetric.FALLBACK_RATE, 0.05, TALLY, Arm.CANDIDATE) == Counted(9.0, 100.0, 0.05)
    assert comparable(GateMetric.FALLBACK_RATE, 0.05, TALLY, Arm.BASELINE) == Counted(10.0, 100.0, 0.05)


def test_a_duration_that_the_histogram_cannot_tell_is_refused() -> None:
    with pytest.raises(ValueError, match="tuple"):
        counted(GateMetric.P95_SYNTHESIS, 3.0, TALLY, LONGEST_S)


def test_which_way_is_better_and_what_is_a_duration() -> None:
    assert {metric for metric in GateMetric if metric.higher_is_better} == {
        GateMetric.SUCCESS_RATE,
        GateMetric.CACHE_HIT_RATE,
    }
    assert {metric for metric in GateMetric if metric.is_duration} == {
        GateMetric.MEAN_SYNTHESIS,
        GateMetric.P50_SYNTHESIS,
        GateMetric.P95_SYNTHESIS,
        GateMetric.P99_SYNTHESIS,
        GateMetric.P50_FIRST_AUDIO,
        GateMetric.P95_FIRST_AUDIO,
    }
    assert {metric for metric in GateMetric if metric.of_streams} == {
        GateMetric.P50_FIRST_AUDIO,
        GateMetric.P95_FIRST_AUDIO,
    }


def test_the_milder_level_is_the_one_that_alarms() -> None:
    assert Gate(GateMetric.ERROR_RATE, 0.01, 0.05, 0.1).alarm == 0.05
    assert Gate(GateMetric.ERROR_RATE, 0.01, roll_back=0.1).alarm == 0.1
    assert Gate(GateMetric.ERROR_RATE, 0.01).alarm is None


# Verdicts


def test_a_rate_certainly_below_the_boundary_passes_and_one_above_fails() -> None:
    assert judged(Counted(0.0, 1000.0, 0.05), 0.01, 50.0) is Verdict.PASS
    assert judged(Counted(200.0, 1000.0, 0.05), 0.01, 50.0) is Verdict.FAIL
    assert judged(Counted(50.0, 1000.0, 0.05), 0.01, 50.0) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("bad", "trials"), [(0.0, 49.0), (49.0, 49.0), (0.0, 0.0)])
def test_too_few_units_are_inconclusive_however_they_look(bad: float, trials: float) -> None:
    assert judged(Counted(bad, trials, 0.5), 0.5, 50.0) is Verdict.INCONCLUSIVE


def test_as_many_units_as_are_needed_are_enough() -> None:
    assert judged(Counted(0.0, 50.0, 0.5), 0.5, 50.0) is Verdict.PASS


def test_a_verdict_takes_one_unit_whatever_the_plan_says() -> None:
    assert judged(Counted(0.0, 0.5, 0.999), 0.999, 0.0) is Verdict.INCONCLUSIVE
    assert judged(Counted(0.0, 1.0, 0.999), 0.999, 0.0) is Verdict.PASS


@pytest.mark.parametrize(
    ("bad", "evidence", "verdict"), [(3.0, log_below, Verdict.PASS), (20.0, log_beyond, Verdict.FAIL)]
)
def test_a_verdict_is_where_the_evidence_on_its_side_of_the_boundary_is_enough(
    bad: float, evidence: Callable[[float, float, float], float], verdict: Verdict
) -> None:
    """Alpha just above and below what this evidence allows; sooner than an interval, which looks both ways."""
    counts = Counted(bad, 200.0, 0.05)
    alpha = math.exp(-evidence(bad, 200.0 - bad, 0.05))

    assert judged(counts, alpha * 1.0001, 50.0) is verdict
    assert judged(counts, alpha * 0.9999, 50.0) is Verdict.INCONCLUSIVE
    assert rate_interval(bad, 200.0 - bad, alpha).low < 0.05 < rate_interval(bad, 200.0 - bad, alpha).high


def test_a_reading_tells_its_estimate_and_where_the_rate_lies() -> None:
    reading = Reading("error_rate", "chirp3-hd", "", 3.0, 200.0, 0.05, 0.01, Verdict.PASS, "fine")
    empty = Reading("error_rate", "chirp3-hd", "", 0.0, 0.0, 0.05, 0.01, Verdict.INCONCLUSIVE, "nothing")

    assert reading.estimate == 0.015
    assert reading.interval == rate_interval(3.0, 197.0, 0.01)
    assert (empty.estimate, empty.interval) == (0.0, (0.0, 1.0))


def test_nothing_seen_is_no_bad_case_among_none() -> None:
    assert counted(GateMetric.ERROR_RATE, 0.05, NOTHING, LONGEST_S) == Counted(0, 0, 0.05)


def test_of_the_baseline_it_is_asked_who_took_longer_than_a_level_that_much_lower() -> None:
    """The candidate may be twice as slow: the next edge below half of the level."""
    assert comparable(GateMetric.P95_SYNTHESIS, 5.0, TALLY, Arm.BASELINE, 2.0) == Counted(40.0, 91.0, 1.0)
    assert comparable(GateMetric.P95_SYNTHESIS, 4.0, TALLY, Arm.BASELINE, 1.5) == Counted(40.0, 91.0, 1.0)
    assert comparable(GateMetric.MEAN_SYNTHESIS, 2.0, TALLY, Arm.BASELINE, 2.0) == Counted(70.0, 91.0, 1.0)
    assert comparable(GateMetric.P95_SYNTHESIS, 5.0, TALLY, Arm.CANDIDATE, 2.0) == Counted(20.0, 91.0, 1.0)
    assert comparable(GateMetric.ERROR_RATE, 0.05, TALLY, Arm.BASELINE, 2.0) == Counted(7.0, 100.0, 0.05)


@pytest.mark.parametrize(
    ("metric", "level_s", "ratio", "edge_s"),
    [
        (GateMetric.P95_SYNTHESIS, 5.0, 1.0, 5.0),
        (GateMetric.P95_SYNTHESIS, 5.0, 2.0, 2.5),
        (GateMetric.P95_SYNTHESIS, 10.0, 3.0, 2.5),
        (GateMetric.P50_SYNTHESIS, 0.35, 2.0, 0.35),
        (GateMetric.P50_FIRST_AUDIO, 0.3, 2.0, 0.1),
        (GateMetric.P50_FIRST_AUDIO, 0.1, 2.0, 0.1),
    ],
)
def test_the_edge_that_the_baseline_is_asked_about(
    metric: GateMetric, level_s: float, ratio: float, edge_s: float
) -> None:
    assert compared_level_s(metric, level_s, ratio) == edge_s


# What is handed on


def test_the_baseline_is_tried_for_what_is_handed_on_and_fails_some_of_it() -> None:
    assert handed_on(GateMetric.SUCCESS_RATE, TALLY) == (9.0, 0.0)
    all_on = replace(TALLY, fallbacks=10.0, unserved=4.0)
    assert handed_on(GateMetric.SUCCESS_RATE, all_on) == (10.0, 4.0)
    assert handed_on(GateMetric.FALLBACK_RATE, all_on) == (10.0, 4.0)
    assert handed_on(GateMetric.ERROR_RATE, all_on) == (7.0, 4.0)
    assert handed_on(GateMetric.BAD_AUDIO_RATE, all_on) == (2.0, 2.0)


@pytest.mark.parametrize("metric", [GateMetric.UNSERVED_RATE, GateMetric.MEAN_SYNTHESIS, GateMetric.P95_SYNTHESIS])
def test_of_other_metrics_nothing_is_handed_on(metric: GateMetric) -> None:
    assert handed_on(metric, replace(TALLY, unserved=9.0)) == (0.0, 0.0)


def test_who_failed_and_was_not_handed_on_was_not_failed_by_the_baseline() -> None:
    """Of ten, five had no time left; the baseline rescued four of the others."""
    half = replace(TALLY, fallbacks=5.0, unserved=6.0)
    none = replace(TALLY, fallbacks=0.0, unserved=10.0)

    assert handed_on(GateMetric.SUCCESS_RATE, half) == (5.0, 1.0)
    assert handed_on(GateMetric.SUCCESS_RATE, none) == (0.0, 0.0)


def test_who_was_backed_up_was_not_handed_on_and_heard_something() -> None:
    """Of ten that failed, six were backed up and three rescued; one heard nothing, for it had no time left."""
    backed = replace(TALLY, backed_up=6.0, fallbacks=3.0, unserved=1.0)

    assert handed_on(GateMetric.SUCCESS_RATE, backed) == (3.0, 0.0)


# What is tolerated


@pytest.mark.parametrize(
    ("gate", "tolerated"),
    [
        (Gate(GateMetric.ERROR_RATE, 0.01, 0.05, 0.1), 0.01),
        (Gate(GateMetric.ERROR_RATE, 0.04, 0.05, 0.1), 0.025),
        (Gate(GateMetric.ERROR_RATE, None, 0.05), 0.0),
        (Gate(GateMetric.SUCCESS_RATE, 0.97, roll_back=0.9), 0.03),
        (Gate(GateMetric.SUCCESS_RATE, 0.92, roll_back=0.9), 0.05),
        (Gate(GateMetric.P95_SYNTHESIS, 2.5, 5.0), 0.0),
        (Gate(GateMetric.MEAN_SYNTHESIS, 1.0, 2.0), 0.0),
    ],
    ids=str,
)
def test_a_candidate_may_be_worse_by_what_its_target_allows_and_half_of_what_alarms(
    gate: Gate, tolerated: float
) -> None:
    assert gate.alarm is not None
    assert tolerance(gate, gate.alarm) == pytest.approx(tolerated)


@pytest.mark.parametrize(
    ("gate", "rate"),
    [
        (Gate(GateMetric.ERROR_RATE, 0.01, 0.05, 0.1), 0.05),
        (Gate(GateMetric.SUCCESS_RATE, 0.97, roll_back=0.9), 0.1),
        (Gate(GateMetric.P95_SYNTHESIS, 2.5, 5.0), 0.05),
        (Gate(GateMetric.P50_FIRST_AUDIO, step_back=0.5), 0.5),
        (Gate(GateMetric.MEAN_SYNTHESIS, 1.0, 2.0), 0.1),
    ],
    ids=str,
)
def test_the_level_of_an_alarm_as_a_rate(gate: Gate, rate: float) -> None:
    assert level_as_rate(gate, LONGEST_S) == pytest.approx(rate)


# A mean


def calls(mean_s: float, number: float) -> Tally:
    return Kind(took_s=mean_s).tally(number)


def test_a_mean_certainly_below_its_level_passes_and_one_above_fails() -> None:
    assert judged_mean(calls(0.8, 200.0), 2.0, LONGEST_S, 0.05, 50.0) is Verdict.PASS
    assert judged_mean(calls(5.5, 200.0), 2.0, LONGEST_S, 0.05, 50.0) is Verdict.FAIL
    assert judged_mean(calls(1.99, 200.0), 2.0, LONGEST_S, 0.05, 50.0) is Verdict.INCONCLUSIVE
    assert judged_mean(calls(0.8, 49.0), 2.0, LONGEST_S, 0.05, 50.0) is Verdict.INCONCLUSIVE
    assert judged_mean(calls(0.8, 0.5), 10.0, LONGEST_S, 0.999, 0.0) is Verdict.INCONCLUSIVE
    assert judged_mean(calls(0.8, 1.0), 10.0, LONGEST_S, 0.999, 0.0) is Verdict.PASS


@pytest.mark.parametrize(
    ("took_s", "evidence", "verdict"), [(0.8, log_mean_below, Verdict.PASS), (5.5, log_mean_beyond, Verdict.FAIL)]
)
def test_a_mean_is_judged_where_the_evidence_of_its_side_is_enough(
    took_s: float, evidence: Callable[[Tally, float, float], float], verdict: Verdict
) -> None:
    tally = calls(took_s, 60.0)
    alpha = math.exp(-evidence(tally, 2.0, LONGEST_S))

    assert judged_mean(tally, 2.0, LONGEST_S, alpha * 1.0001, 50.0) is verdict
    assert judged_mean(tally, 2.0, LONGEST_S, alpha * 0.9999, 50.0) is Verdict.INCONCLUSIVE
