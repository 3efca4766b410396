"""What holds of intervals and verdicts for all counts, and of detectors over time, by seeded simulation."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.detect import Detector, compared, watched
from segue.core.gates import Counted, Verdict, judged
from segue.core.stats import log_mixture, rate_interval

alphas = st.floats(1e-6, 0.5)
trials = st.floats(1.0, 1e6)
parts = st.floats(0.0, 1.0)


@given(trials, parts, alphas)
def test_an_interval_holds_its_estimate_and_lies_within_0_and_1(count: float, part: float, alpha: float) -> None:
    low, high = rate_interval(count * part, count * (1.0 - part), alpha)

    assert 0.0 <= low <= part + 1e-9
    assert part - 1e-9 <= high <= 1.0


@given(st.floats(10.0, 1e5), parts, alphas, st.floats(2.0, 100.0))
def test_an_interval_narrows_with_more_of_the_same(count: float, part: float, alpha: float, times: float) -> None:
    few = rate_interval(count * part, count * (1.0 - part), alpha)
    many = rate_interval(count * part * times, count * (1.0 - part) * times, alpha)

    assert many.high - many.low < few.high - few.low


@given(trials, parts, alphas)
def test_an_interval_widens_with_certainty(count: float, part: float, alpha: float) -> None:
    sure, surer = (rate_interval(count * part, count * (1.0 - part), level) for level in (alpha, alpha / 10))

    assert surer.low <= sure.low
    assert sure.high <= surer.high


@given(trials, parts, alphas, st.floats(0.001, 0.999))
def test_a_verdict_is_given_where_the_interval_leaves_the_boundary(
    count: float, part: float, alpha: float, boundary: float
) -> None:
    bad = count * part
    interval = rate_interval(bad, count - bad, alpha)

    verdict = judged(Counted(bad, count, boundary), alpha, 1.0)

    if verdict is Verdict.PASS:
        assert interval.high <= boundary + 1e-9
    elif verdict is Verdict.FAIL:
        assert interval.low >= boundary - 1e-9
    else:
        assert interval.low - 1e-9 <= boundary <= interval.high + 1e-9


def test_a_bounded_mean_as_a_fraction_of_cases_is_covered_at_every_look_at_once() -> None:
    """Durations as parts of the longest, far from coins; looked at after each of 300; one run in 20 may miss."""
    random, runs, missed = Random(7), 300, 0
    limit, mean = math.log(20.0), 0.1
    for _ in range(runs):
        total, worst = 0.0, -math.inf
        for count in range(1, 301):
            total += random.betavariate(0.4, 3.6)
            worst = max(worst, log_mixture(total, count - total, mean))
        missed += worst >= limit

    assert missed / runs <= 0.05


def test_a_rate_is_covered_at_every_look_at_once_where_a_single_look_would_not_be() -> None:
    """The share of 400 runs whose interval ever lost the rate, beside that of the textbook's 95 % interval."""
    random, runs, rate = Random(11), 400, 0.1
    lost = lost_by_textbook = 0
    for _ in range(runs):
        hits, ever, ever_by_textbook = 0, False, False
        for count in range(1, 401):
            hits += random.random() < rate
            ever = ever or log_mixture(float(hits), float(count - hits), rate) >= math.log(20.0)
            estimate = hits / count
            spread = 1.96 * math.sqrt(estimate * (1.0 - estimate) / count)
            ever_by_textbook = ever_by_textbook or (count >= 30 and abs(estimate - rate) > spread)
        lost += ever
        lost_by_textbook += ever_by_textbook

    assert lost / runs <= 0.05
    assert lost_by_textbook / runs > 0.2


@pytest.mark.parametrize("boundary", [0.05, 0.3])
def test_at_the_boundary_itself_a_detector_cries_wolf_no_more_often_than_it_says(boundary: float) -> None:
    """Slots of 20 units; the mean time to a false alarm is 50 slots or more."""
    random = Random(3)
    lengths = [_slots_until_alarm(random, boundary, alarm_after=50.0) for _ in range(100)]

    assert sum(lengths) / len(lengths) >= 50.0


def test_arms_that_fail_alike_are_told_apart_no_more_often_than_it_says() -> None:
    """At shares of a tenth to a half, both arms failing in waves; the mean time is 50 slots or more."""
    random = Random(5)
    lengths = [_slots_until_told_apart(random, share, alarm_after=50.0) for share in (0.1, 0.5) for _ in range(60)]

    assert sum(lengths) / len(lengths) >= 50.0


def _slots_until_alarm(random: Random, rate: float, alarm_after: float) -> int:
    detector: Detector | None = None
    for slot in range(1, 2000):
        bad = sum(random.random() < rate for _ in range(20))
        detector = watched(detector, Counted(float(bad), 20.0, rate), 0.0, 0.0, math.log(alarm_after))
        if detector.evidence >= math.log(alarm_after):
            return slot
    return 2000


def _slots_until_told_apart(random: Random, share: float, alarm_after: float) -> int:
    detector: Detector | None = None
    for slot in range(1, 1000):
        rate = 0.5 if slot % 7 == 0 else 0.05
        failed = [random.random() < share for _ in range(40) if random.random() < rate]
        ours, theirs = sum(failed), len(failed) - sum(failed)
        mine, others = Counted(float(ours), 40 * share, 0.0), Counted(float(theirs), 40 * (1 - share), 0.0)
        detector = compared(detector, mine, others, math.log(alarm_after))
        if detector.evidence >= math.log(alarm_after):
            return slot
    return 1000
