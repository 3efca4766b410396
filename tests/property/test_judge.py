"""What the judge never does, whatever the plan, the traffic, the time and the people."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from segue.core.assign import Routing
from segue.core.decide import decide
from segue.core.evidence import absorbed, nothing_yet
from segue.core.gates import Verdict
from segue.core.plan import Place, Plan
from segue.core.rollout import TRANSITIONS, Phase, RolloutState, Verb, decided
from segue.core.units import PPM
from support.judging import CHARACTERS, Look, Move, journey, moves, plans, silent
from support.rollouts import NOON_S, Kind, Minute, chirp3

ONWARDS = {Verb.ADVANCE, Verb.ASK_APPROVAL, Verb.FINISH}
courses = st.lists(moves, min_size=1, max_size=25)

IN_TROUBLE = [Move(60.0, Minute(Kind(errors=0.08), candidate_units=400.0, characters=CHARACTERS))] * 8
THROUGH = [Move(86_400.0 * 7, Minute(candidate_units=4000.0, baseline_units=4000.0, characters=CHARACTERS))] * 20


def heard(routing: Routing, character: str) -> int:
    """The share of this character's listeners that hear the candidate, in millionths."""
    barred = (routing.characters and character not in routing.characters) or character in routing.held_back
    return 0 if barred or not routing.enabled else routing.share_ppm


def hears_more(look: Look) -> bool:
    return any(heard(look.after.routing, name) > heard(look.before.routing, name) for name in (*CHARACTERS, "any"))


@given(plans, courses)
@example(chirp3(), THROUGH)
def test_every_decision_can_be_carried_out_and_asks_to_look_again_later_than_now(
    plan: Plan, course: list[Move]
) -> None:
    for look in journey(plan, course):
        assert look.now_s < look.decision.wake_at_s <= look.now_s + plan.statistics.slot_s
        assert look.decision.reasons
        verb = look.decision.verb
        if verb is None:
            assert look.after == look.before
        else:
            assert look.after.phase is TRANSITIONS[look.before.phase, verb]


@given(plans, courses)
@example(chirp3(), THROUGH)
def test_more_hear_the_candidate_only_when_all_gates_are_met_on_enough_units(
    plan: Plan, course: list[Move]
) -> None:
    for look in journey(plan, course):
        if look.decision.verb in ONWARDS:
            assert look.decision.readings
            assert all(reading.verdict is Verdict.PASS for reading in look.decision.readings)
            assert all(reading.trials >= plan.statistics.least_units for reading in look.decision.readings)
            assert not look.evidence.trouble
        else:
            assert not hears_more(look)


@given(plans, courses)
@example(chirp3(), THROUGH[:7] + IN_TROUBLE)
def test_going_back_never_lets_anyone_hear_more_of_the_candidate(plan: Plan, course: list[Move]) -> None:
    for look in journey(plan, course):
        if look.decision.trigger is not None:
            assert look.decision.verb in {Verb.STEP_BACK, Verb.HOLD_BACK, Verb.ROLL_BACK}
            assert not hears_more(look)


@given(plans, courses)
def test_a_stage_is_entered_by_the_judge_only_at_its_hours_and_with_the_approval_it_needs(
    plan: Plan, course: list[Move]
) -> None:
    for look in journey(plan, course):
        if look.decision.verb is Verb.ADVANCE:
            entered = plan.stage(look.after.place)
            assert entered.hours is None or entered.hours.allow(look.now_s)
            new = look.after.place.stage != look.before.place.stage
            assert not (new and entered.approval) or look.before.approved == look.after.place


@given(plans, courses)
def test_the_judge_leaves_a_step_only_after_its_hold(plan: Plan, course: list[Move]) -> None:
    for look in journey(plan, course):
        if look.decision.verb in ONWARDS:
            assert look.before.held_for_s(look.now_s) >= plan.step(look.before.place).hold_s


