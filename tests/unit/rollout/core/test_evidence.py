"""Slots folded into evidence: totals, detectors by scope, and what both are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.kernel.arms import Arm
from segue.rollout.core.betting import gains_beyond
from segue.rollout.core.compare import Block, Comparison, Rates, Terms, compared
from segue.rollout.core.detect import CEILING, EvidenceRun
from segue.rollout.core.evidence import (
    OVERALL,
    Evidence,
    absorbed,
    alarm_log_e,
    begun_anew,
    candidate_of,
    nothing_yet,
    went_on,
    without,
)
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.stats import alternatives, rate_increment
from segue.rollout.core.windows import Slot, Tally
from support.rollouts import NOON_S, SLOT_S, Kind, Minute, chirp3, seen

PLAN = chirp3()
ALARMED = {gate.metric for gate in PLAN.gates if gate.alarm is not None}
DREADFUL = Kind(errors=0.6, unserved=0.6, slow=0.6)
"""Every gate with an alarm has something to say about it."""


def one(evidence: Evidence, metric: GateMetric, scope: str = OVERALL) -> EvidenceRun:
    run = evidence.watches[metric, scope].best.run
    assert run is not None
    return run


def test_nothing_yet_is_nothing_since_then() -> None:
    nothing = Slot(5.0, 0.0)

    assert nothing_yet(5.0) == Evidence(5.0, nothing, nothing, heard_until_s=5.0)
    assert (nothing_yet(5.0).fresh_at_s, nothing_yet(5.0).characters) == (None, frozenset())


def test_totals_add_up_from_the_beginning() -> None:
    evidence = seen([Minute(assigned=(1, 2))] * 3)

    for sums in (evidence.total, evidence.step):
        assert sums.of(Arm.CANDIDATE, ["pip_boy"]).units == 150.0
        assert (sums.lookups, sums.assigned) == (3000.0, (3, 6))
        assert (sums.start_s, sums.end_s) == (NOON_S, NOON_S + 3 * SLOT_S)


def test_totals_take_what_can_promote_and_detectors_what_can_accuse() -> None:
    slot = Minute(DREADFUL).slot(NOON_S)
    daily = {key: Tally(units=3.0) for key in slot.tallies}

    evidence = absorbed(nothing_yet(NOON_S), replace(slot, daily=daily), PLAN, None)

    assert evidence.total.of(Arm.CANDIDATE, ["pip_boy"]) == evidence.step.of(Arm.CANDIDATE, ["pip_boy"])
    assert evidence.total.of(Arm.CANDIDATE, ["pip_boy"]).units == 3.0
    assert evidence.total.daily is None
    assert one(evidence, GateMetric.ERROR_RATE, "pip_boy").trials == 50.0


def test_every_gate_with_an_alarm_is_watched_over_all_and_for_each_character() -> None:
    evidence = seen([Minute(DREADFUL, characters=("ghoul", "raider"))])

    assert set(evidence.watches) == {
        (metric, scope) for metric in ALARMED for scope in (OVERALL, "ghoul", "raider")
    }


def test_what_has_no_evidence_is_not_remembered() -> None:
    assert seen([Minute()]).watches == {}
    assert seen([Minute(Kind(errors=0.2)), Minute(candidate_units=5000.0)]).watches == {}


def test_only_eligible_characters_are_watched_and_all_of_them_counted() -> None:
    evidence = seen([Minute(DREADFUL, characters=("ghoul", "raider"))], eligible=frozenset({"ghoul"}))

    assert {scope for _, scope in evidence.watches} == {OVERALL, "ghoul"}
    assert evidence.total.characters == evidence.characters == {"ghoul", "raider"}
    overall, ghoul = (evidence.watches[GateMetric.ERROR_RATE, scope].best for scope in (OVERALL, "ghoul"))
    assert overall.log_e == ghoul.log_e
    assert one(evidence, GateMetric.ERROR_RATE) == one(evidence, GateMetric.ERROR_RATE, "ghoul")


# What a watch is told


def test_a_rate_gains_by_its_cases_and_a_mean_by_betting() -> None:
    candidate = DREADFUL.tally(50.0)
    watches = seen([Minute(DREADFUL, characters=("ghoul",))]).watches

    ways = alternatives(0.05)
    errors = [rate_increment(30.0, 20.0, 0.05, way) for way in ways]
    ceiling = CEILING * alarm_log_e(PLAN, "ghoul", 0)
    assert [way.log_e for way in watches[GateMetric.ERROR_RATE, "ghoul"].ways] == [
        min(one, ceiling) for one in errors
    ]
    assert [way.log_e for way in watches[GateMetric.MEAN_SYNTHESIS, "ghoul"].ways] == gains_beyond(
        candidate, 2.0, 20.0
    )


def test_the_ceiling_is_that_of_the_scope() -> None:
    watches = seen([Minute(Kind(errors=1.0), candidate_units=500.0)] * 2).watches

    for scope in (OVERALL, "pip_boy"):
        assert watches[GateMetric.ERROR_RATE, scope].best.log_e == CEILING * alarm_log_e(PLAN, scope, 3)


def test_a_run_tells_what_was_bad_how_gravely_for_how_long_and_how_the_others_fared() -> None:
    apart = {"ghoul": Kind(errors=0.5, slow=0.8, slow_s=12.0)}
    minute = Minute(Kind(errors=0.02, slow=0.02), apart=apart, characters=("ghoul", "raider", "nick"))
    evidence = seen([minute])

    errors, slow = (one(evidence, metric, "ghoul") for metric in (GateMetric.ERROR_RATE, GateMetric.P95_SYNTHESIS))
    assert errors == EvidenceRun(NOON_S, 25.0, 25.0, 50.0, SLOT_S, 2.0, 100.0)
    assert (slow.bad, slow.severe, slow.trials) == (20.0, 20.0, 25.0)
    assert (slow.rest_bad, slow.rest_trials) == pytest.approx((1.96, 98.0))
    overall = one(evidence, GateMetric.ERROR_RATE)
    assert (overall.bad, overall.rest_bad, overall.rest_trials) == (27.0, 0.0, 0.0)


def test_a_quantile_counts_its_severe_cases_by_its_graver_level_and_all_else_every_bad_one() -> None:
    minute = Minute(Kind(slow=0.5, slow_s=7.0))
    only_mild = replace(PLAN, gates=(Gate(GateMetric.P95_SYNTHESIS, step_back=5.0),))

    assert one(seen([minute]), GateMetric.P95_SYNTHESIS).severe == 0.0
    assert one(seen([minute], plan=only_mild), GateMetric.P95_SYNTHESIS).severe == 75.0
    mean = one(seen([minute]), GateMetric.MEAN_SYNTHESIS)
    assert mean.severe == mean.bad == pytest.approx(150 * 3.9 / 20)


def test_trouble_lasts_for_the_parts_of_a_slot_in_which_something_failed_and_slowness_for_all_of_it() -> None:
    slot = Minute(DREADFUL, characters=("ghoul",)).slot(NOON_S)
    tallies = {key: replace(tally, parts=0b100001) for key, tally in slot.tallies.items()}
    evidence = absorbed(nothing_yet(NOON_S), replace(slot, tallies=tallies), PLAN, None)

    assert one(evidence, GateMetric.ERROR_RATE).lasted_s == 20.0
    assert one(evidence, GateMetric.MEAN_SYNTHESIS).lasted_s == SLOT_S
    assert one(seen([Minute(DREADFUL)]), GateMetric.ERROR_RATE).lasted_s == SLOT_S


def test_a_slot_without_anything_bad_does_not_make_trouble_last() -> None:
    evidence = seen([Minute(Kind(errors=0.5)), Minute(candidate_units=1.0)])

    assert one(evidence, GateMetric.ERROR_RATE).lasted_s == SLOT_S


# What a comparison is told


def comparison_of(evidence: Evidence, metric: GateMetric, scope: str = OVERALL) -> Comparison:
    found = evidence.watches[metric, scope].best.comparison
    assert found is not None
    return found


def test_a_comparison_begins_with_what_was_usual_of_the_baseline_as_no_more_than_a_few_trials() -> None:
    """300 of it were heard, of which 3 failed, and half a case in ten is not known."""
    quiet = Minute(baseline=Kind(errors=0.01), baseline_units=100.0)
    evidence = seen([quiet, Minute(Kind(errors=0.5), Kind(errors=0.01))])

    way = evidence.watches[GateMetric.ERROR_RATE, OVERALL].ways[3]
    rate = alternatives(0.05)[3]
    scale = 20.0 / 310.0
    begun = Comparison(Rates(rate, 1.0 - rate, 3.5 * scale, 306.5 * scale))
    block = Block(75.0, 150.0, 1.5, 150.0, 75.0, 0.0)
    assert way.comparison == compared(begun, block, Terms(0.01))


def test_of_a_character_it_begins_with_what_is_usual_of_the_same_character() -> None:
    baseline = Kind(errors=0.2)
    quiet = Minute(baseline=baseline, characters=("ghoul",), baseline_units=90.0)
    evidence = seen([quiet, Minute(Kind(errors=0.5), Kind(), characters=("ghoul", "raider"))])

    ghoul, raider = (comparison_of(evidence, GateMetric.ERROR_RATE, name).rates for name in ("ghoul", "raider"))

    assert ghoul.other_bad == pytest.approx(18.5 * 20.0 / 100.0)
    assert raider.other_bad == 0.5
    assert (raider.other_good, ghoul.other_good) == pytest.approx((9.5 + 50.0, 81.5 * 20.0 / 100.0 + 50.0))


def test_what_was_handed_on_is_a_trial_of_the_baseline_once_it_is_known_that_failures_are() -> None:
    """In the slot of the first failure nobody knows yet whether the fallback is on."""
    once = seen([Minute(Kind(errors=0.5), baseline_units=0.0, characters=("ghoul",))])
    thrice = seen([Minute(Kind(errors=0.5), baseline_units=0.0, characters=("ghoul",))] * 3)
    off = seen([Minute(Kind(errors=0.5), baseline_units=0.0, characters=("ghoul",), fallback=False)] * 9)

    waiting = Block(25.0, 50.0, 0.0, 0.0, 25.0, 0.0)
    assert comparison_of(once, GateMetric.ERROR_RATE).open == waiting
    assert comparison_of(once, GateMetric.ERROR_RATE).log_e == 0.0
    assert comparison_of(thrice, GateMetric.ERROR_RATE).accuses
    assert comparison_of(thrice, GateMetric.ERROR_RATE).open == Block()
    assert comparison_of(off, GateMetric.ERROR_RATE).open == Block(225.0, 450.0, 0.0, 0.0, 0.0, 0.0)
    assert comparison_of(off, GateMetric.ERROR_RATE).other_trials == 0.0


def test_whether_failures_are_handed_on_is_told_by_what_was_known_before_the_slot() -> None:
    """Equal arms, the fallback off: a slot must not be weighed as if it were on because nothing failed in it."""
    off = [Minute(Kind(errors=0.5), characters=("ghoul",), fallback=False)]
    good = Minute(candidate_units=1.0, baseline_units=0.0, characters=("ghoul",), fallback=False)

    evidence = seen([*off, good])

    assert comparison_of(evidence, GateMetric.ERROR_RATE).open == Block(trials=1.0)


@pytest.mark.parametrize(("handed", "counts"), [(0.6, True), (0.5, True), (0.4, False)])
def test_where_most_failures_are_not_handed_on_none_counts_as_if_it_were(handed: float, counts: bool) -> None:
    tally = Tally(units=100.0, errors=50.0, fallbacks=50.0 * handed, unserved=50.0 * (1.0 - handed), timed=50.0)
    slots = [Slot(NOON_S + n * SLOT_S, SLOT_S, {(Arm.CANDIDATE, "ghoul"): tally}) for n in range(2)]
    evidence = nothing_yet(NOON_S)
    for slot in slots:
        evidence = absorbed(evidence, slot, PLAN, None)

    assert (comparison_of(evidence, GateMetric.ERROR_RATE).open == Block()) is counts


def test_the_shadow_is_watched_like_the_candidate_and_hands_nothing_on() -> None:
    tally = Kind(errors=0.5).tally(50.0, handed_on=False)
    slot = replace(Minute(candidate_units=0.0, characters=("ghoul",)).slot(NOON_S), shadow={"ghoul": tally})

    evidence = absorbed(nothing_yet(NOON_S), slot, PLAN, None)

    assert one(evidence, GateMetric.ERROR_RATE, "ghoul").trials == 50.0
    assert candidate_of(evidence.total, frozenset({"ghoul"})).errors == 25.0
    assert evidence.characters == {"ghoul"}
    assert comparison_of(evidence, GateMetric.ERROR_RATE).other_trials == 50.0


def test_of_what_is_handed_on_it_is_told_what_the_baseline_failed() -> None:
    minute = Minute(Kind(errors=0.5).shared(), baseline_units=0.0, characters=("ghoul",))

    once = comparison_of(seen([minute]), GateMetric.ERROR_RATE)
    twice = comparison_of(seen([minute] * 2), GateMetric.ERROR_RATE)

    assert once.open == Block(25.0, 50.0, 0.0, 0.0, 25.0, 12.5)
    assert twice.rates.other_bad == pytest.approx(once.rates.other_bad + 25.0)


def test_who_hears_nothing_is_compared_with_whom_the_baseline_was_given_to_alone() -> None:
    """What was handed on is part of that question, and no trial of it."""
    dead = Minute(Kind(errors=1.0).shared(), baseline_units=0.0, characters=("ghoul",))

    assert comparison_of(seen([dead] * 3), GateMetric.UNSERVED_RATE).open == Block(150.0, 150.0)


def test_the_weight_of_what_is_handed_on_is_the_part_of_those_who_are_heard() -> None:
    """Of the candidate's trials two thirds are in the shadow, which hands nothing on."""
    minute = Minute(Kind(errors=0.5), baseline_units=2.0, characters=("ghoul",))
    slots = [
        replace(minute.slot(NOON_S + n * SLOT_S), shadow={"ghoul": Kind(errors=0.5).tally(100.0, handed_on=False)})
        for n in range(2)
    ]
    before = absorbed(nothing_yet(NOON_S), slots[0], PLAN, None)
    after = absorbed(before, slots[1], PLAN, None)

    block = Block(75.0, 150.0, 0.0, 2.0, 25.0, 0.0)
    known, found = (one.watches[GateMetric.ERROR_RATE, OVERALL].ways[3].comparison for one in (before, after))
    assert known is not None
    assert found == compared(known, block, Terms(0.01, 1.0 / 3.0))


