"""The judge's course in quiet times: holding, going on, asking, waiting, and what it never takes for success."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.rollout.core.decide import Decision, Trigger, decide
from segue.rollout.core.evidence import Evidence, absorbed, nothing_yet
from segue.rollout.core.gates import GateMetric, Verdict
from segue.rollout.core.plan import Hours, Place, Plan
from segue.rollout.core.rollout import Phase, RolloutState, Verb, decided
from segue.rollout.core.windows import Slot
from support.reasons import english
from support.rollouts import NOON_S, SLOT_S, Kind, Minute, at, chirp3, seen

PLAN = chirp3()
DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
ENOUGH = [Minute(candidate_units=200.0)] * 10
ONE = ("pip_boy",)


def held(state: RolloutState, for_s: float) -> RolloutState:
    """The same, entered so long before the ten minutes of traffic are over."""
    return replace(state, entered_at_s=NOON_S + 10 * SLOT_S - for_s)


def judged(
    state: RolloutState, evidence: Evidence | None = None, *, now_s: float | None = None, plan: Plan = PLAN
) -> Decision:
    """Where the candidate has been heard ever since the step was entered."""
    at_s = NOON_S + 10 * SLOT_S if now_s is None else now_s
    evidence = seen(ENOUGH) if evidence is None else evidence
    return decide(plan, state, replace(evidence, held_s=state.held_for_s(at_s)), at_s)


def test_a_step_is_held_for_its_time_however_good_it_looks() -> None:
    decision = judged(held(at(4), WEEK_S - 90.0))

    assert (decision.verb, english(decision)) == (None, ("the hold needs another 90 s",))
    assert [reading.verdict for reading in decision.readings] == [Verdict.PASS] * 8
    assert not decision.stuck


def test_a_step_goes_on_when_its_time_is_over_and_every_gate_is_met() -> None:
    decision = judged(held(at(4), WEEK_S))

    assert decision.verb is Verb.ADVANCE
    assert english(decision) == ("hold of 604800 s is over, all 8 gates are met",)
    assert len(decision.readings) == 8
    assert (decision.trigger, decision.character, decision.stuck) == (None, "", False)


def test_the_next_look_is_a_slot_away_or_where_the_hold_ends() -> None:
    now_s = NOON_S + 10 * SLOT_S

    assert judged(held(at(4), WEEK_S - 90.0)).wake_at_s == now_s + SLOT_S
    assert judged(held(at(4), WEEK_S - 25.0)).wake_at_s == pytest.approx(now_s + 25.0)
    assert judged(held(at(4), WEEK_S)).wake_at_s == now_s + SLOT_S


def test_the_next_look_is_later_than_now_even_when_a_hold_ends_within_a_clocks_grain() -> None:
    state = replace(at(4), entered_at_s=NOON_S, held_s=WEEK_S - 1e-9)

    assert judged(state, now_s=NOON_S).wake_at_s == NOON_S + 0.01


def test_a_gate_missed_holds_and_says_what_is_wanting() -> None:
    evidence = seen([Minute(Kind(errors=0.03), candidate_units=500.0)] * 10)

    decision = judged(held(at(4), WEEK_S), evidence)

    assert (decision.verb, decision.wake_at_s) == (None, NOON_S + 11 * SLOT_S)
    assert english(decision) == ("error_rate: bad 3 % of 15000 units, must be under 1 %: missed",)


def test_a_gate_that_is_not_certain_yet_holds() -> None:
    decision = judged(held(at(4), WEEK_S), seen([Minute(candidate_units=4.0)] * 10))

    assert decision.verb is None
    assert {reading.verdict for reading in decision.readings} == {Verdict.PASS, Verdict.INCONCLUSIVE}


def test_too_few_units_hold() -> None:
    decision = judged(held(at(4), WEEK_S), seen([Minute(candidate_units=1.6)] * 10))

    assert "error_rate: 48 of the 50 units that a verdict requires" in english(decision)


def test_no_traffic_is_hold_and_never_success() -> None:
    """All gates were met when the last listener left."""
    now_s = NOON_S + 10 * SLOT_S
    state, evidence = held(at(4), WEEK_S), seen(ENOUGH)

    assert judged(state, evidence, now_s=now_s + 5 * SLOT_S).verb is Verb.ADVANCE
    decision = judged(state, evidence, now_s=now_s + 5 * SLOT_S + 1.0)
    assert decision.verb is None
    assert english(decision) == ("no traffic for 301 s: holding, because missing data is not good data",)
    assert decision.wake_at_s == now_s + 6 * SLOT_S + 1.0


def test_slots_in_which_nothing_happened_are_no_traffic() -> None:
    evidence = seen(ENOUGH)
    for number in range(10, 20):
        empty = Minute(candidate_units=0.0, baseline_units=0.0).slot(NOON_S + number * SLOT_S)
        evidence = absorbed(evidence, replace(empty, lookups=0.0, hits=0.0), PLAN, None)

    decision = judged(held(at(4), WEEK_S), evidence, now_s=NOON_S + 20 * SLOT_S)

    assert english(decision)[0].startswith("no traffic for 600 s")


def test_where_nobody_was_ever_heard_the_silence_counts_from_the_beginning() -> None:
    evidence = nothing_yet(NOON_S)

    assert english(judged(held(at(4), WEEK_S), evidence, now_s=NOON_S + 301.0))[0].startswith(
        "no traffic for 301 s"
    )
    assert judged(held(at(4), WEEK_S), evidence, now_s=NOON_S + 1.0).verb is None


def test_cache_hits_alone_are_no_success_of_an_arm() -> None:
    evidence = seen([Minute(candidate_units=0.0, baseline_units=0.0)] * 10)

    assert judged(held(at(4), WEEK_S), evidence).verb is None


def test_a_source_in_trouble_holds_whatever_it_said_before() -> None:
    evidence = replace(seen(ENOUGH), trouble="connection refused")

    decision = judged(held(at(4), WEEK_S), evidence)

    assert (decision.verb, decision.wake_at_s) == (None, NOON_S + 11 * SLOT_S)
    why = "the source of metrics cannot be read (connection refused): holding without a decision"
    assert english(decision) == (why,)


@pytest.mark.parametrize(
    "evidence", [replace(seen(ENOUGH), trouble="gone"), nothing_yet(0.0)], ids=["trouble", "none"]
)
def test_a_step_that_waits_for_data_beyond_its_deadline_is_stuck_too(evidence: Evidence) -> None:
    assert not judged(held(at(4), 1.5 * WEEK_S), evidence).stuck
    assert judged(held(at(4), 1.5 * WEEK_S + 1.0), evidence).stuck


def test_a_step_that_has_not_ended_at_half_as_long_again_is_stuck() -> None:
    evidence = seen([Minute(Kind(errors=0.03), candidate_units=500.0)] * 10)

    assert not judged(held(at(4), 1.5 * WEEK_S), evidence).stuck
    assert judged(held(at(4), 1.5 * WEEK_S + 1.0), evidence).stuck
    assert not judged(replace(held(at(4), 2 * WEEK_S), phase=Phase.AWAITING_APPROVAL), evidence).stuck


def test_the_last_step_finishes() -> None:
    decision = judged(held(at(6, 2), WEEK_S))

    assert decision.verb is Verb.FINISH
    assert english(decision) == ("hold of 604800 s is over, all 8 gates are met",)
    assert decision.wake_at_s == NOON_S + 11 * SLOT_S
    assert len(decision.readings) == 8


def test_before_anyone_hears_the_candidate_the_yardstick_itself_must_be_sound() -> None:
    sound = seen([Minute(candidate_units=0.0, baseline_units=200.0)] * 10)
    unsound = seen([Minute(candidate_units=0.0, baseline=Kind(errors=0.2), baseline_units=200.0)] * 10)

    assert judged(held(at(0), DAY_S), sound).verb is Verb.ADVANCE
    assert judged(held(at(0), DAY_S), unsound).verb is None


def test_only_the_characters_of_the_stage_and_not_those_held_back_are_read() -> None:
    awful = {"vault_dweller": Kind(errors=1.0), "wasteland_trader": Kind(errors=1.0)}
    evidence = seen([Minute(apart=awful, candidate_units=200.0)] * 10, eligible=frozenset(ONE))
    everyone = at(4)
    held_back = replace(everyone, routing=replace(everyone.routing, held_back=frozenset(awful)))

    assert judged(held(at(2), 2 * DAY_S), evidence).verb is Verb.ADVANCE
    assert judged(held(held_back, WEEK_S), evidence).verb is Verb.ADVANCE
    assert judged(held(everyone, WEEK_S), evidence).verb is None


def test_a_plan_none_of_whose_gates_can_be_read_never_goes_on() -> None:
    plan = replace(PLAN, gates=tuple(replace(gate, target=None) for gate in PLAN.gates))

    decision = judged(held(at(4), WEEK_S), plan=plan)

    assert (decision.verb, english(decision)) == (None, ("no gate could be read",))


# The split


def test_a_broken_split_pauses() -> None:
    """At half, 600 of 1,000 came to the candidate: whatever was measured, it was not this share."""
    evidence = seen(ENOUGH).with_assigned((600, 400))

    decision = judged(held(at(4), WEEK_S), evidence)

    assert (decision.verb, decision.trigger) == (Verb.PAUSE, None)
    assert english(decision)[0].startswith(
        "the split is broken: 600 of 1000 new listeners are on the candidate, but the share is 50.0%;"
    )
    assert decision.wake_at_s == NOON_S + 11 * SLOT_S


def test_a_broken_split_pauses_while_a_person_is_asked_too() -> None:
    state = replace(held(at(4), WEEK_S), phase=Phase.AWAITING_APPROVAL, approved=Place(5, 0))

    assert judged(state, seen(ENOUGH).with_assigned((600, 400))).verb is Verb.PAUSE


@pytest.mark.parametrize("assigned", [(0, 0), (520, 480), (550, 450)])
def test_chance_is_no_broken_split(assigned: tuple[int, int]) -> None:
    assert judged(held(at(4), WEEK_S), seen(ENOUGH).with_assigned(assigned)).verb is Verb.ADVANCE


def test_the_split_is_judged_by_the_share_in_force() -> None:
    tenth = replace(ENOUGH[0], characters=ONE, candidate_units=60.0, baseline_units=540.0)
    evidence = seen([tenth] * 10)

    assert judged(held(at(1), 12 * 3600.0), evidence.with_assigned((100, 900))).verb is None
    assert judged(held(at(1), 12 * 3600.0), evidence.with_assigned((200, 800))).verb is Verb.PAUSE
    assert judged(held(at(1), 12 * 3600.0), evidence.with_assigned((500, 500))).verb is Verb.PAUSE


@pytest.mark.parametrize("stage", [0, 5])
def test_where_there_is_no_split_none_is_broken(stage: int) -> None:
    everyone_or_no_one = seen(ENOUGH).with_assigned((600, 400))

    assert judged(held(at(stage), 60.0), everyone_or_no_one).verb is None


@pytest.mark.parametrize("phase", [Phase.COOLING, Phase.PAUSED, Phase.FINISHED])
def test_a_split_is_judged_only_while_it_is_measured(phase: Phase) -> None:
    state = replace(at(4), phase=phase, cool_until_s=NOON_S + DAY_S)

    assert judged(state, seen(ENOUGH).with_assigned((600, 400))).verb is None


# Phases


def test_after_a_step_back_nothing_goes_on_until_it_has_cooled_down() -> None:
    now_s = NOON_S + 10 * SLOT_S
    state = replace(held(at(4), 2 * WEEK_S), phase=Phase.COOLING, cool_until_s=now_s + 90.0)

    decision = judged(state)

    assert (decision.verb, english(decision)) == (None, ("cooling down for another 90 s",))
    assert decision.wake_at_s == now_s + SLOT_S
    assert judged(replace(state, cool_until_s=now_s + 30.0)).wake_at_s == now_s + 30.0
    assert judged(replace(state, cool_until_s=now_s + 0.001)).wake_at_s == now_s + 0.01


def test_when_it_has_cooled_down_it_resumes() -> None:
    now_s = NOON_S + 10 * SLOT_S
    decision = judged(replace(at(4), phase=Phase.COOLING, cool_until_s=now_s))

    assert (decision.verb, english(decision)) == (Verb.RESUME, ("the cool-down is over",))
    assert decision.wake_at_s == now_s + SLOT_S


def with_approval(state: RolloutState) -> Decision:
    plan = replace(PLAN, stages=tuple(replace(stage, approval=True) for stage in PLAN.stages))
    return judged(state, plan=plan)


def test_a_stage_that_needs_approval_is_asked_for_when_the_one_before_has_gone_well() -> None:
    decision = with_approval(held(at(4), WEEK_S))

    assert decision.verb is Verb.ASK_APPROVAL
    why = "hold of 604800 s is over, all 8 gates are met"
    assert english(decision) == (why, "the next stage needs a person's approval")
    assert (decision.wake_at_s, len(decision.readings)) == (NOON_S + 11 * SLOT_S, 8)


def test_approval_is_asked_for_a_stage_and_not_for_the_steps_within() -> None:
    assert with_approval(held(at(6, 0), 2 * DAY_S)).verb is Verb.ADVANCE


def test_approval_given_before_a_pause_is_not_asked_for_again() -> None:
    assert with_approval(replace(held(at(4), WEEK_S), approved=Place(5, 0))).verb is Verb.ADVANCE
    assert with_approval(replace(held(at(4), WEEK_S), approved=Place(4, 0))).verb is Verb.ASK_APPROVAL


def test_nothing_goes_on_while_a_person_is_asked() -> None:
    decision = judged(replace(held(at(4), WEEK_S), phase=Phase.AWAITING_APPROVAL))

    assert (decision.verb, english(decision)) == (None, ("a person must approve the next stage",))
    assert (decision.wake_at_s, len(decision.readings)) == (NOON_S + 11 * SLOT_S, 8)


def test_a_word_for_another_stage_opens_nothing() -> None:
    asked = replace(held(at(4), WEEK_S), phase=Phase.AWAITING_APPROVAL)

    assert judged(replace(asked, approved=Place(4, 0))).verb is None
    assert judged(replace(asked, place=Place(6, 2), approved=None)).verb is None


def test_a_persons_approval_opens_the_next_stage() -> None:
    state = replace(held(at(4), WEEK_S), phase=Phase.AWAITING_APPROVAL, approved=Place(5, 0))

    decision = judged(state)

    assert (decision.verb, english(decision)) == (Verb.ADVANCE, ("approved",))
    assert len(decision.readings) == 8


@pytest.mark.parametrize(
    "since", [nothing_yet(NOON_S + 9 * SLOT_S), seen([Minute(Kind(errors=0.03), candidate_units=500.0)] * 10)]
)
def test_a_persons_approval_opens_nothing_while_the_gates_are_not_met(since: Evidence) -> None:
    state = replace(held(at(4), WEEK_S), phase=Phase.AWAITING_APPROVAL, approved=Place(5, 0))

    assert judged(state, since).verb is None


def at_work(first_minute: int, last_minute: int) -> Decision:
    hours = Hours(first_minute, last_minute)
    plan = replace(PLAN, stages=tuple(replace(stage, hours=hours) for stage in PLAN.stages))
    return judged(held(at(4), WEEK_S), plan=plan)


def test_a_stage_is_entered_only_at_its_hours() -> None:
    within, without = at_work(12 * 60, 13 * 60), at_work(13 * 60, 14 * 60)

    assert within.verb is Verb.ADVANCE
    assert without.verb is None
    why = "hold of 604800 s is over, all 8 gates are met"
    what = "all-characters-100 may not be entered now (outside its hours or days)"
    closed = f"{what}; it opens at Tue 2026-03-10 13:00 (UTC)"
    assert english(without) == (why, closed)
    assert (without.wake_at_s, len(without.readings)) == (NOON_S + 11 * SLOT_S, 8)


def test_hours_never_delay_going_back() -> None:
    plan = replace(PLAN, stages=tuple(replace(stage, hours=Hours(0, 1)) for stage in PLAN.stages))
    evidence = seen([Minute(Kind(errors=0.5))] * 10)

    assert judged(held(at(4), WEEK_S), evidence, plan=plan).verb is Verb.ROLL_BACK


@pytest.mark.parametrize("phase", [Phase.PAUSED, Phase.FINISHED])
def test_a_rollout_at_rest_stays_there_and_says_that_it_listens(phase: Phase) -> None:
    decision = judged(replace(held(at(4), WEEK_S), phase=phase))

    assert (decision.verb, english(decision)) == (
        None,
        (f"the rollout is {phase}; alarms still take effect",),
    )
    assert decision.wake_at_s == NOON_S + 11 * SLOT_S


@pytest.mark.parametrize(
    "phase", [Phase.RUNNING, Phase.AWAITING_APPROVAL, Phase.COOLING, Phase.PAUSED, Phase.FINISHED]
)
def test_alarms_are_heeded_in_every_phase_in_which_the_candidate_is_heard(phase: Phase) -> None:
    state = replace(held(at(4), WEEK_S), phase=phase, approved=Place(5, 0))

    grave = judged(state, seen([Minute(Kind(errors=0.5))] * 10))
    mild = judged(state, seen([Minute(Kind(errors=0.08), candidate_units=500.0)] * 10))

    assert (grave.verb, grave.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert (mild.verb, mild.trigger) == (Verb.STEP_BACK, Trigger.P1)


@pytest.mark.parametrize("phase", [Phase.MANUAL, Phase.ROLLED_BACK])
def test_what_people_hold_in_their_hands_is_left_to_them(phase: Phase) -> None:
    decision = judged(replace(at(4), phase=phase), seen([Minute(Kind(errors=0.5))] * 10))

    assert (decision.verb, english(decision)) == (
        None,
        (f"the rollout is {phase}: nothing happens automatically",),
    )
    assert decision.wake_at_s == NOON_S + 11 * SLOT_S


def test_only_a_gate_with_a_graver_level_can_take_everything_back() -> None:
    mild = tuple(replace(gate, roll_back=None) for gate in PLAN.gates)
    plan = replace(PLAN, gates=mild)
    evidence = seen([Minute(Kind(errors=0.9))] * 10, plan=plan)

    assert decide(plan, at(4), evidence, NOON_S + 10 * SLOT_S).verb is Verb.STEP_BACK


def test_a_slot_from_before_the_step_says_nothing_about_it() -> None:
    before = Minute(Kind(errors=1.0)).slot(NOON_S - SLOT_S)

    assert absorbed(nothing_yet(NOON_S), before, PLAN, None) == nothing_yet(NOON_S)
    assert absorbed(nothing_yet(NOON_S), Slot(NOON_S, SLOT_S), PLAN, None).total.length_s == SLOT_S


# Beginning again after a roll back


AGAIN = replace(PLAN, policy=replace(PLAN.policy, resume_after_s=1800.0))


@pytest.mark.parametrize(("cool_down_s", "verb"), [(600.0, Verb.RESUME), (601.0, None)])
def test_a_clock_set_back_by_a_day_does_not_cool_down_for_a_day(cool_down_s: float, verb: Verb | None) -> None:
    """Evidence begins again when the clock is set back, and so does the cool-down."""
    plan = replace(PLAN, policy=replace(PLAN.policy, cool_down_s=cool_down_s))
    state = replace(at(4), phase=Phase.COOLING, cool_until_s=NOON_S + DAY_S + cool_down_s)

    decision = decide(plan, state, seen(ENOUGH), NOON_S + 600.0)

    assert decision.verb is verb
    assert verb is not None or english(decision) == ("cooling down for another 1 s",)


def waiting(left_s: float) -> RolloutState:
    return replace(at(4), phase=Phase.ROLLED_BACK, resume_at_s=NOON_S + left_s)


def test_after_a_roll_back_it_waits_as_long_as_the_plan_says_and_begins_again() -> None:
    early, late = (decide(AGAIN, waiting(left_s), nothing_yet(NOON_S), NOON_S) for left_s in (90.0, 0.0))

    assert (early.verb, english(early)) == (
        None,
        ("rolled back; resumes automatically in 90 s, unless a person acts",),
    )
    assert (late.verb, english(late)) == (
        Verb.RESUME,
        ("the wait after the rollback is over (policy.resume)",),
    )
    assert (early.wake_at_s, late.wake_at_s) == (NOON_S + SLOT_S, NOON_S + SLOT_S)
    assert decide(AGAIN, waiting(25.0), nothing_yet(NOON_S), NOON_S).wake_at_s == NOON_S + 25.0


def test_a_clock_set_back_by_a_day_does_not_put_off_the_resumption_for_a_day() -> None:
    state, evidence = waiting(DAY_S + 1800.0), nothing_yet(NOON_S)

    early, late = (decide(AGAIN, state, evidence, NOON_S + passed_s) for passed_s in (1799.0, 1800.0))

    assert (early.verb, late.verb) == (None, Verb.RESUME)


def test_it_begins_again_and_waits_for_the_hours_of_the_stage_it_begins_with() -> None:
    def within(hours: Hours) -> Phase:
        stages = tuple(
            replace(stage, hours=hours if number == 3 else None) for number, stage in enumerate(PLAN.stages)
        )
        plan = replace(AGAIN, stages=stages)
        decision = decide(plan, waiting(0.0), nothing_yet(NOON_S), NOON_S)
        assert decision.verb is Verb.RESUME
        return decided(waiting(0.0), decision.verb, "", plan, NOON_S).phase

    assert within(Hours(12 * 60, 13 * 60)) is Phase.RUNNING
    assert within(Hours(0, 60)) is Phase.AWAITING_HOURS


def test_a_roll_back_without_a_time_stays_until_a_person_acts() -> None:
    state = replace(at(4), phase=Phase.ROLLED_BACK)

    decision = decide(AGAIN, state, nothing_yet(NOON_S), NOON_S)

    assert (decision.verb, english(decision)) == (
        None,
        ("the rollout is rolled_back: nothing happens automatically",),
    )


# Which arm a step is about


def test_a_step_in_which_nobody_hears_the_candidate_but_it_is_asked_is_read_on_it() -> None:
    shadowed = replace(at(0), routing=replace(at(0).routing, shadow_ppm=200_000))
    slot = Minute(candidate_units=0.0).slot(NOON_S)
    evidence = absorbed(nothing_yet(NOON_S), replace(slot, shadow={"pip_boy": Kind().tally(600.0)}), PLAN, None)

    read = judged(held(shadowed, DAY_S), evidence, now_s=NOON_S + SLOT_S).readings
    plain = judged(held(at(0), DAY_S), evidence, now_s=NOON_S + SLOT_S).readings

    assert {one.arm for one in read} == {"candidate"}
    assert {one.arm for one in plain} == {"baseline"}


def test_the_targets_of_the_stage_are_those_that_count() -> None:
    stages = tuple(
        replace(stage, targets={GateMetric.ERROR_RATE: 0.05}) if number == 4 else stage
        for number, stage in enumerate(PLAN.stages)
    )
    evidence = seen([Minute(Kind(errors=0.03), Kind(errors=0.03), candidate_units=500.0)] * 10)

    assert judged(held(at(4), WEEK_S), evidence, plan=replace(PLAN, stages=stages)).verb is Verb.ADVANCE
    assert judged(held(at(4), WEEK_S), evidence).verb is None


def test_what_has_been_held_is_told_with_every_decision() -> None:
    for state in (held(at(4), 90.0), replace(at(4), phase=Phase.MANUAL), waiting(9.0)):
        assert decide(PLAN, state, replace(seen(ENOUGH), held_s=77.0), NOON_S + 10 * SLOT_S).held_s == 77.0
