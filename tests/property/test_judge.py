"""What the judge never does, whatever the plan, the traffic, the time and the people."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from segue.kernel.assign import Routing
from segue.kernel.units import PPM
from segue.rollout.core.alarms import alarms
from segue.rollout.core.decide import decide, eligible
from segue.rollout.core.evidence import OVERALL, absorbed, nothing_yet
from segue.rollout.core.gates import Gate, GateMetric, Verdict
from segue.rollout.core.plan import Place, Plan
from segue.rollout.core.reasons import Reason
from segue.rollout.core.rollout import TRANSITIONS, Phase, RolloutState, Verb, decided, resume_place
from segue.rollout.wording import english, traditional_chinese
from support.judging import CHARACTERS, Look, Move, journey, moves, plans, silent
from support.rollouts import NOON_S, Kind, Minute, at, chirp3

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


def begins_again(look: Look) -> bool:
    """After a roll back, by itself."""
    return look.before.phase is Phase.ROLLED_BACK and look.decision.verb is Verb.RESUME


def enters_what_was_begun(look: Look) -> bool:
    """Whether it enters the stage of a start or a resume, which waited for its approval or its hours: nothing has
    been measured in it.
    """
    return look.decision.verb is Verb.ADVANCE and look.before.entering is not None


@given(plans, courses)
@example(chirp3(), THROUGH)
def test_every_decision_can_be_carried_out_and_asks_to_look_again_later_than_now(
    plan: Plan, course: list[Move]
) -> None:
    for look in journey(plan, course):
        assert look.now_s < look.decision.wake_at_s <= look.now_s + plan.statistics.slot_s
        assert look.decision.reasons
        for reason in (*look.decision.reasons, *(one.reason for one in look.decision.readings)):
            assert isinstance(reason, Reason)
            assert english.WORDS[reason.code](reason.values)
            assert traditional_chinese.WORDS[reason.code](reason.values)
        verb = look.decision.verb
        if verb is None:
            assert look.after == look.before
        else:
            waits = look.after.entering is not None and verb is Verb.RESUME
            assert waits or look.after.phase is TRANSITIONS[look.before.phase, verb]


@given(plans, courses)
@example(chirp3(), THROUGH)
def test_more_hear_the_candidate_only_when_all_gates_are_met_on_enough_units(
    plan: Plan, course: list[Move]
) -> None:
    for look in journey(plan, course):
        if enters_what_was_begun(look):
            continue
        if look.decision.verb in ONWARDS:
            assert look.decision.readings
            assert all(reading.verdict is Verdict.PASS for reading in look.decision.readings)
            assert all(reading.trials >= plan.statistics.least_units for reading in look.decision.readings)
            assert not look.evidence.trouble
        elif not begins_again(look):
            assert not hears_more(look)


@given(plans, courses)
def test_after_a_roll_back_it_begins_again_only_when_the_plan_lets_it_and_with_no_more_than_before(
    plan: Plan, course: list[Move]
) -> None:
    for look in journey(plan, course):
        if begins_again(look):
            assert plan.policy.resume_after_s is not None
            assert look.now_s >= look.before.resume_at_s > 0.0
            assert look.after.place == resume_place(look.before, plan)
            assert look.after.step_backs <= plan.policy.most_step_backs


@given(plans, courses)
@example(chirp3(), THROUGH[:7] + IN_TROUBLE)
def test_nothing_goes_on_while_anything_rings(plan: Plan, course: list[Move]) -> None:
    for look in journey(plan, course):
        if enters_what_was_begun(look):
            continue
        heard = eligible(look.before, look.evidence) | {OVERALL}
        if any(alarm.scope in heard for alarm in alarms(plan, look.evidence)):
            assert look.decision.verb not in ONWARDS


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
            new = look.before.entering is not None or look.after.place.stage != look.before.place.stage
            assert not (new and entered.approval) or look.before.approved == look.after.place


@given(plans, courses)
def test_the_judge_leaves_a_step_only_after_its_hold(plan: Plan, course: list[Move]) -> None:
    for look in journey(plan, course):
        if look.decision.verb in ONWARDS - {Verb.ADVANCE} or look.before.phase is Phase.RUNNING:
            left = look.decision.verb in ONWARDS
            assert not left or look.evidence.held_s >= plan.step(look.before.place).hold_s


@given(plans, courses)
@example(chirp3(), THROUGH)
def test_a_hold_is_never_longer_than_the_time_since_the_step_began(plan: Plan, course: list[Move]) -> None:
    for look in journey(plan, course):
        assert 0.0 <= look.evidence.held_s <= look.now_s - look.before.step_since_s + 1.0
        assert look.decision.held_s == look.evidence.held_s


shared = st.builds(
    Kind,
    errors=st.sampled_from([0.0, 0.02, 0.1, 0.5, 1.0]),
    refused=st.sampled_from([0.0, 0.0, 0.3]),
    took_s=st.sampled_from([0.5, 3.0, 12.0]),
    slow=st.sampled_from([0.0, 0.1, 0.6]),
    streamed=st.sampled_from([0.0, 0.5]),
    late=st.sampled_from([0.0, 0.5]),
)


def _alike(kind: Kind, units: float, fallback: bool) -> Minute:
    """Both arms have the same counts, in whole cases; what is handed on fails as often."""
    errors, refused = round(kind.errors * units) / units, round(kind.refused * units) / units
    errors = min(errors, 1.0 - refused)
    same = replace(kind, errors=errors, refused=refused)
    return Minute(same.shared(), same, units, units, CHARACTERS, fallback=fallback)


@given(
    st.sampled_from([0, 1, 2]),
    st.lists(
        st.tuples(shared, st.sampled_from([1.0, 5.0, 40.0, 400.0]), st.integers(1, 5)), min_size=1, max_size=4
    ),
    st.booleans(),
)
def test_what_strikes_both_arms_alike_takes_nobody_back_whatever_it_is(
    gates: int, course: list[tuple[Kind, float, int]], fallback: bool
) -> None:
    plan = replace(chirp3(), gates=(*_FEW_MORE[gates], *chirp3().gates))
    evidence, number = nothing_yet(NOON_S), 0
    for kind, units, minutes in course:
        for _ in range(minutes):
            slot = _alike(kind, units, fallback).slot(NOON_S + 60.0 * number)
            evidence, number = absorbed(evidence, slot, plan, None), number + 1
            decision = decide(plan, at(4, plan=plan), evidence, slot.end_s)
            assert decision.trigger is None, decision.reasons


_FEW_MORE = (
    (),
    (Gate(GateMetric.P95_FIRST_AUDIO, step_back=1.0, roll_back=2.0),),
    (Gate(GateMetric.BAD_AUDIO_RATE, roll_back=0.05), Gate(GateMetric.P50_SYNTHESIS, step_back=2.0)),
)


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
    routing = Routing(True, plan.share_ppm(place), stage.characters, draw(st.frozensets(st.just("pip_boy"))))
    return RolloutState(
        routing=routing,
        phase=draw(phases),
        plan="plan",
        place=place,
        entered_at_s=NOON_S + draw(times),
        held_s=draw(st.floats(0.0, 1e7)),
        evidence_from_s=NOON_S + draw(times),
        cool_until_s=NOON_S + draw(times),
        resume_at_s=draw(st.just(0.0) | times.map(lambda later_s: NOON_S + later_s)),
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
    if decision.verb is Verb.RESUME and state.phase is not Phase.ROLLED_BACK:
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
