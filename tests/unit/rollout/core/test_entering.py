"""A stage's approval and hours: kept at every entry, by whatever verb, and in no one's way when going back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from segue.kernel.assign import Routing
from segue.kernel.units import PPM
from segue.rollout.core import rollout
from segue.rollout.core.decide import decide
from segue.rollout.core.evidence import nothing_yet
from segue.rollout.core.plan import Hours, Place, Plan, Policy, Stage, Statistics, Step
from segue.rollout.core.rollout import NotNow, Phase, RolloutState, RoutingChange, Verb, decided, effective_share
from support.reasons import english
from support.rollouts import chirp3

if TYPE_CHECKING:
    from segue.rollout.core.decide import Decision

FRIDAY_S = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()
SUNDAY_S = datetime(2026, 11, 29, 2, 30, tzinfo=UTC).timestamp()
SUNDAY_NIGHT = Hours(2 * 60, 3 * 60, frozenset({6}))
WHEN = r"may not be entered now \(outside its hours or days\); it opens at Sun 2026-11-29 02:00 \(UTC\)"


def plan_of(*stages: Stage, resume_after_s: float | None = None) -> Plan:
    return Plan(
        "guarded",
        stages,
        chirp3().gates,
        Statistics(),
        Policy(resume_after_s=resume_after_s),
    )


def stage(name: str, percent: int, *, approval: bool = False, hours: Hours | None = None) -> Stage:
    return Stage(name, (Step(PPM * percent // 100, 600.0),), approval=approval, hours=hours, shadow_ppm=PPM // 10)


GUARDED = plan_of(stage("first", 30, approval=True, hours=SUNDAY_NIGHT), stage("second", 100))
ASKS = plan_of(stage("first", 30, approval=True), stage("second", 100))
NIGHTLY = plan_of(stage("first", 30, hours=SUNDAY_NIGHT), stage("second", 100))
LATER = plan_of(stage("first", 30), stage("second", 100, approval=True, hours=SUNDAY_NIGHT))
EMPTY = RolloutState(Routing(salt="test"))


def begun(plan: Plan, now_s: float = FRIDAY_S, stage: int = 0) -> RolloutState:
    return rollout.started(EMPTY, plan, "digest", now_s, stage)


def judged(plan: Plan, state: RolloutState, now_s: float) -> Decision:
    return decide(plan, state, nothing_yet(now_s), now_s)


def by_the_judge(plan: Plan, state: RolloutState, now_s: float) -> RolloutState:
    decision = judged(plan, state, now_s)
    assert decision.verb is not None
    return decided(state, decision.verb, "", plan, now_s)


def nobody_hears(state: RolloutState) -> bool:
    return effective_share(state.routing) == state.routing.shadow_ppm == 0


@pytest.mark.parametrize(
    ("plan", "phase"),
    [
        (GUARDED, Phase.AWAITING_APPROVAL),
        (ASKS, Phase.AWAITING_APPROVAL),
        (NIGHTLY, Phase.AWAITING_HOURS),
    ],
)
def test_a_start_at_a_guarded_stage_waits_and_nobody_hears_the_candidate(plan: Plan, phase: Phase) -> None:
    state = begun(plan)

    assert (state.phase, state.place, state.entering) == (phase, Place(0, 0), Place(0, 0))
    assert nobody_hears(state)
    assert judged(plan, state, FRIDAY_S).verb is None


def test_a_start_within_the_hours_of_a_stage_that_nobody_need_approve_enters_it() -> None:
    state = begun(NIGHTLY, SUNDAY_S)

    assert (state.phase, state.entering, effective_share(state.routing)) == (Phase.RUNNING, None, 0.3)


def test_an_approved_stage_is_entered_by_the_judge_and_not_before_its_hours() -> None:
    agreed = rollout.approved(begun(GUARDED), GUARDED)

    assert (agreed.phase, agreed.approved) == (Phase.AWAITING_HOURS, Place(0, 0))
    early = judged(GUARDED, agreed, FRIDAY_S)
    assert (early.verb, early.wake_at_s > FRIDAY_S) == (None, True)
    assert english(early)[-1].endswith(
        "first may not be entered now (outside its hours or days); it opens at Sun 2026-11-29 02:00 (UTC)"
    )
    after = by_the_judge(GUARDED, agreed, SUNDAY_S)
    assert (after.phase, after.entering, after.approved) == (Phase.RUNNING, None, None)
    assert (after.entered_at_s, effective_share(after.routing)) == (SUNDAY_S, 0.3)
    assert after.routing.shadow_ppm == PPM // 10


def test_hours_without_an_approval_are_waited_for_by_itself() -> None:
    assert by_the_judge(NIGHTLY, begun(NIGHTLY), SUNDAY_S).phase is Phase.RUNNING


def test_a_stage_begun_within_its_hours_and_not_approved_is_not_entered() -> None:
    decision = judged(GUARDED, begun(GUARDED, SUNDAY_S), SUNDAY_S)

    assert decision.verb is None
    assert english(decision) == ("a person must approve first before anyone hears the candidate",)


def test_a_persons_advance_agrees_but_does_not_change_the_hours() -> None:
    assert rollout.advanced(begun(ASKS), ASKS, FRIDAY_S).phase is Phase.RUNNING
    assert rollout.advanced(begun(GUARDED), GUARDED, SUNDAY_S).routing.share_ppm == PPM * 30 // 100
    with pytest.raises(NotNow, match=f"first {WHEN}"):
        rollout.advanced(begun(GUARDED), GUARDED, FRIDAY_S)
    with pytest.raises(NotNow, match=f"second {WHEN}"):
        rollout.advanced(begun(LATER), LATER, FRIDAY_S)


def test_a_persons_advance_within_a_stage_is_bound_by_no_hours() -> None:
    climbing = replace(NIGHTLY.stages[0], steps=(Step(1000, 60.0), Step(2000, 60.0)))
    plan = plan_of(climbing)

    assert rollout.advanced(begun(plan, SUNDAY_S), plan, FRIDAY_S).place == Place(0, 1)


def test_the_judge_cannot_enter_what_nobody_approved_or_what_has_closed_meanwhile() -> None:
    with pytest.raises(NotNow, match="a person must approve first"):
        decided(begun(ASKS), Verb.ADVANCE, "", ASKS, FRIDAY_S)
    with pytest.raises(NotNow, match="a person must approve second"):
        decided(begun(LATER), Verb.ADVANCE, "", LATER, SUNDAY_S)
    with pytest.raises(NotNow, match=WHEN):
        decided(begun(NIGHTLY), Verb.ADVANCE, "", NIGHTLY, FRIDAY_S)


def test_a_start_at_a_later_stage_is_guarded_as_that_stage_is() -> None:
    assert begun(LATER, stage=0).phase is Phase.RUNNING
    waiting = begun(LATER, stage=1)
    assert (waiting.phase, waiting.entering) == (Phase.AWAITING_APPROVAL, Place(1, 0))
    assert nobody_hears(waiting)


@pytest.mark.parametrize(("plan", "phase"), [(GUARDED, Phase.AWAITING_APPROVAL), (NIGHTLY, Phase.AWAITING_HOURS)])
def test_a_resume_after_a_roll_back_is_guarded_whoever_orders_it(plan: Plan, phase: Phase) -> None:
    running = replace(begun(NIGHTLY, SUNDAY_S), approved=Place(0, 0))
    off = rollout.rolled_back(running, SUNDAY_S)

    for after in (rollout.resumed(off, plan, FRIDAY_S), decided(off, Verb.RESUME, "", plan, FRIDAY_S)):
        assert (after.phase, after.entering) == (phase, Place(0, 0))
        assert nobody_hears(after)


def test_the_automatic_resume_waits_for_a_person() -> None:
    plan = replace(ASKS, policy=Policy(resume_after_s=60.0))
    running = rollout.advanced(begun(plan), plan, FRIDAY_S)
    off = decided(running, Verb.ROLL_BACK, "", plan, FRIDAY_S)

    after = by_the_judge(plan, off, FRIDAY_S + 60.0)
    assert (after.phase, after.entering) == (Phase.AWAITING_APPROVAL, Place(0, 0))
    assert nobody_hears(after)


def test_what_was_waited_for_is_waited_for_after_a_pause_and_after_a_roll_back() -> None:
    agreed = rollout.approved(begun(GUARDED), GUARDED)
    paused = rollout.resumed(rollout.paused(agreed, FRIDAY_S), GUARDED, FRIDAY_S)
    off = rollout.rolled_back(agreed, FRIDAY_S)

    assert (paused.phase, paused.entering) == (Phase.AWAITING_HOURS, Place(0, 0))
    assert rollout.resumed(off, GUARDED, FRIDAY_S).phase is Phase.AWAITING_APPROVAL
    late = rollout.rolled_back(begun(LATER, stage=1), FRIDAY_S)
    assert rollout.resume_place(late, LATER) == Place(1, 0)


def test_a_hand_on_the_routing_is_no_way_around_the_guards() -> None:
    by_hand = rollout.routing_set(begun(GUARDED), RoutingChange(share_ppm=PPM), FRIDAY_S)
    off = rollout.rolled_back(rollout.advanced(begun(ASKS), ASKS, FRIDAY_S), FRIDAY_S)
    on_again = rollout.routing_set(off, RoutingChange(enabled=True, share_ppm=1), FRIDAY_S)

    for plan, state in ((GUARDED, by_hand), (ASKS, on_again)):
        assert state.phase is Phase.PAUSED
        after = rollout.resumed(state, plan, FRIDAY_S)
        assert after.phase is Phase.AWAITING_APPROVAL
        assert nobody_hears(after)


def test_going_back_before_anyone_heard_it_is_to_switch_it_off_at_any_hour() -> None:
    waiting = begun(LATER, stage=1)

    assert rollout.stepped_back(waiting, LATER, FRIDAY_S).phase is Phase.ROLLED_BACK
    assert rollout.rolled_back(waiting, FRIDAY_S).phase is Phase.ROLLED_BACK
    assert rollout.held_back(waiting, "ghoul", FRIDAY_S).phase is Phase.AWAITING_APPROVAL


def test_a_step_back_into_a_guarded_stage_is_not_guarded() -> None:
    running = replace(begun(plan_of(*LATER.stages[:1]), FRIDAY_S), place=Place(1, 0))
    running = replace(running, routing=replace(running.routing, share_ppm=PPM))

    after = rollout.stepped_back(running, GUARDED, FRIDAY_S)

    assert (after.phase, after.place, effective_share(after.routing)) == (Phase.COOLING, Place(0, 0), 0.3)


def test_a_second_approval_is_told_that_there_is_nothing_to_approve() -> None:
    asked = rollout.approval_asked(begun(LATER))
    states = [
        (GUARDED, rollout.approved(begun(GUARDED), GUARDED)),
        (NIGHTLY, begun(NIGHTLY)),
        (LATER, rollout.approved(asked, LATER)),
    ]

    for plan, state in states:
        with pytest.raises(NotNow, match=r"^there is nothing to approve"):
            rollout.approved(state, plan)


def test_what_waits_is_not_held() -> None:
    waiting = begun(GUARDED)

    assert not waiting.is_held
    assert waiting.held_for_s(SUNDAY_S) == 0.0
    assert begun(LATER).held_for_s(FRIDAY_S + 7.0) == 7.0


def test_a_state_of_an_earlier_version_is_read() -> None:
    written = msgspec.json.decode(msgspec.json.encode(begun(LATER)))
    del written["entering"]

    assert msgspec.convert(written, RolloutState) == begun(LATER)