def test_of_durations_the_baseline_is_asked_about_a_level_that_much_lower() -> None:
    """1.5 s is beyond half of 2 s, and 3 s beyond half of 5 s: usual of this baseline, and seen in the slot."""
    slow = Kind(took_s=3.0)
    quiet = Minute(Kind(), slow, characters=("ghoul",), baseline_units=90.0)
    evidence = seen([quiet, Minute(Kind(took_s=9.0), slow, characters=("ghoul",))])

    for metric in (GateMetric.MEAN_SYNTHESIS, GateMetric.P95_SYNTHESIS):
        rates = comparison_of(evidence, metric).rates
        assert rates.other_bad == pytest.approx(90.5 * 20.0 / 100.0 + 50.0)


def test_fallbacks_are_compared_with_what_the_baseline_fails() -> None:
    failing = Kind(errors=0.3)
    quiet = Minute(Kind(), failing, characters=("ghoul",), baseline_units=90.0)
    evidence = seen([quiet, Minute(Kind(errors=0.9), failing, characters=("ghoul",))])

    assert comparison_of(evidence, GateMetric.FALLBACK_RATE).rates.other_bad == pytest.approx(27.5 / 5.0 + 15.0)


def test_a_gate_without_evidence_hides_none_that_comes_after_it() -> None:
    """The first of the gates has no evidence of a character that is not heard, the last has."""
    only_late = Minute(Kind(slow=1.0), characters=("ghoul",))
    evidence = seen([only_late, Minute(characters=("raider",), candidate_units=3.0)])

    assert one(evidence, GateMetric.P95_SYNTHESIS, "ghoul").rest_trials == 3.0


