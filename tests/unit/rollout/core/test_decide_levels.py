"""What rings, how gravely, and whom it blames, on the levels themselves: with evidence made by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from segue.rollout.core.decide import Decision, Trigger, decide
from segue.rollout.core.detect import EvidenceRun
from segue.rollout.core.evidence import OVERALL
from segue.rollout.core.gates import GateMetric
from segue.rollout.core.plan import Missed, Plan
from segue.rollout.core.rollout import RolloutState, Verb
from support.evidence import BELIEVED, ERRORS, certain, told
from support.reasons import english
from support.rollouts import NOON_S, SLOT_S, Kind, Minute, at, chirp3, seen

ALL_AT_HALF = 4
ONLY_ERRORS = replace(chirp3(), gates=(ERRORS,))
EVERYONES = EvidenceRun(bad=15.0, severe=15.0, trials=100.0, lasted_s=60.0)
ONES = replace(EVERYONES, rest_trials=100.0)


def confined(run: EvidenceRun) -> Decision:
    """Where pip_boy's errors have rung; two others were heard of."""
    return decide(ONLY_ERRORS, at(ALL_AT_HALF), certain(ERRORS, run, "pip_boy"), NOON_S)


def test_the_others_are_well_up_to_the_level() -> None:
    assert confined(replace(ONES, rest_bad=5.0)).verb is Verb.HOLD_BACK
    assert confined(replace(ONES, rest_bad=5.1)).verb is Verb.ROLL_BACK


def test_odds_beyond_all_belief_are_not_told_to_the_last_digit() -> None:
    decision = decide(chirp3(), at(ALL_AT_HALF), certain(ERRORS, EVERYONES, log_e=90.0), NOON_S)

    assert english(decision)[0].endswith(f"; odds {math.exp(50.0):,.0f} to 1 against chance")


def mildly(state: RolloutState, plan: Plan) -> Decision:
    """Where errors have rung between the levels."""
    return decide(plan, state, certain(ERRORS, replace(EVERYONES, bad=7.0, severe=7.0)), NOON_S)


def test_whatever_an_alarm_leads_to_is_looked_at_again_a_slot_later_and_reads_no_gate_for_going_on() -> None:
    no_milder = replace(ONLY_ERRORS, stages=ONLY_ERRORS.stages[ALL_AT_HALF:])
    half = at(ALL_AT_HALF)

    decisions = [
        confined(ONES),
        decide(ONLY_ERRORS, half, certain(ERRORS, EVERYONES), NOON_S),
        mildly(half, ONLY_ERRORS),
        mildly(replace(half, step_backs=3), ONLY_ERRORS),
        mildly(at(0, plan=no_milder), no_milder),
    ]

    assert [(decision.verb, decision.trigger) for decision in decisions] == [
        (Verb.HOLD_BACK, Trigger.P1),
        (Verb.ROLL_BACK, Trigger.P0),
        (Verb.STEP_BACK, Trigger.P1),
        (Verb.ROLL_BACK, Trigger.P1),
        (Verb.ROLL_BACK, Trigger.P1),
    ]
    assert {(decision.wake_at_s, decision.readings) for decision in decisions} == {(NOON_S + SLOT_S, ())}


def test_what_rings_and_is_the_baselines_as_well_holds_everything_and_takes_nothing_back() -> None:
    alike = told(certain(ERRORS, EVERYONES), log_e=BELIEVED - 1e-9, other_trials=5.0)

    decision = decide(ONLY_ERRORS, at(ALL_AT_HALF), replace(alike, held_s=1e9), NOON_S)

    assert (decision.verb, decision.trigger, decision.wake_at_s) == (None, None, NOON_S + SLOT_S)
    assert english(decision)[0].startswith("error_rate: 15.0% over the last 100 units, not enough evidence")
    assert english(decision)[0].endswith(": holding")


def test_only_what_is_accused_is_told_and_acted_upon() -> None:
    """A gate rings gravely and is the baseline's as well; another, mildly, is the candidate's."""
    success = next(gate for gate in chirp3().gates if gate.metric is GateMetric.SUCCESS_RATE)
    plan = replace(chirp3(), gates=(success, ERRORS))
    shared = told(certain(success, EVERYONES), log_e=0.0, other_trials=100.0)
    mild = certain(ERRORS, replace(EVERYONES, bad=7.0, severe=7.0))
    both = replace(shared, watches={**shared.watches, **mild.watches})

    decision = decide(plan, at(ALL_AT_HALF), both, NOON_S)

    assert decision.verb is Verb.STEP_BACK
    assert [reason.split(":")[0] for reason in english(decision)] == ["error_rate"]


