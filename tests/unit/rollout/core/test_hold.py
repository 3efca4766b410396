"""A step's hold: the time in which it was seen to be heard, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.kernel.arms import Arm
from segue.rollout.core.decide import decide
from segue.rollout.core.evidence import (
    Evidence,
    Looking,
    absorbed,
    begun_anew,
    nothing_yet,
    unwatched,
    went_on,
)
from segue.rollout.core.rollout import Verb
from segue.rollout.core.windows import Slot, Tally
from support.reasons import english
from support.rollouts import NOON_S, SLOT_S, Kind, Minute, at, chirp3

PLAN = chirp3()
HOUR_S, DAY_S = 3600.0, 86_400.0
NIGHT_S = PLAN.statistics.quiet_s
BUSY = Minute(candidate_units=200.0)


def heard(evidence: Evidence, *starts_s: float, minute: Minute = BUSY, looking: Looking | None = None) -> Evidence:
    """With a minute of traffic at each of these times after noon."""
    for start_s in starts_s:
        evidence = absorbed(evidence, minute.slot(NOON_S + start_s), PLAN, None, looking or Looking())
    return evidence


BEGUN = nothing_yet(NOON_S)


def test_minutes_that_are_heard_count() -> None:
    assert heard(BEGUN, 0.0, 60.0, 120.0).held_s == 3 * SLOT_S


def test_a_silence_of_a_night_counts_and_a_longer_one_does_not() -> None:
    night = heard(BEGUN, 0.0, SLOT_S + NIGHT_S)
    longer = heard(BEGUN, 0.0, SLOT_S + NIGHT_S + 1.0)

    assert night.held_s == SLOT_S + NIGHT_S + SLOT_S
    assert longer.held_s == 2 * SLOT_S


def test_a_silence_counts_when_it_is_over_and_not_before() -> None:
    silent = heard(heard(BEGUN, 0.0), 60.0, 120.0, minute=Minute(candidate_units=0.0, baseline_units=0.0))

    assert silent.held_s == SLOT_S
    assert heard(silent, HOUR_S).held_s == HOUR_S + SLOT_S


def test_a_week_of_silence_and_four_minutes_is_four_minutes() -> None:
    """It is heard again, all gates are met, and it has not been held."""
    idle = heard(BEGUN, *(7 * DAY_S + number * SLOT_S for number in range(4)))
    state = at(4)

    decision = decide(PLAN, state, idle, NOON_S + 7 * DAY_S + 4 * SLOT_S)

    assert idle.held_s == 4 * SLOT_S
    assert decision.verb is None
    assert english(decision) == ("the hold needs another 604560 s",)
    assert decision.held_s == 4 * SLOT_S
    assert (
        decide(PLAN, state, replace(idle, held_s=7 * DAY_S), NOON_S + 7 * DAY_S + 4 * SLOT_S).verb is Verb.ADVANCE
    )


def test_nights_make_a_week_that_is_heard_by_day_a_week() -> None:
    days = [day * DAY_S + hour * HOUR_S for day in range(7) for hour in range(13)]

    assert heard(BEGUN, *days).held_s == 6 * DAY_S + 12 * HOUR_S + SLOT_S


def test_the_time_from_the_beginning_to_the_first_sound_counts_like_a_silence() -> None:
    assert heard(BEGUN, HOUR_S).held_s == HOUR_S + SLOT_S
    assert heard(BEGUN, NIGHT_S + 60.0).held_s == SLOT_S


def test_a_time_that_nobody_watched_does_not_count() -> None:
    before = heard(BEGUN, 0.0)

    after = heard(unwatched(before), HOUR_S)

    assert unwatched(before).heard_until_s is None
    assert (after.held_s, after.heard_until_s) == (2 * SLOT_S, NOON_S + HOUR_S + SLOT_S)


def test_while_it_is_paused_nothing_counts_and_the_hold_goes_on_after_it() -> None:
    paused = heard(heard(BEGUN, 0.0), 60.0, HOUR_S, looking=Looking(holds=False))
    resumed = went_on(paused, NOON_S + 2 * HOUR_S)

    assert paused.held_s == SLOT_S
    assert heard(resumed, 2 * HOUR_S).held_s == 2 * SLOT_S
    assert paused.total.of(Arm.CANDIDATE, ["pip_boy"]).units == 600.0


def test_slots_that_come_late_or_twice_count_once() -> None:
    evidence = heard(BEGUN, 0.0, 60.0, 120.0)

    assert heard(evidence, 60.0, 120.0).held_s == 3 * SLOT_S
    assert heard(evidence, 60.0).heard_until_s == NOON_S + 3 * SLOT_S
    assert heard(evidence, 150.0).held_s == 3.5 * SLOT_S


def test_a_slot_from_before_the_step_does_not_count() -> None:
    assert heard(begun_anew(heard(BEGUN, 0.0), NOON_S + 90.0), 60.0).held_s == 0.0


def test_a_step_begins_with_no_hold_and_a_pause_keeps_it() -> None:
    evidence = heard(BEGUN, 0.0, 60.0)

    assert begun_anew(evidence, NOON_S + 120.0).held_s == 0.0
    assert went_on(evidence, NOON_S + 120.0).held_s == 2 * SLOT_S


# Of whom


ONLY_CANDIDATE, ONLY_BASELINE = Minute(baseline_units=0.0), Minute(candidate_units=0.0)


@pytest.mark.parametrize(
    ("arm", "minute", "counts"),
    [
        (None, ONLY_CANDIDATE, True),
        (None, ONLY_BASELINE, True),
        (Arm.CANDIDATE, ONLY_CANDIDATE, True),
        (Arm.CANDIDATE, ONLY_BASELINE, False),
        (Arm.BASELINE, ONLY_CANDIDATE, False),
        (Arm.BASELINE, ONLY_BASELINE, True),
        (None, Minute(candidate_units=0.0, baseline_units=0.0), False),
    ],
)
def test_that_arm_must_be_heard_that_the_step_is_about(arm: Arm | None, minute: Minute, counts: bool) -> None:
    assert bool(heard(BEGUN, 0.0, minute=minute, looking=Looking(arm=arm)).held_s) is counts


@pytest.mark.parametrize(("arm", "counts"), [(Arm.CANDIDATE, True), (None, True), (Arm.BASELINE, False)])
def test_the_shadow_is_the_candidate_too(arm: Arm | None, counts: bool) -> None:
    slot = Slot(NOON_S, SLOT_S, shadow={"pip_boy": Kind().tally(9.0)})

    assert bool(absorbed(BEGUN, slot, PLAN, None, Looking(arm=arm)).held_s) is counts


def test_only_characters_that_may_use_the_candidate_make_a_hold() -> None:
    slot = Minute(characters=("ghoul",)).slot(NOON_S)

    assert absorbed(BEGUN, slot, PLAN, frozenset({"raider"})).held_s == 0.0
    assert absorbed(BEGUN, slot, PLAN, frozenset({"raider", "ghoul"})).held_s == SLOT_S


def test_a_row_of_zeros_is_not_being_heard() -> None:
    zeros = Slot(NOON_S, SLOT_S, {(Arm.CANDIDATE, "ghoul"): Tally()})

    assert absorbed(BEGUN, zeros, PLAN, None).held_s == 0.0