@given(plans, courses)
def test_the_same_question_has_the_same_answer(plan: Plan, course: list[Move]) -> None:
    for look in journey(plan, course):
        assert decide(plan, look.before, look.evidence, look.now_s) == look.decision


phases = st.sampled_from(Phase)
times = st.floats(-1e6, 1e6)


@st.composite
def states(draw: st.DrawFn, plan: Plan) -> RolloutState:
    """Any state at all that stands in the plan, whether or not a history leads there."""
    place = draw(st.sampled_from(list(plan.places())))
    stage = plan.stage(place)
    routing = Routing(True, plan.step(place).share_ppm, stage.characters, draw(st.frozensets(st.just("pip_boy"))))
    return RolloutState(
        routing=routing,
        phase=draw(phases),
        plan="plan",
        place=place,
        entered_at_s=NOON_S + draw(times),
        held_s=draw(st.floats(0.0, 1e7)),
        evidence_from_s=NOON_S + draw(times),
        cool_until_s=NOON_S + draw(times),
        step_backs=draw(st.integers(0, 5)),
        approved=draw(st.none() | st.sampled_from([plan.after(place), Place(0, 0)])),
    )


@given(st.data(), plans, st.integers(0, 200), st.floats(-1e3, 1e3))
def test_no_state_goes_on_without_data(data: st.DataObject, plan: Plan, slots: int, age_s: float) -> None:
    """Neither before any slot came, nor after slots in which nothing happened or all came from the cache."""
    state = data.draw(states(plan))
    evidence = nothing_yet(NOON_S - age_s)
    for number in range(min(slots, 5)):
        minute = data.draw(st.sampled_from([silent, replace(silent, cache_hit_rate=1.0)]))
        evidence = absorbed(evidence, minute.slot(NOON_S - age_s + 60.0 * number), plan, None)

    decision = decide(plan, state, evidence, NOON_S)

    assert decision.verb in {None, Verb.RESUME}
    if decision.verb is Verb.RESUME:
        after = decided(state, decision.verb, "", plan, NOON_S)
        assert after.routing == state.routing, "to resume after a cool-down changes nobody's arm"


@given(st.data(), plans, st.lists(moves, max_size=6), st.floats(-1e7, 1e7), st.floats(0.0, 1.0))
def test_any_state_has_a_decision_at_any_time(
    data: st.DataObject, plan: Plan, course: list[Move], later_s: float, rough: float
) -> None:
    """Even of counts that do not fit together, as a source that estimates each by itself may give them."""
    state, evidence = data.draw(states(plan)), nothing_yet(NOON_S)
    for number, move in enumerate(course):
        if move.traffic is not None:
            slot = move.traffic.slot(NOON_S + number * 60.0)
            tallies = {key: replace(tally, units=tally.units * rough) for key, tally in slot.tallies.items()}
            evidence = absorbed(evidence, replace(slot, tallies=tallies), plan, None)
    now_s = NOON_S + later_s

    decision = decide(plan, state, evidence, now_s)

    assert math.isfinite(decision.wake_at_s)
    assert decision.wake_at_s > now_s
    assert decision.verb is None or (state.phase, decision.verb) in TRANSITIONS


def test_a_flawless_candidate_comes_through_the_plan_that_ships() -> None:
    """Journeys do arrive somewhere: the properties above are not empty."""
    looks = list(journey(chirp3(), THROUGH))

    assert [look.after.routing.share_ppm for look in looks if look.decision.verb is Verb.ADVANCE] == [
        PPM * percent // 100 for percent in (10, 50, 25, 50, 100, 10, 50, 100)
    ]
    assert looks[-1].after.phase is Phase.FINISHED


def test_a_candidate_in_trouble_is_taken_back_on_the_way() -> None:
    looks = list(journey(chirp3(), THROUGH[:5] + IN_TROUBLE))

    assert Verb.STEP_BACK in {look.decision.verb for look in looks}