def test_an_alarm_of_everybody_tells_more_than_those_of_characters() -> None:
    """Both are told where neither is confined: with every character suspected it is everybody's trouble."""
    overall, one = certain(ERRORS, replace(EVERYONES, bad=7.0, severe=7.0)), certain(ERRORS, ONES, "pip_boy")
    other = certain(ERRORS, ONES, "vault_dweller")
    evidence = replace(overall, watches={**overall.watches, **one.watches, **other.watches})

    decision = decide(ONLY_ERRORS, at(ALL_AT_HALF), evidence, NOON_S)

    assert (decision.verb, len(english(decision))) == (Verb.STEP_BACK, 1)


# Alone


@pytest.mark.parametrize(("for_s", "verb"), [(3600.0, Verb.ROLL_BACK), (3599.0, None)])
def test_what_nobody_can_tell_is_acted_upon_when_it_has_lasted(for_s: float, verb: Verb | None) -> None:
    plan = replace(ONLY_ERRORS, policy=replace(chirp3().policy, alone_after_s=3600.0))
    run = replace(EVERYONES, since_s=NOON_S - for_s)
    unheard = told(certain(ERRORS, run), log_e=0.0, other_trials=4.9)
    heard = told(certain(ERRORS, run), log_e=0.0, other_trials=5.0)

    assert decide(plan, at(5), unheard, NOON_S).verb is verb
    assert decide(plan, at(5), heard, NOON_S).verb is None
    assert decide(ONLY_ERRORS, at(5), unheard, NOON_S).verb is None


# Missed for certain


def missing(
    missed: Missed, hold: float, *, stage: int = ALL_AT_HALF, errors: float = 0.03, theirs: float = 0.0
) -> Decision:
    """Held for ``hold`` times its hold, with a target missed for certain and no level crossed; ``theirs`` are the
    baseline's errors.
    """
    plan = replace(chirp3(), policy=replace(chirp3().policy, missed=missed))
    minutes = [Minute(Kind(errors=errors), Kind(errors=theirs), candidate_units=500.0, baseline_units=500.0)] * 10
    state = at(stage)
    evidence = replace(seen(minutes), held_s=hold * plan.step(state.place).hold_s)
    return decide(plan, state, evidence, NOON_S + 10 * SLOT_S)


@pytest.mark.parametrize(
    ("missed", "verb"),
    [(Missed.STEP_BACK, Verb.STEP_BACK), (Missed.ROLL_BACK, Verb.ROLL_BACK), (Missed.HOLD, None)],
)
def test_a_target_missed_for_certain_is_acted_upon_a_holds_length_after_the_hold(
    missed: Missed, verb: Verb | None
) -> None:
    early, late = missing(missed, 1.999), missing(missed, 2.0)

    assert early.verb is None
    assert (late.verb, late.trigger) == (verb, None if verb is None else Trigger.P1)
    assert english(late)[0] == "error_rate: bad 3 % of 15000 units, must be under 1 %: missed"
    assert len(late.readings) == 8
    assert late.wake_at_s == NOON_S + 11 * SLOT_S
    if verb is not None:
        assert english(late)[1:] == ("certainly missed 604800 s after the end of the hold",)


def test_a_target_that_the_baseline_misses_too_takes_nobody_back() -> None:
    """To go back to it would mend nothing."""
    assert missing(Missed.STEP_BACK, 3.0, theirs=0.03).verb is None
    assert missing(Missed.STEP_BACK, 3.0, theirs=0.009).verb is Verb.STEP_BACK


def test_a_baseline_that_misses_its_targets_takes_nobody_back() -> None:
    assert missing(Missed.ROLL_BACK, 3.0, stage=0, theirs=0.03).verb is None


def test_a_target_that_is_met_or_uncertain_takes_nobody_back() -> None:
    assert missing(Missed.ROLL_BACK, 3.0, errors=0.0).verb is Verb.ADVANCE
    assert missing(Missed.ROLL_BACK, 3.0, errors=0.01).verb is None


def test_cache_hits_missed_for_certain_take_nobody_back() -> None:
    evidence = replace(seen([Minute(cache_hit_rate=0.5)] * 60), held_s=1e9)

    decision = decide(chirp3(), at(ALL_AT_HALF), evidence, NOON_S + 60 * SLOT_S)

    assert decision.verb is None
    assert "cache_hit_rate: bad 50 % of 60000 units, must be under 10 %: missed" in english(decision)


def test_the_evidence_of_everybody_is_held_in_the_overall_scope() -> None:
    assert {scope for _, scope in certain(ERRORS, EVERYONES).watches} == {OVERALL}
