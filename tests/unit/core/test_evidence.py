"""Slots folded into evidence: totals, detectors by scope, and what fades."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.core.detect import compared, watched
from segue.core.evidence import (
    HALF_LIFE_SLOTS,
    OVERALL,
    Evidence,
    absorbed,
    begun_anew,
    nothing_yet,
    sum_of,
)
from segue.core.gates import Gate, Metric, comparable, counted
from segue.core.speech import Arm
from segue.core.windows import NOTHING, Slot, Tally
from support.rollouts import NOON_S, SLOT_S, Kind, Minute, chirp3, seen

PLAN = chirp3()
ALARMED = {gate.metric for gate in PLAN.gates if gate.alarm is not None}
ALARM = PLAN.statistics.alarm_log_e


def test_nothing_yet_is_nothing_since_then() -> None:
    assert nothing_yet(5.0) == Evidence(5.0, Slot(5.0, 0.0))
    assert nothing_yet(5.0).fresh_at_s is None


def test_totals_add_up_from_the_beginning() -> None:
    evidence = seen([Minute(assigned=(1, 2))] * 3)

    assert evidence.total.of(Arm.CANDIDATE, ["pip_boy"]).units == 150.0
    assert (evidence.total.lookups, evidence.total.assigned) == (3000.0, (3, 6))
    assert (evidence.total.start_s, evidence.total.end_s) == (NOON_S, NOON_S + 3 * SLOT_S)


def test_every_gate_with_an_alarm_is_watched_over_all_and_for_each_character() -> None:
    evidence = seen([Minute(characters=("ghoul", "raider"))])

    assert set(evidence.watches) == {
        (metric, scope) for metric in ALARMED for scope in (OVERALL, "ghoul", "raider")
    }


def test_only_eligible_characters_are_watched_and_all_of_them_counted() -> None:
    evidence = seen([Minute(characters=("ghoul", "raider"))], eligible=frozenset({"ghoul"}))

    assert {scope for _, scope in evidence.watches} == {OVERALL, "ghoul"}
    assert evidence.total.characters == {"ghoul", "raider"}
    assert evidence.watches[Metric.ERROR_RATE, OVERALL] == evidence.watches[Metric.ERROR_RATE, "ghoul"]


def test_a_watch_reads_the_candidate_against_the_level_and_the_baseline() -> None:
    candidate, baseline = Kind(errors=0.2).tally(100.0), Kind(errors=0.05).tally(300.0, handed_on=False)
    slot = Slot(NOON_S, SLOT_S, {(Arm.CANDIDATE, "ghoul"): candidate, (Arm.BASELINE, "ghoul"): baseline})

    watch = absorbed(nothing_yet(NOON_S), slot, PLAN, None).watches[Metric.FALLBACK_RATE, "ghoul"]

    own = counted(Metric.FALLBACK_RATE, 0.05, candidate, 20.0)
    ours = comparable(Metric.FALLBACK_RATE, 0.05, candidate, Arm.CANDIDATE)
    theirs = comparable(Metric.FALLBACK_RATE, 0.05, baseline, Arm.BASELINE)
    assert theirs.bad == 15.0
    assert watch.beyond == watched(None, own, 0.0, 300.0, ALARM)
    assert watch.worse == compared(None, ours, theirs, ALARM)


def test_a_watch_goes_on_from_slot_to_slot() -> None:
    once, twice = (
        seen([Minute(Kind(errors=0.1))] * times).watches[Metric.ERROR_RATE, OVERALL] for times in (1, 2)
    )

    assert twice.beyond.log_e[1] == pytest.approx(2 * once.beyond.log_e[1])
    assert twice.worse.run.trials == 2 * once.worse.run.trials == 300.0


def test_only_a_quantile_counts_its_severe_cases_apart() -> None:
    minute = Minute(Kind(errors=0.5, slow=0.2, slow_s=12.0))
    watches = seen([minute]).watches
    only_p95 = replace(PLAN, gates=(Gate(Metric.P95_SYNTHESIS, step_back=5.0),))

    assert watches[Metric.P95_SYNTHESIS, OVERALL].beyond.run.severe == pytest.approx(15.0)
    assert watches[Metric.ERROR_RATE, OVERALL].beyond.run.severe == 0.0
    assert watches[Metric.MEAN_SYNTHESIS, OVERALL].beyond.run.severe == 0.0
    assert seen([minute], plan=only_p95).watches[Metric.P95_SYNTHESIS, OVERALL].beyond.run.severe == 0.0


def test_where_no_one_heard_the_candidate_nothing_is_watched() -> None:
    assert seen([Minute(candidate_units=0.0)]).watches == {}


def test_a_slot_without_the_candidate_leaves_its_watches_as_they_were() -> None:
    before = seen([Minute(Kind(errors=0.2))])
    after = seen([Minute(Kind(errors=0.2)), Minute(candidate_units=0.0)])

    assert after.watches == before.watches


def test_late_durations_without_units_are_watched_too() -> None:
    late = {(Arm.CANDIDATE, "ghoul"): Tally(timed=1.0, seconds=1.0)}

    assert absorbed(nothing_yet(NOON_S), Slot(NOON_S, SLOT_S, late), PLAN, None).watches != {}


def test_what_is_recent_fades_to_half_in_its_half_life() -> None:
    once = seen([Minute(characters=("ghoul",))])
    quiet = [Minute(characters=("raider",))] * int(HALF_LIFE_SLOTS)
    later = seen([Minute(characters=("ghoul",)), *quiet])

    assert once.recent_of(Arm.CANDIDATE, frozenset({"ghoul"})).units == 50.0
    assert later.recent_of(Arm.CANDIDATE, frozenset({"ghoul"})).units == pytest.approx(25.0)
    assert later.recent_of(Arm.CANDIDATE, frozenset({"raider"})).units == pytest.approx(
        sum(50.0 * 0.5 ** (age / HALF_LIFE_SLOTS) for age in range(20))
    )


def test_what_is_recent_is_told_by_arm_and_character() -> None:
    evidence = seen([Minute(candidate_units=3.0, baseline_units=5.0, characters=("ghoul", "raider", "codsworth"))])

    assert evidence.recent_of(Arm.CANDIDATE, frozenset({"ghoul", "raider"})).units == 6.0
    assert evidence.recent_of(Arm.BASELINE, frozenset({"ghoul"})).units == 5.0
    assert evidence.recent_of(Arm.BASELINE, frozenset()) == NOTHING == sum_of([])


def test_evidence_is_as_fresh_as_the_latest_slot_with_traffic() -> None:
    evidence = seen([Minute()] * 2)
    silent = absorbed(evidence, Slot(NOON_S + 2 * SLOT_S, SLOT_S), PLAN, None)
    late = absorbed(evidence, Minute().slot(NOON_S), PLAN, None)

    assert evidence.fresh_at_s == silent.fresh_at_s == late.fresh_at_s == NOON_S + 2 * SLOT_S
    assert absorbed(nothing_yet(NOON_S), Slot(NOON_S, SLOT_S), PLAN, None).fresh_at_s is None
    assert absorbed(silent, Minute().slot(NOON_S + 9 * SLOT_S), PLAN, None).fresh_at_s == NOON_S + 10 * SLOT_S


def test_a_slot_that_can_be_read_ends_the_trouble() -> None:
    troubled = replace(nothing_yet(NOON_S), trouble="gone")

    assert absorbed(troubled, Minute().slot(NOON_S), PLAN, None).trouble == ""


def test_a_slot_from_before_the_beginning_is_left_out() -> None:
    assert absorbed(nothing_yet(NOON_S), Minute().slot(NOON_S - 1.0), PLAN, None) == nothing_yet(NOON_S)


def test_a_new_step_starts_its_totals_again_and_its_detectors_remember() -> None:
    evidence = seen([Minute(Kind(errors=0.2))])

    anew = begun_anew(evidence, NOON_S + SLOT_S)

    assert anew.total == Slot(NOON_S + SLOT_S, 0.0)
    assert anew.since_s == NOON_S + SLOT_S
    assert (anew.watches, anew.recent, anew.fresh_at_s) == (evidence.watches, evidence.recent, evidence.fresh_at_s)


def test_who_was_assigned_can_be_told_from_elsewhere() -> None:
    evidence = seen([Minute(assigned=(1, 2))]).with_assigned((30, 40))

    assert evidence.total.assigned == (30, 40)
    assert evidence.total.lookups == 1000.0