def test_a_watch_goes_on_from_slot_to_slot() -> None:
    once, twice = (
        seen([Minute(Kind(errors=0.1))] * times).watches[GateMetric.ERROR_RATE, OVERALL] for times in (1, 2)
    )

    assert twice.ways[1].log_e == pytest.approx(2 * once.ways[1].log_e)
    assert twice.best.run is not None
    assert twice.best.run.trials == 300.0


def test_where_no_one_heard_the_candidate_nothing_is_watched() -> None:
    assert seen([Minute(candidate_units=0.0, baseline=DREADFUL)]).watches == {}


def test_a_scope_that_was_not_heard_goes_on_with_what_the_others_and_the_baseline_did() -> None:
    both, other = ("ghoul", "raider"), ("raider",)
    evidence = seen([Minute(DREADFUL, characters=both), Minute(candidate_units=7.0, characters=other)])
    unasked = seen([Minute(DREADFUL, characters=both), Minute(candidate_units=0.0, characters=both)])

    ghoul = one(evidence, GateMetric.ERROR_RATE, "ghoul")
    assert (ghoul.trials, ghoul.rest_trials) == (50.0, 57.0)
    assert comparison_of(unasked, GateMetric.ERROR_RATE, "ghoul").open == Block(other_trials=50.0)


