"""Detectors: evidence since the best moment to begin, the run it rests on, and what the baseline did in it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from segue.rollout.core.compare import Block, Comparison, Rates, Terms, compared
from segue.rollout.core.detect import CEILING, Detector, EvidenceRun, ExpectedRates, Seen, Watch, stepped
from segue.rollout.core.stats import alternatives, log_mean_exp, rate_increment

ALARM = math.log(1000.0)
WAYS = alternatives(0.05)
TERMS = Terms(0.01)
USUAL = (1.0, 19.0)


def slot(bad: float, trials: float, other_bad: float = 0.0, start_s: float = 0.0) -> Seen:
    block = Block(bad, trials, other_bad, trials)
    return Seen(EvidenceRun(start_s, bad, bad / 2, trials, 60.0, 1.0, trials * 2), block, TERMS, start_s + 60.0)


def after(*slots: Seen, watch: Watch | None = None) -> Watch:
    for seen in slots:
        bad, good = seen.run.bad, seen.run.trials - seen.run.bad
        gains = [rate_increment(bad, good, 0.05, way) for way in WAYS]
        watch = stepped(watch, gains, seen, ExpectedRates(WAYS, lambda: USUAL), CEILING * ALARM)
    assert watch is not None
    return watch


BAD = slot(20.0, 100.0)
GOOD = slot(0.0, 1000.0)


def test_evidence_is_gathered_for_every_way_of_being_worse() -> None:
    watch = after(BAD)

    assert [way.log_e for way in watch.ways[:4]] == [rate_increment(20.0, 80.0, 0.05, way) for way in WAYS[:4]]
    assert watch.evidence == log_mean_exp([way.log_e for way in watch.ways])
    assert watch.best is max(watch.ways, key=lambda way: way.log_e)
    assert not watch.is_calm


def test_a_way_without_evidence_has_neither_a_run_nor_a_comparison() -> None:
    """A fifth of failures speaks against 68 %."""
    watch = after(BAD)

    assert watch.ways[4] == Detector(0.0, None, None)
    assert after(GOOD).is_calm
    assert after(GOOD).evidence == 0.0


def test_a_run_goes_on_while_the_evidence_speaks_and_begins_anew_when_it_is_spent() -> None:
    later = slot(20.0, 100.0, start_s=120.0)

    twice = after(BAD, slot(10.0, 50.0, start_s=60.0)).best
    anew = after(BAD, GOOD, later).best

    assert twice.run == EvidenceRun(0.0, 30.0, 15.0, 150.0, 120.0, 2.0, 300.0)
    assert anew.run == later.run
    assert anew == after(later).best


def test_it_is_known_when_the_trouble_was_last_growing() -> None:
    """Evidence that sinks again, or stays because nobody was heard, says nothing of trouble that goes on."""
    silence = slot(0.0, 0.0, start_s=120.0)
    milder = slot(0.0, 10.0, start_s=180.0)

    best = after(BAD, slot(10.0, 50.0, start_s=60.0), silence, milder).best

    assert best.log_e < best.top_log_e
    assert best.top_s == 120.0


def test_trouble_that_goes_on_at_the_ceiling_is_growing_still() -> None:
    watch = after(*(slot(50.0, 100.0, start_s=60.0 * number) for number in range(20)))

    assert watch.best.log_e == watch.best.top_log_e == CEILING * ALARM
    assert watch.best.top_s == 1200.0


def test_a_run_that_begins_anew_knows_nothing_of_an_earlier_height() -> None:
    later = slot(6.0, 100.0, start_s=120.0)

    assert after(BAD, GOOD, later) == after(later)
    assert after(BAD, GOOD, later).best.top_s == 180.0


def test_a_run_counts_slots_that_nobody_of_it_was_heard_in_for_what_the_others_did() -> None:
    unheard = Seen(
        EvidenceRun(60.0, rest_bad=3.0, rest_trials=40.0), Block(other_bad=2.0, other_trials=9.0), TERMS, 120.0
    )

    best = after(BAD, unheard).best

    assert best.run == EvidenceRun(0.0, 20.0, 10.0, 100.0, 60.0, 4.0, 240.0)
    assert best.comparison is not None
    assert best.comparison.open == Block(other_bad=2.0, other_trials=9.0)
    assert best.comparison.other_trials == 109.0


def test_a_run_begins_with_the_first_slot_that_counts() -> None:
    assert EvidenceRun().plus(EvidenceRun(7.0, trials=1.0)).since_s == 7.0
    assert EvidenceRun(3.0, rest_trials=1.0).plus(EvidenceRun(7.0, trials=1.0)).since_s == 3.0
    assert EvidenceRun(3.0, trials=1.0).plus(EvidenceRun(7.0, trials=1.0)).since_s == 3.0


def test_the_comparison_begins_with_the_run_and_what_was_usual_and_goes_on_with_it() -> None:
    watch = after(BAD, BAD)
    for way, rate in list(zip(watch.ways, WAYS, strict=True))[:4]:
        begun = Comparison(Rates(rate, 1.0 - rate, *USUAL))
        assert way.comparison == compared(compared(begun, BAD.block, TERMS), BAD.block, TERMS)


def test_when_a_run_is_over_its_comparison_is_forgotten() -> None:
    """Whatever the arms differed in before accuses nobody."""
    accused = after(*[BAD] * 5)
    assert accused.best.comparison is not None
    assert accused.best.comparison.accuses

    anew = after(slot(20.0, 100.0, other_bad=20.0), watch=after(slot(0.0, 5000.0), watch=accused))

    assert anew == after(slot(20.0, 100.0, other_bad=20.0))


def test_the_usual_is_asked_for_only_where_a_comparison_begins() -> None:
    def never() -> tuple[float, float]:
        raise AssertionError

    watch, gains = after(BAD), [1.0] * 4 + [-1.0]

    assert stepped(watch, gains, BAD, ExpectedRates(WAYS, never), 99.0).best.run == BAD.run.plus(BAD.run)
    with pytest.raises(AssertionError):
        stepped(None, gains, BAD, ExpectedRates(WAYS, never), 99.0)


def test_there_is_a_gain_and_a_rate_for_every_way() -> None:
    with pytest.raises(ValueError, match="zip"):
        stepped(None, [1.0, 1.0], BAD, ExpectedRates(WAYS, lambda: USUAL), 99.0)
    with pytest.raises(ValueError, match="zip"):
        stepped(after(BAD), [1.0] * 6, BAD, ExpectedRates(WAYS, lambda: USUAL), 99.0)


def test_evidence_is_held_below_a_ceiling_so_that_a_trouble_that_is_over_is_forgotten() -> None:
    long_trouble = after(*[slot(50.0, 100.0)] * 100)

    assert long_trouble.best.log_e == CEILING * ALARM
    assert after(slot(0.0, 1500.0), watch=long_trouble).evidence < ALARM


def test_evidence_that_comes_to_nothing_exactly_is_none() -> None:
    expected = ExpectedRates((0.2,), lambda: USUAL)

    assert stepped(None, [0.0], BAD, expected, 9.0).is_calm
    assert not stepped(None, [1e-9], BAD, expected, 9.0).is_calm


def test_a_run_tells_its_rate_and_an_empty_one_none() -> None:
    assert EvidenceRun(bad=5.0, trials=20.0).rate == 0.25
    assert EvidenceRun().rate == 0.0
    assert replace(EvidenceRun(), rest_trials=3.0).rate == 0.0
