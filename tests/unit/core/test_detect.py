"""Detectors: evidence since the best moment to begin, and the counts that it rests on."""

from __future__ import annotations

import math

import pytest

from segue.core.detect import CEILING, Detector, Run, compared, fresh, watched
from segue.core.gates import Counted
from segue.core.stats import RATE_RATIOS, alternatives, log_mean_exp, rate_increment, share_increment

ALARM = math.log(1000.0)
WAYS = alternatives(0.05)


def after(*slots: tuple[float, float], detector: Detector | None = None) -> Detector:
    """Watched over slots of (bad, trials)."""
    for bad, trials in slots:
        detector = watched(detector, Counted(bad, trials, 0.05), bad / 2, trials * 2, ALARM)
    assert detector is not None
    return detector


def test_a_detector_begins_with_no_evidence_and_no_run() -> None:
    assert fresh(2) == Detector((0.0, 0.0), (Run(), Run()))
    assert fresh(3).evidence == 0.0


def test_evidence_is_gathered_for_every_alternative() -> None:
    detector = after((10.0, 100.0))

    assert detector.log_e == tuple(rate_increment(10.0, 90.0, 0.05, way) for way in WAYS)
    assert detector.evidence == log_mean_exp(detector.log_e)


def test_a_comparison_gathers_evidence_from_who_the_failures_were() -> None:
    detector = compared(None, Counted(6.0, 100.0, 0.05), Counted(2.0, 300.0, 0.05), ALARM)

    assert detector.log_e == tuple(share_increment(6.0, 8.0, 0.25, ratio) for ratio in RATE_RATIOS)
    assert detector.run == Run(6.0, 0.0, 100.0, 300.0)


def test_a_comparison_of_nothing_is_no_evidence() -> None:
    nothing = Counted(0.0, 0.0, 0.05)

    assert compared(None, nothing, nothing, ALARM).evidence == 0.0


def test_a_comparison_goes_on_from_where_it_was() -> None:
    ours, theirs = Counted(3.0, 100.0, 0.05), Counted(1.0, 100.0, 0.05)
    once = compared(None, ours, theirs, ALARM)
    twice = compared(once, ours, theirs, ALARM)

    assert twice.log_e[0] == pytest.approx(2 * once.log_e[0])
    assert twice.run == Run(6.0, 0.0, 200.0, 200.0)


def test_a_run_goes_on_while_the_evidence_speaks_and_begins_anew_when_it_is_spent() -> None:
    bad, good = (10.0, 100.0), (0.0, 1000.0)

    assert after(bad, bad).run == Run(20.0, 10.0, 200.0, 400.0)
    assert after(bad, good).evidence < 0.0
    assert after(bad, good, bad).run == Run(10.0, 5.0, 100.0, 200.0)
    assert after(bad, good, bad).log_e == after(bad).log_e


def test_evidence_is_held_below_a_ceiling_so_that_a_trouble_that_is_over_is_forgotten() -> None:
    long_trouble = after(*[(50.0, 100.0)] * 100)

    assert max(long_trouble.log_e) == CEILING * ALARM
    assert after((0.0, 500.0), detector=long_trouble).evidence < ALARM


def test_the_run_is_that_of_the_alternative_that_fits_best() -> None:
    runs = (Run(1.0), Run(2.0), Run(3.0))

    assert Detector((0.0, 5.0, 1.0), runs).run == Run(2.0)


def test_a_run_tells_its_rate_and_an_empty_one_none() -> None:
    assert Run(5.0, 0.0, 20.0).rate == 0.25
    assert Run().rate == 0.0
    assert Run(1.0, 2.0, 3.0, 4.0).plus(Run(10.0, 20.0, 30.0, 40.0)) == Run(11.0, 22.0, 33.0, 44.0)
