"""The state of a rollout: what may happen in which phase, what comes of it, and what a boot may."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.kernel.assign import Routing
from segue.kernel.units import PPM
from segue.rollout.core import rollout
from segue.rollout.core.plan import Place, Step
from segue.rollout.core.rollout import (
    TRANSITIONS,
    NotNow,
    Phase,
    RolloutState,
    RoutingChange,
    Verb,
    booted,
    decided,
    effective_share,
    phase_after,
    routing_set,
)
from support.rollouts import NOON_S, SEVERAL, at, chirp3

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.rollout.core.plan import Plan

NOW_S = 0.0
TENTH = Routing(enabled=True, share_ppm=PPM // 10, salt="chirp3")


def test_the_first_boot_takes_the_environment() -> None:
    assert booted(RolloutState(), TENTH) == RolloutState(TENTH, booted_with=TENTH)


def test_a_restart_with_the_same_environment_undoes_nothing() -> None:
    state = routing_set(booted(RolloutState(), TENTH), RoutingChange(share_ppm=PPM // 2), NOW_S)

    assert booted(state, TENTH) is state


def test_a_changed_environment_is_applied() -> None:
    state = routing_set(booted(RolloutState(), TENTH), RoutingChange(share_ppm=PPM // 2), NOW_S)
    quarter = replace(TENTH, share_ppm=PPM // 4)

    assert booted(state, quarter) == RolloutState(quarter, booted_with=quarter)


def test_a_changed_environment_does_not_release_a_character_that_was_held_back() -> None:
    state = routing_set(booted(RolloutState(), TENTH), RoutingChange(held_back=frozenset({"ghoul"})), NOW_S)
    half = replace(TENTH, share_ppm=PPM // 2)

    after = booted(state, half)

    assert after.routing == replace(half, held_back=frozenset({"ghoul"}))
    assert booted(after, half) is after


def test_a_changed_environment_does_not_undo_a_roll_back() -> None:
    state = rollout.rolled_back(booted(RolloutState(), TENTH), NOW_S)
    without_fallback = replace(TENTH, fallback=False)

    after = booted(state, without_fallback)

    assert after.phase is Phase.ROLLED_BACK
    assert after.routing == replace(without_fallback, enabled=False, share_ppm=0)
    assert booted(after, without_fallback) is after


@pytest.mark.parametrize(("plan", "phase"), [(None, Phase.MANUAL), ("digest", Phase.PAUSED)])
def test_a_hand_that_lets_the_candidate_be_heard_ends_a_roll_back(plan: str | None, phase: Phase) -> None:
    gone = replace(rollout.rolled_back(booted(RolloutState(), TENTH), NOW_S), plan=plan)

    assert routing_set(gone, RoutingChange(enabled=True, share_ppm=PPM // 2), NOW_S).phase is phase
    assert routing_set(gone, RoutingChange(share_ppm=PPM // 2), NOW_S).phase is Phase.ROLLED_BACK
    assert routing_set(gone, RoutingChange(enabled=True), NOW_S).phase is Phase.ROLLED_BACK


@pytest.mark.parametrize("going_on", [rollout.resumed, rollout.advanced])
def test_who_goes_on_after_the_candidate_was_switched_off_switches_it_on(
    going_on: Callable[[RolloutState, Plan, float], RolloutState],
) -> None:
    off = routing_set(at(3), RoutingChange(enabled=False), LATER_S)

    after = going_on(off, PLAN, LATER_S)

    assert after.phase is Phase.RUNNING
    assert after.routing.enabled


def test_an_environment_that_goes_back_to_what_it_was_is_a_change_too() -> None:
    half = replace(TENTH, share_ppm=PPM // 2)
    state = booted(booted(RolloutState(), TENTH), half)

    assert booted(state, TENTH).routing == TENTH


def test_a_change_leaves_alone_what_it_does_not_name() -> None:
    state = RolloutState(replace(TENTH, characters=frozenset({"ghoul"}), fallback=False))

    after = routing_set(state, RoutingChange(share_ppm=PPM // 2), NOW_S)

    assert after.routing == replace(state.routing, share_ppm=PPM // 2)
    assert routing_set(state, RoutingChange(), NOW_S) == state


def test_a_change_can_empty_and_switch_off() -> None:
    """None leaves a field alone; False, 0 and no characters are values."""
    state = RolloutState(replace(TENTH, characters=frozenset({"ghoul"})))

    after = routing_set(
        state, RoutingChange(enabled=False, share_ppm=0, characters=frozenset(), fallback=False), NOW_S
    )

    assert after.routing == Routing(enabled=False, share_ppm=0, fallback=False, salt="chirp3")


def test_the_share_in_effect_is_none_while_the_master_switch_is_off() -> None:
    assert effective_share(TENTH) == 0.1
    assert effective_share(replace(TENTH, enabled=False)) == 0.0


# What may happen when

ALLOWED = {
    Phase.MANUAL: "start set_routing hold_back release roll_back",
    Phase.RUNNING: "advance ask_approval pause step_back hold_back release roll_back finish set_routing",
    Phase.AWAITING_APPROVAL: "advance approve pause step_back hold_back release roll_back set_routing",
    Phase.AWAITING_HOURS: "advance pause step_back hold_back release roll_back set_routing",
    Phase.COOLING: "advance pause resume step_back hold_back release roll_back finish set_routing",
    Phase.PAUSED: "start advance resume step_back hold_back release roll_back finish set_routing",
    Phase.ROLLED_BACK: "start resume hold_back release roll_back set_routing",
    Phase.FINISHED: "start step_back hold_back release roll_back set_routing",
}


@pytest.mark.parametrize("phase", Phase)
def test_a_phase_allows_what_the_table_says(phase: Phase) -> None:
    allowed = {verb for of, verb in TRANSITIONS if of is phase}

    assert allowed == {Verb(word) for word in ALLOWED[phase].split()} | {Verb.BOOT}


LANDS = {
    Verb.START: Phase.RUNNING,
    Verb.ADVANCE: Phase.RUNNING,
    Verb.RESUME: Phase.RUNNING,
    Verb.ASK_APPROVAL: Phase.AWAITING_APPROVAL,
    Verb.APPROVE: Phase.AWAITING_APPROVAL,
    Verb.PAUSE: Phase.PAUSED,
    Verb.ROLL_BACK: Phase.ROLLED_BACK,
    Verb.FINISH: Phase.FINISHED,
}


def test_most_verbs_lead_to_one_phase_wherever_they_begin() -> None:
    for (_, verb), after in TRANSITIONS.items():
        assert after is LANDS.get(verb, after)


@pytest.mark.parametrize("verb", [Verb.HOLD_BACK, Verb.RELEASE, Verb.BOOT])
def test_what_concerns_one_character_or_the_process_leaves_the_phase_alone(verb: Verb) -> None:
    assert all(TRANSITIONS[phase, verb] is phase for phase in Phase)


def test_a_step_back_cools_down_but_a_pause_stays_a_pause() -> None:
    after = {phase: found for (phase, verb), found in TRANSITIONS.items() if verb is Verb.STEP_BACK}

    assert after.pop(Phase.PAUSED) is Phase.PAUSED
    assert set(after.values()) == {Phase.COOLING}


def test_a_hand_on_the_routing_pauses_a_plan_under_way() -> None:
    after = {phase: found for (phase, verb), found in TRANSITIONS.items() if verb is Verb.SET_ROUTING}

    assert after[Phase.MANUAL] is after[Phase.FINISHED] is Phase.MANUAL
    assert after[Phase.ROLLED_BACK] is Phase.ROLLED_BACK
    assert {found for phase, found in after.items() if "advance" in ALLOWED[phase]} == {Phase.PAUSED}


def test_what_is_not_possible_is_refused_with_what_is() -> None:
    told = (
        "resume is not possible while the rollout is finished; "
        "possible: back, hold-back, release, rollback, setting the routing, start"
    )

    with pytest.raises(NotNow) as caught:
        phase_after(RolloutState(phase=Phase.FINISHED), Verb.RESUME)

    assert str(caught.value) == told
    assert phase_after(RolloutState(phase=Phase.PAUSED), Verb.RESUME) is Phase.RUNNING


# What comes of it

PLAN = chirp3()
LATER_S = NOON_S + 100.0
ANYWHERE = replace(at(4), held_s=7.0, approved=Place(5, 0), step_backs=1, cool_until_s=3.0)


def test_a_start_switches_the_candidate_on_at_the_first_step() -> None:
    before = replace(
        ANYWHERE, phase=Phase.FINISHED, routing=replace(TENTH, enabled=False, held_back=frozenset("x"))
    )

    after = rollout.started(before, PLAN, "digest", LATER_S)

    assert after == RolloutState(
        routing=replace(TENTH, share_ppm=0),
        phase=Phase.RUNNING,
        plan="digest",
        place=Place(0, 0),
        entered_at_s=LATER_S,
        evidence_from_s=LATER_S,
        started_at_s=LATER_S,
        cool_until_s=3.0,
        step_since_s=LATER_S,
    )


def test_to_advance_is_to_enter_the_next_step_with_nothing_held_yet() -> None:
    after = rollout.advanced(ANYWHERE, PLAN, LATER_S)

    assert after == replace(
        ANYWHERE,
        routing=replace(ANYWHERE.routing, share_ppm=PPM),
        place=Place(5, 0),
        entered_at_s=LATER_S,
        evidence_from_s=LATER_S,
        held_s=0.0,
        approved=None,
        step_since_s=LATER_S,
    )


def test_a_stage_entered_takes_its_characters_with_it() -> None:
    assert rollout.advanced(at(2), PLAN, LATER_S).routing.characters == frozenset(SEVERAL)
    assert rollout.advanced(at(3), PLAN, LATER_S).routing.characters == frozenset()


def test_the_last_step_has_no_next() -> None:
    with pytest.raises(NotNow, match=r"^this is the last step; there is no next step$"):
        rollout.advanced(at(6, 2), PLAN, LATER_S)


@pytest.mark.parametrize("phase", [Phase.RUNNING, Phase.COOLING, Phase.PAUSED])
def test_a_person_may_end_the_last_step_and_its_share_is_in_force(phase: Phase) -> None:
    last = replace(at(6, 2), phase=phase, routing=replace(TENTH, enabled=False, share_ppm=0))

    after = rollout.ended(last, PLAN)

    assert after == replace(at(6, 2), phase=Phase.FINISHED)


@pytest.mark.parametrize("state", [at(6, 1), at(0), replace(at(6, 2), entering=Place(6, 2))])
def test_nothing_but_the_last_step_is_ended(state: RolloutState) -> None:
    with pytest.raises(NotNow, match=r"^this is not the last step$"):
        rollout.ended(state, PLAN)


def test_what_has_ended_does_not_end_again() -> None:
    with pytest.raises(NotNow, match="not possible while the rollout is finished"):
        rollout.ended(replace(at(6, 2), phase=Phase.FINISHED), PLAN)


def test_a_person_who_approves_agrees_to_the_next_step_and_no_other() -> None:
    asked = rollout.approval_asked(at(4))

    assert asked == replace(at(4), phase=Phase.AWAITING_APPROVAL)
    assert rollout.approved(asked, PLAN) == replace(asked, approved=Place(5, 0))


def test_a_pause_keeps_the_time_held_and_a_resumption_counts_on() -> None:
    paused = rollout.paused(at(4), NOON_S + 60.0)
    resumed = rollout.resumed(paused, PLAN, NOON_S + 1000.0)

    assert paused == replace(at(4), phase=Phase.PAUSED, held_s=60.0)
    assert paused.held_for_s(NOON_S + 500.0) == 60.0
    assert resumed == replace(
        paused, phase=Phase.RUNNING, entered_at_s=NOON_S + 1000.0, evidence_from_s=NOON_S + 1000.0
    )
    assert resumed.held_for_s(NOON_S + 1001.0) == 61.0


@pytest.mark.parametrize(
    ("phase", "counts"), [(phase, phase in (Phase.RUNNING, Phase.AWAITING_APPROVAL)) for phase in Phase]
)
def test_a_step_is_held_only_while_it_runs_or_waits_for_a_person(phase: Phase, counts: bool) -> None:
    state = replace(at(4), phase=phase, held_s=7.0)

    assert state.held_for_s(NOON_S + 60.0) == (67.0 if counts else 7.0)


def test_a_clock_set_back_adds_nothing_to_a_hold() -> None:
    assert replace(at(4), held_s=7.0).held_for_s(NOON_S - 60.0) == 7.0


def test_a_resumption_puts_the_plans_routing_back_in_force() -> None:
    by_hand = routing_set(at(4), RoutingChange(share_ppm=5, characters=frozenset("x")), LATER_S)

    assert rollout.resumed(by_hand, PLAN, LATER_S).routing == at(4).routing


def test_after_a_roll_back_a_person_resumes_at_a_milder_stage_from_its_start() -> None:
    rolled = rollout.rolled_back(at(6, 1), LATER_S)

    after = rollout.resumed(rolled, PLAN, LATER_S + 5.0)

    assert (after.phase, after.place, after.entered_at_s, after.held_s) == (
        Phase.RUNNING,
        Place(3, 0),
        LATER_S + 5.0,
        0.0,
    )
    assert (after.routing.enabled, after.routing.share_ppm) == (True, PPM // 4)
    assert after.routing.characters == frozenset(SEVERAL)


def test_a_roll_back_takes_everyone_off_and_keeps_the_time_held() -> None:
    after = rollout.rolled_back(at(4), LATER_S)

    assert after == replace(
        at(4),
        phase=Phase.ROLLED_BACK,
        routing=replace(at(4).routing, enabled=False, share_ppm=0),
        held_s=100.0,
        evidence_from_s=LATER_S,
    )


def test_a_step_back_enters_a_milder_stage_and_cools_down() -> None:
    after = rollout.stepped_back(ANYWHERE, PLAN, LATER_S)

    assert after == replace(
        ANYWHERE,
        phase=Phase.COOLING,
        routing=replace(ANYWHERE.routing, share_ppm=PPM // 4, characters=frozenset(SEVERAL)),
        place=Place(3, 0),
        entered_at_s=LATER_S,
        evidence_from_s=LATER_S,
        held_s=0.0,
        approved=None,
        cool_until_s=LATER_S + 3600.0,
        step_backs=2,
        step_since_s=LATER_S,
    )


def test_a_step_back_never_leads_to_more_than_a_person_has_set() -> None:
    cautious = routing_set(at(4), RoutingChange(share_ppm=PPM // 100), NOON_S)
    off = routing_set(at(4), RoutingChange(enabled=False), NOON_S)

    for state in (cautious, off):
        after = rollout.stepped_back(state, PLAN, LATER_S)
        assert (after.phase, after.place, after.routing.share_ppm) == (Phase.PAUSED, Place(0, 0), 0)


def test_switched_off_means_that_not_even_one_in_a_million_hears_the_candidate() -> None:
    faint = replace(PLAN, stages=(replace(PLAN.stages[1], steps=(Step(1, 60.0),)), *PLAN.stages[1:]))
    off = routing_set(at(4, plan=faint), RoutingChange(enabled=False, share_ppm=PPM), NOON_S)

    assert rollout.retreat(replace(off, routing=replace(off.routing, enabled=True)), faint) == Place(3, 0)
    assert rollout.retreat(off, faint) is None


def test_from_a_first_stage_there_is_nowhere_to_step_back_to_but_off() -> None:
    assert rollout.stepped_back(at(0), PLAN, LATER_S) == rollout.rolled_back(at(0), LATER_S)


def test_a_step_back_is_refused_where_it_is_not_possible() -> None:
    for stage in (0, 4):
        with pytest.raises(NotNow, match=r"^back is not possible"):
            rollout.stepped_back(replace(at(stage), phase=Phase.ROLLED_BACK), PLAN, LATER_S)


def test_a_character_is_held_back_and_released_with_new_evidence_each_time() -> None:
    held = rollout.held_back(rollout.held_back(at(4), "ghoul", NOON_S), "raider", LATER_S)
    released = rollout.released(held, "ghoul", LATER_S + 1.0)

    assert held == replace(
        at(4), routing=replace(at(4).routing, held_back=frozenset({"ghoul", "raider"})), evidence_from_s=LATER_S
    )
    assert released.routing.held_back == frozenset({"raider"})
    assert (released.phase, released.evidence_from_s) == (Phase.RUNNING, LATER_S + 1.0)


def test_who_is_not_held_back_cannot_be_released() -> None:
    with pytest.raises(NotNow, match=r"^'ghoul' is not held back$"):
        rollout.released(at(4), "ghoul", NOON_S)


def test_a_hand_on_the_routing_keeps_the_place_and_the_time_held() -> None:
    after = routing_set(at(4), RoutingChange(share_ppm=PPM // 100), LATER_S)

    assert after == replace(
        at(4),
        phase=Phase.PAUSED,
        routing=replace(at(4).routing, share_ppm=PPM // 100),
        held_s=100.0,
        evidence_from_s=LATER_S,
    )


@pytest.mark.parametrize("phase", Phase)
def test_a_changed_environment_pauses_a_plan_under_way(phase: Phase) -> None:
    going = phase in (Phase.RUNNING, Phase.AWAITING_APPROVAL, Phase.AWAITING_HOURS, Phase.COOLING)

    assert booted(replace(at(4), phase=phase), TENTH).phase is (Phase.PAUSED if going else phase)


DECIDED: dict[Verb, Callable[[RolloutState], RolloutState]] = {
    Verb.ADVANCE: lambda state: rollout.advanced(state, PLAN, LATER_S),
    Verb.ASK_APPROVAL: rollout.approval_asked,
    Verb.PAUSE: lambda state: rollout.paused(state, LATER_S),
    Verb.STEP_BACK: lambda state: rollout.stepped_back(state, PLAN, LATER_S),
    Verb.HOLD_BACK: lambda state: rollout.held_back(state, "ghoul", LATER_S),
    Verb.ROLL_BACK: lambda state: rollout.rolled_back(state, LATER_S),
    Verb.FINISH: lambda state: replace(state, phase=Phase.FINISHED),
}


@pytest.mark.parametrize("verb", DECIDED)
def test_what_the_judge_decides_is_what_happens(verb: Verb) -> None:
    assert decided(ANYWHERE, verb, "ghoul", PLAN, LATER_S) == DECIDED[verb](ANYWHERE)


def test_the_judge_resumes_what_has_cooled_down() -> None:
    cooling = replace(ANYWHERE, phase=Phase.COOLING)

    assert decided(cooling, Verb.RESUME, "", PLAN, LATER_S) == rollout.resumed(cooling, PLAN, LATER_S)


@pytest.mark.parametrize("verb", sorted(set(Verb) - set(DECIDED) - {Verb.RESUME}))
def test_some_things_only_a_person_decides(verb: Verb) -> None:
    with pytest.raises(NotNow, match=f"^only a person can decide {verb}$"):
        decided(ANYWHERE, verb, "", PLAN, LATER_S)


def test_a_rollout_without_history_is_in_the_hands_of_people_and_off() -> None:
    assert RolloutState() == RolloutState(Routing(), None, Phase.MANUAL, None, Place(0, 0))
    assert (RolloutState().held_s, RolloutState().step_backs, RolloutState().approved) == (0.0, 0, None)
    assert RolloutState().entered_at_s == RolloutState().evidence_from_s == RolloutState().started_at_s == 0.0


# The yardstick, the shadow, and beginning again by itself

SPARED = replace(PLAN, yardstick_ppm=PPM // 100)
SHADOWED = replace(
    PLAN, stages=tuple(replace(stage, shadow_ppm=number) for number, stage in enumerate(PLAN.stages))
)
AGAIN = replace(PLAN, policy=replace(PLAN.policy, resume_after_s=1800.0))


def test_the_yardstick_is_spared_at_every_share() -> None:
    assert rollout.advanced(ANYWHERE, SPARED, LATER_S).routing.share_ppm == PPM - PPM // 100
    assert rollout.advanced(at(3), SPARED, LATER_S).routing.share_ppm == PPM // 2


def test_a_stage_entered_or_resumed_has_its_shadow_and_a_roll_back_has_none() -> None:
    entered = rollout.advanced(ANYWHERE, SHADOWED, LATER_S)

    assert entered.routing.shadow_ppm == 5
    assert rollout.resumed(rollout.paused(at(4), LATER_S), SHADOWED, LATER_S).routing.shadow_ppm == 4
    assert rollout.rolled_back(entered, LATER_S).routing.shadow_ppm == 0
    rebooted = rollout.booted(rollout.rolled_back(entered, LATER_S), replace(TENTH, shadow_ppm=9))
    assert rebooted.routing.shadow_ppm == 0


def test_a_roll_back_of_the_judge_begins_again_by_itself_where_the_plan_says_so() -> None:
    by_judge = rollout.decided(ANYWHERE, Verb.ROLL_BACK, "", AGAIN, LATER_S)

    assert (by_judge.phase, by_judge.routing.enabled) == (Phase.ROLLED_BACK, False)
    assert (by_judge.resume_at_s, by_judge.step_backs) == (LATER_S + 1800.0, 2)
    never = rollout.decided(ANYWHERE, Verb.ROLL_BACK, "", PLAN, LATER_S)
    assert (never.resume_at_s, never.step_backs) == (0.0, 1)


def test_a_roll_back_of_a_person_and_one_too_many_begin_again_by_nobody() -> None:
    by_judge = rollout.decided(ANYWHERE, Verb.ROLL_BACK, "", AGAIN, LATER_S)
    thrice = rollout.decided(replace(ANYWHERE, step_backs=3), Verb.ROLL_BACK, "", AGAIN, LATER_S)

    assert rollout.rolled_back(ANYWHERE, LATER_S).resume_at_s == 0.0
    assert rollout.rolled_back(by_judge, LATER_S).resume_at_s == 0.0
    assert (thrice.resume_at_s, thrice.step_backs) == (0.0, 3)
    assert rollout.decided(replace(ANYWHERE, step_backs=2), Verb.ROLL_BACK, "", AGAIN, LATER_S).step_backs == 3


def test_whoever_acts_meanwhile_takes_it_from_the_judge() -> None:
    waiting = rollout.decided(ANYWHERE, Verb.ROLL_BACK, "", AGAIN, LATER_S)

    assert rollout.resumed(waiting, AGAIN, LATER_S).resume_at_s == 0.0
    assert routing_set(waiting, RoutingChange(share_ppm=1), LATER_S).resume_at_s == 0.0
    assert rollout.started(waiting, AGAIN, "plan", LATER_S).resume_at_s == 0.0


def test_it_begins_again_where_a_step_back_would_have_led() -> None:
    waiting = rollout.decided(ANYWHERE, Verb.ROLL_BACK, "", AGAIN, LATER_S)

    after = rollout.decided(waiting, Verb.RESUME, "", AGAIN, LATER_S + 1800.0)

    assert (after.phase, after.place, after.routing.enabled) == (Phase.RUNNING, Place(3, 0), True)
    assert (after.routing.share_ppm, after.step_backs) == (PPM // 4, 2)


def test_when_the_step_was_entered_is_remembered_through_a_pause() -> None:
    entered = rollout.advanced(at(3), PLAN, LATER_S)
    resumed = rollout.resumed(rollout.paused(entered, LATER_S + 9.0), PLAN, LATER_S + 99.0)

    assert (resumed.step_since_s, resumed.entered_at_s) == (LATER_S, LATER_S + 99.0)
