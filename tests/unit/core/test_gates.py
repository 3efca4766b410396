"""Each metric as one question: is the rate of bad cases below the boundary?"""

from __future__ import annotations

import math

import pytest

from segue.core.gates import Counted, Gate, Metric, Reading, Verdict, comparable, counted, judged
from segue.core.speech import Arm
from segue.core.stats import log_mixture, rate_interval
from segue.core.windows import NOTHING, Tally

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
    Metric.ERROR_RATE: 7.0,
    Metric.FALLBACK_RATE: 9.0,
    Metric.BAD_AUDIO_RATE: 2.0,
    Metric.UNSERVED_RATE: 1.0,
}


@pytest.mark.parametrize("metric", RATES)
def test_a_rate_counts_its_cases_among_the_units(metric: Metric) -> None:
    assert counted(metric, 0.05, TALLY, LONGEST_S) == Counted(RATES[metric], 100.0, 0.05)


def test_a_success_is_what_neither_failed_nor_was_turned_away() -> None:
    assert counted(Metric.SUCCESS_RATE, 0.75, TALLY, LONGEST_S) == Counted(10.0, 100.0, 0.25)


@pytest.mark.parametrize(
    ("metric", "level_s", "slower", "boundary"),
    [
        (Metric.P50_SYNTHESIS, 1.5, 60.0, 0.5),
        (Metric.P95_SYNTHESIS, 2.5, 40.0, 0.05),
        (Metric.P99_SYNTHESIS, 10.0, 5.0, 0.01),
    ],
)
def test_a_quantile_counts_who_takes_longer_among_the_timed(
    metric: Metric, level_s: float, slower: float, boundary: float
) -> None:
    assert counted(metric, level_s, TALLY, LONGEST_S) == pytest.approx((slower, 91.0, boundary))


@pytest.mark.parametrize(
    ("metric", "level_s", "late", "boundary"),
    [(Metric.P50_FIRST_AUDIO, 0.5, 18.0, 0.5), (Metric.P95_FIRST_AUDIO, 1.0, 6.0, 0.05)],
)
def test_the_first_audio_counts_who_begins_later_among_the_streams(
    metric: Metric, level_s: float, late: float, boundary: float
) -> None:
    assert counted(metric, level_s, TALLY, LONGEST_S) == pytest.approx((late, 30.0, boundary))
    assert comparable(metric, level_s, TALLY, Arm.BASELINE) == Counted(late, 30.0, 1.0)
    assert counted(metric, level_s, Tally(streams=1.0, late=(1.1,) * 10), LONGEST_S).bad == 1.0


def test_a_mean_counts_the_part_of_the_longest_that_was_used() -> None:
    assert counted(Metric.MEAN_SYNTHESIS, 2.0, TALLY, LONGEST_S) == Counted(9.1, 91.0, 0.1)


def test_calls_longer_than_the_longest_count_as_the_longest() -> None:
    assert counted(Metric.MEAN_SYNTHESIS, 2.0, Tally(units=1, timed=1, seconds=50.0), LONGEST_S).bad == 1.0


@pytest.mark.parametrize("metric", [*RATES, Metric.SUCCESS_RATE, Metric.P95_SYNTHESIS])
def test_never_more_bad_cases_than_cases(metric: Metric) -> None:
    """A source that estimates each by itself may say so."""
    rough = Tally(units=1.0, errors=1.1, bad_audio=1.1, fallbacks=1.1, unserved=1.1, timed=1.0, over=(1.1,) * 10)

    assert counted(metric, 0.75, rough, LONGEST_S).bad == 1.0
    assert comparable(metric, 0.75, rough, Arm.BASELINE).bad == 1.0


@pytest.mark.parametrize("arm", Arm)
def test_arms_are_compared_by_cases_and_a_mean_by_who_took_longer_than_its_level(arm: Arm) -> None:
    assert comparable(Metric.MEAN_SYNTHESIS, 2.0, TALLY, arm) == Counted(50.0, 91.0, 1.0)
    assert comparable(Metric.P95_SYNTHESIS, 5.0, TALLY, arm) == Counted(20.0, 91.0, 1.0)
    assert comparable(Metric.ERROR_RATE, 0.05, TALLY, arm) == Counted(7.0, 100.0, 0.05)
    assert comparable(Metric.SUCCESS_RATE, 0.05, TALLY, arm) == Counted(10.0, 100.0, 0.05)


def test_the_candidates_fallbacks_are_compared_with_what_the_baseline_could_not_hand_on() -> None:
    assert comparable(Metric.FALLBACK_RATE, 0.05, TALLY, Arm.CANDIDATE) == Counted(9.0, 100.0, 0.05)
    assert comparable(Metric.FALLBACK_RATE, 0.05, TALLY, Arm.BASELINE) == Counted(10.0, 100.0, 0.05)


def test_a_duration_that_the_histogram_cannot_tell_is_refused() -> None:
    with pytest.raises(ValueError, match="tuple"):
        counted(Metric.P95_SYNTHESIS, 3.0, TALLY, LONGEST_S)


def test_which_way_is_better_and_what_is_a_duration() -> None:
    assert {metric for metric in Metric if metric.higher_is_better} == {Metric.SUCCESS_RATE, Metric.CACHE_HIT_RATE}
    assert {metric for metric in Metric if metric.is_duration} == {
        Metric.MEAN_SYNTHESIS,
        Metric.P50_SYNTHESIS,
        Metric.P95_SYNTHESIS,
        Metric.P99_SYNTHESIS,
        Metric.P50_FIRST_AUDIO,
        Metric.P95_FIRST_AUDIO,
    }
    assert {metric for metric in Metric if metric.of_streams} == {Metric.P50_FIRST_AUDIO, Metric.P95_FIRST_AUDIO}


def test_the_milder_level_is_the_one_that_alarms() -> None:
    assert Gate(Metric.ERROR_RATE, 0.01, 0.05, 0.1).alarm == 0.05
    assert Gate(Metric.ERROR_RATE, 0.01, roll_back=0.1).alarm == 0.1
    assert Gate(Metric.ERROR_RATE, 0.01).alarm is None


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


def test_a_verdict_is_where_the_interval_leaves_the_boundary() -> None:
    """Alpha just above and just below what this evidence allows."""
    counts = Counted(3.0, 200.0, 0.05)
    alpha = math.exp(-log_mixture(3.0, 197.0, 0.05))

    assert judged(counts, alpha * 1.0001, 50.0) is Verdict.PASS
    assert judged(counts, alpha * 0.9999, 50.0) is Verdict.INCONCLUSIVE
    assert rate_interval(3.0, 197.0, alpha).high == pytest.approx(0.05)


def test_a_reading_tells_its_estimate_and_where_the_rate_lies() -> None:
    reading = Reading("error_rate", "chirp3-hd", "", 3.0, 200.0, 0.05, 0.01, Verdict.PASS, "fine")
    empty = Reading("error_rate", "chirp3-hd", "", 0.0, 0.0, 0.05, 0.01, Verdict.INCONCLUSIVE, "nothing")

    assert reading.estimate == 0.015
    assert reading.interval == rate_interval(3.0, 197.0, 0.01)
    assert (empty.estimate, empty.interval) == (0.0, (0.0, 1.0))


def test_nothing_seen_is_no_bad_case_among_none() -> None:
    assert counted(Metric.ERROR_RATE, 0.05, NOTHING, LONGEST_S) == Counted(0, 0, 0.05)
