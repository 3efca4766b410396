"""A rollout's state is what its history says: replayed, written down and read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.arms import Arm
from segue.kernel.assign import Routing, assign
from segue.rollout.core.plan import Hours, Place, Plan
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
    routing_set,
    started,
)
from support.judging import PEOPLE, Look, Move, hours, journey, moves, plans, shares, some_characters
from support.rollouts import NOON_S

if TYPE_CHECKING:
    from collections.abc import Iterator

courses = st.lists(moves, min_size=1, max_size=20)
quiet = courses.map(lambda course: [Move(move.wait_s, move.traffic, None, move.trouble) for move in course])


@given(plans, quiet)
def test_replaying_what_was_decided_gives_the_same_state(plan: Plan, course: list[Move]) -> None:
    looks = list(journey(plan, course))
    log = [(look.decision, look.now_s) for look in looks if look.decision.verb is not None]

    state = started(RolloutState(Routing(salt="any")), plan, "plan", NOON_S)
    for decision, now_s in log:
        assert decision.verb is not None
        state = decided(state, decision.verb, decision.character, plan, now_s)

    assert state == looks[-1].after


@given(plans, courses)
def test_a_state_written_down_is_the_same_when_it_is_read(plan: Plan, course: list[Move]) -> None:
    for look in journey(plan, course):
        assert msgspec.json.decode(msgspec.json.encode(look.after), type=RolloutState) == look.after


@given(plans, courses)
def test_a_rollout_stands_where_its_plan_has_a_step(plan: Plan, course: list[Move]) -> None:
    places = set(plan.places())

    for look in journey(plan, course):
        assert look.after.place in places
        assert look.after.step_backs <= look.before.step_backs + 1


@given(plans, courses)
def test_a_rollout_under_way_serves_its_step_and_rolled_back_serves_nobody(plan: Plan, course: list[Move]) -> None:
    for look in journey(plan, course):
        if look.after.entering is None and look.after.phase in (
            Phase.RUNNING,
            Phase.AWAITING_APPROVAL,
            Phase.COOLING,
        ):
            assert look.after.routing.share_ppm == plan.share_ppm(look.after.place)
            assert look.after.routing.characters == plan.stage(look.after.place).characters
        if look.decision.verb is Verb.ROLL_BACK:
            assert effective_share(look.after.routing) == 0.0


@given(plans, courses, st.sampled_from(sorted(PEOPLE)))
def test_what_a_phase_does_not_allow_is_refused_and_changes_nothing(
    plan: Plan, course: list[Move], person: str
) -> None:
    *_, last = journey(plan, course)
    try:
        after = PEOPLE[person](last.after, plan, last.now_s)
    except NotNow:
        return
    if person in set(Verb):
        verb = Verb(person)
        off = after.phase is Phase.ROLLED_BACK and verb is Verb.STEP_BACK
        waits = after.entering is not None
        assert off or waits or after.phase is TRANSITIONS[last.after.phase, verb]


@given(plans, courses, st.text(min_size=1, max_size=8))
def test_going_on_never_moves_anyone_back_while_the_share_rises(plan: Plan, course: list[Move], unit: str) -> None:
    looks = [look for look in journey(plan, course) if look.decision.verb is Verb.ADVANCE]
    for look in looks:
        routings = (look.before.routing, look.after.routing)
        if routings[0].characters == routings[1].characters and routings[0].share_ppm <= routings[1].share_ppm:
            arms = [assign(routing, unit, "vault_dweller").arm for routing in routings]
            assert arms != [Arm.CANDIDATE, Arm.BASELINE]


BY_HAND = ("a_hundredth", "switch_off", "reboot")
GOING_BACK = ("step_back", "roll_back")


def _steps(looks: list[Look], course: list[Move]) -> Iterator[tuple[RolloutState, str, RolloutState, float]]:
    """Every state, what was done to it, by a person or the judge, what came of it, and when."""
    state = RolloutState(Routing(salt="any"))
    yield state, "restart", started(state, looks[0].plan, "plan", NOON_S), NOON_S
    state = started(state, looks[0].plan, "plan", NOON_S)
    for look, move in zip(looks, course, strict=True):
        yield state, f"{move.person}", look.before, look.now_s
        yield look.before, f"judge {look.decision.verb}", look.after, look.now_s
        state = look.after


@given(plans, courses)
def test_nobody_hears_the_candidate_in_a_stage_that_was_not_approved_or_not_open(
    plan: Plan, course: list[Move]
) -> None:
    for before, what, after, now_s in _steps(list(journey(plan, course)), course):
        if after.entering is not None and what not in BY_HAND and after.phase is not Phase.PAUSED:
            assert effective_share(after.routing) == after.routing.shadow_ppm == 0
        same_stage = before.place.stage == after.place.stage and before.entering is None
        entered = after.step_since_s != before.step_since_s or (before.entering and not after.entering)
        begun = what in ("restart", "start_last") or before.phase is Phase.ROLLED_BACK
        if not entered or after.entering is not None or what.endswith(GOING_BACK) or (same_stage and not begun):
            continue
        stage = plan.stage(after.place)
        assert stage.is_open(now_s)
        assert not stage.approval or what == "advance" or before.approved == after.place


@given(hours, st.integers(0, 800_000_000))
def test_hours_open_at_the_moment_that_is_named_and_at_none_before(hours: Hours | None, since_s: int) -> None:
    if hours is None:
        return
    opens_s = hours.opens(since_s).timestamp()

    assert hours.allow(opens_s)
    assert opens_s >= since_s
    between_s = [since_s + (opens_s - since_s) * part / 200 for part in range(200)]
    assert not any(hours.allow(moment_s) for moment_s in between_s if moment_s < opens_s)


@given(shares, some_characters, st.booleans(), st.lists(st.booleans(), max_size=4))
def test_a_boot_with_an_environment_already_known_changes_nothing(
    share_ppm: int, characters: frozenset[str], enabled: bool, again: list[bool]
) -> None:
    environment = Routing(enabled, share_ppm, characters)
    state = booted(RolloutState(), environment)

    for _ in again:
        assert booted(state, environment) is state
    assert state.routing == environment


@given(st.lists(st.builds(RoutingChange, st.none() | st.booleans(), st.none() | shares), min_size=2, max_size=5))
def test_of_changes_by_hand_the_last_word_on_each_field_counts(changes: list[RoutingChange]) -> None:
    state = RolloutState()
    for change in changes:
        state = routing_set(state, change, NOON_S)

    said = [change.share_ppm for change in changes if change.share_ppm is not None]
    assert state.routing.share_ppm == (said[-1] if said else 0)
    assert state.phase is Phase.MANUAL


def test_every_phase_but_the_hands_of_people_can_be_left_for_the_baseline() -> None:
    for phase in Phase:
        assert (phase, Verb.ROLL_BACK) in TRANSITIONS
    assert Place(0, 0) == RolloutState().place