def test_a_scope_no_longer_eligible_is_left_as_it_was() -> None:
    before = seen([Minute(DREADFUL, characters=("ghoul", "raider"))])
    slot = Minute(characters=("raider",)).slot(NOON_S + SLOT_S)

    after = absorbed(before, slot, PLAN, frozenset({"raider"}))

    assert after.watches[GateMetric.ERROR_RATE, "ghoul"] == before.watches[GateMetric.ERROR_RATE, "ghoul"]


def test_late_durations_without_units_are_watched_too() -> None:
    late = {(Arm.CANDIDATE, "ghoul"): Tally(timed=1.0, seconds=9.0, over=(1.0,) * 9 + (0.0,))}

    assert absorbed(nothing_yet(NOON_S), Slot(NOON_S, SLOT_S, late), PLAN, None).watches != {}


# Time


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


def test_a_new_step_starts_its_own_counts_and_its_hold_again_and_all_else_remembers() -> None:
    evidence = replace(seen([Minute(Kind(errors=0.2))]), held_s=60.0)

    anew = begun_anew(evidence, NOON_S + 90.0)

    assert anew.step == Slot(NOON_S + 90.0, 0.0)
    assert (anew.since_s, anew.heard_until_s, anew.held_s) == (NOON_S + 90.0, NOON_S + 90.0, 0.0)
    assert (anew.total, anew.watches, anew.fresh_at_s) == (evidence.total, evidence.watches, evidence.fresh_at_s)


def test_to_go_on_under_another_routing_keeps_the_hold_and_the_counts() -> None:
    evidence = replace(seen([Minute(Kind(errors=0.2))]), held_s=60.0)

    assert went_on(evidence, NOON_S + 90.0) == replace(
        evidence, since_s=NOON_S + 90.0, heard_until_s=NOON_S + 90.0
    )


def test_with_a_character_goes_its_trouble_and_everybodys() -> None:
    evidence = seen([Minute(Kind(errors=0.2), characters=("ghoul", "raider"))])

    after = without(evidence, frozenset({"ghoul"}), NOON_S + 90.0)

    assert {scope for _, scope in after.watches} == {"raider"}
    assert (after.since_s, after.total) == (NOON_S + 90.0, evidence.total)


def test_who_was_assigned_can_be_told_from_elsewhere() -> None:
    evidence = seen([Minute(assigned=(1, 2))]).with_assigned((30, 40))

    assert (evidence.step.assigned, evidence.total.assigned) == ((30, 40), (1, 2))
    assert evidence.step.lookups == 1000.0
