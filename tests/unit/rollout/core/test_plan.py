"""A plan: its places in order, the way back, the hours."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from segue.kernel.shadow_budget import ShadowBudget
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import (
    Hours,
    Missed,
    Place,
    Plan,
    Policy,
    Stage,
    Statistics,
    Step,
)
from support.rollouts import chirp3

PLAN = chirp3()
TARGET = Gate(GateMetric.ERROR_RATE, target=0.01, roll_back=0.1)


def plan_of(*stages: Stage, gates: tuple[Gate, ...] = (TARGET,), statistics: Statistics | None = None) -> Plan:
    return Plan("test", stages, gates, statistics or Statistics())


def stage(share_ppm: int = 500_000, hold_s: float = 60.0, *, characters: frozenset[str] = frozenset()) -> Stage:
    return Stage("any", (Step(share_ppm, hold_s),), characters)


# Places


def test_places_come_in_order_stage_by_stage_and_step_by_step() -> None:
    places = list(PLAN.places())

    assert places == [*(Place(number, 0) for number in range(7)), Place(6, 1), Place(6, 2)]
    assert [PLAN.after(place) for place in places] == [*places[1:], None]


def test_a_step_belongs_to_its_stage() -> None:
    assert PLAN.stage(Place(6, 1)).name == "production"
    assert PLAN.step(Place(6, 1)) == Step(500_000, 5 * 86_400.0)


def test_the_shortest_a_plan_can_take_is_all_its_holds() -> None:
    assert PLAN.stages[6].hold_s == 14 * 86_400.0
    assert PLAN.hold_s == (24 + 24 + 48 + 72 + 7 * 24 * 2 + 14 * 24) * 3600.0


def test_a_yardstick_is_left_at_every_share() -> None:
    plan = replace(plan_of(stage(1_000_000), stage(990_001), stage(500_000)), yardstick_ppm=10_000)

    assert [plan.share_ppm(place) for place in plan.places()] == [990_000, 990_000, 500_000]
    assert plan_of(stage(1_000_000)).share_ppm(Place(0, 0)) == 1_000_000


def test_a_stage_has_the_gates_targets_but_for_its_own() -> None:
    other = Gate(GateMetric.MEAN_SYNTHESIS, 2.0, roll_back=5.0)
    early = replace(stage(), targets={GateMetric.ERROR_RATE: 0.05})
    plan = plan_of(early, stage(), gates=(TARGET, other))

    assert plan.gates_at(Place(0, 0)) == (replace(TARGET, target=0.05), other)
    assert plan.gates_at(Place(1, 0)) == (TARGET, other)


# The way back


def test_the_way_back_is_the_nearest_stage_in_which_nobody_hears_more() -> None:
    everyone, ghoul = frozenset[str](), frozenset({"ghoul"})
    plan = plan_of(
        stage(0), stage(50_000, characters=ghoul), stage(100_000, characters=ghoul), stage(100_000), stage(900_000)
    )

    assert plan.retreat(Place(4, 0), 900_000, everyone) == Place(3, 0)
    assert plan.retreat(Place(4, 0), 100_000, everyone) == Place(2, 0), "the same for as many is not milder"
    assert plan.retreat(Place(4, 0), 99_999, everyone) == Place(1, 0)
    assert plan.retreat(Place(4, 0), 900_000, ghoul) == Place(2, 0), "everyone is more than one"
    assert plan.retreat(Place(4, 0), 900_000, frozenset({"pip_boy"})) == Place(0, 0), "one is no part of another"
    assert plan.retreat(Place(4, 0), 0, everyone) == Place(0, 0), "nobody is always milder"
    assert plan.retreat(Place(1, 0), 50_000, ghoul) == Place(0, 0)
    assert plan.retreat(Place(0, 0), 1_000_000, everyone) is None


def test_the_way_back_leads_to_the_first_step_of_a_stage() -> None:
    assert PLAN.retreat(Place(6, 2), PLAN.share_ppm(Place(6, 2)), frozenset()) == Place(4, 0)


def test_without_a_milder_stage_there_is_no_way_back() -> None:
    assert plan_of(stage(500_000), stage(500_000)).retreat(Place(1, 0), 500_000, frozenset()) is None


def test_beginning_again_is_never_with_more_than_what_went_wrong() -> None:
    assert [PLAN.before(place).stage for place in PLAN.places()] == [0, 0, 1, 1, 3, 4, 1, 3, 4]


def test_a_first_stage_begins_again_with_itself() -> None:
    assert plan_of(stage(500_000), stage(500_000)).before(Place(1, 0)) == Place(0, 0)


# Hours


def clock(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def test_hours_begin_with_their_first_minute_and_end_before_their_last() -> None:
    office = Hours(9 * 60, 17 * 60)

    assert not office.allow(clock("2026-03-10T08:59:59"))
    assert office.allow(clock("2026-03-10T09:00:00"))
    assert office.allow(clock("2026-03-10T16:59:59"))
    assert not office.allow(clock("2026-03-10T17:00:00"))


def test_hours_hold_on_their_weekdays() -> None:
    working = Hours(weekdays=frozenset({0, 1, 2, 3, 4}))

    allowed = [working.allow(clock(f"2026-03-{day:02}T12:00:00")) for day in range(9, 16)]

    assert allowed == [True] * 5 + [False] * 2, "2026-03-09 is a Monday"


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    friday_night = Hours(22 * 60, 6 * 60, frozenset({4}))

    assert not friday_night.allow(clock("2026-03-13T05:59:00")), "still Thursday's night"
    assert not friday_night.allow(clock("2026-03-13T21:59:00"))
    assert friday_night.allow(clock("2026-03-13T22:00:00"))
    assert friday_night.allow(clock("2026-03-14T05:59:00"))
    assert not friday_night.allow(clock("2026-03-14T06:00:00"))
    assert not friday_night.allow(clock("2026-03-14T22:00:00"))


def test_sunday_night_reaches_into_monday() -> None:
    sunday_night = Hours(22 * 60, 6 * 60, frozenset({6}))

    assert sunday_night.allow(clock("2026-03-16T01:00:00"))
    assert not sunday_night.allow(clock("2026-03-15T01:00:00"))


def test_hours_are_those_of_their_zone() -> None:
    office = Hours(9 * 60, 17 * 60, frozenset({0}), zone="Asia/Taipei")

    assert office.allow(clock("2026-03-09T01:00:00"))
    assert not office.allow(clock("2026-03-09T09:00:00"))
    assert not office.allow(clock("2026-03-08T01:00:00"))


def test_without_a_word_every_hour_is_allowed() -> None:
    assert all(Hours().allow(clock("2026-03-09T00:00:00") + 3600.0 * hour) for hour in range(24 * 7))


def test_hours_that_hold_no_moment_are_known() -> None:
    assert Hours(540, 540).never
    assert not Hours(540, 540).allow(clock("2026-03-10T12:00:00"))
    assert Hours(weekdays=frozenset()).never
    assert not Hours(540, 539).never
    assert not Hours().never


# Defaults


def test_the_defaults_are_those_the_documents_name() -> None:
    assert Statistics() == PLAN.statistics
    assert Policy() == Policy(3600.0, 3, 1.5, Missed.STEP_BACK, None, None)
    assert PLAN.policy == Policy()
    assert ShadowBudget() == ShadowBudget(characters_a_day=100_000.0, at_once=2)
    assert (Statistics().least_baseline_units, Statistics().least_listeners) == (5.0, 20.0)
    assert (Statistics().slot_s, Statistics().unit_window_s, Statistics().longest_s) == (60.0, 900.0, 20.0)
    assert (Statistics().blip_s, Statistics().quiet_s) == (30.0, 12 * 3600.0)
    assert (Stage("plain", ()).approval, Stage("plain", ()).hours, Hours().zone) == (False, None, "UTC")


def test_what_an_alarm_takes_grows_with_how_many_may_ring() -> None:
    assert Statistics().alarm_log_e(1) == pytest.approx(math.log(10_000))
    assert Statistics().alarm_log_e(0) == Statistics().alarm_log_e(1)
    assert Statistics().alarm_log_e(90) == pytest.approx(math.log(10_000 * 90))


@pytest.mark.parametrize(
    ("hours", "since", "opens"),
    [
        # Clocks go from 02:00 to 03:00 on 2026-03-29, from 03:00 to 02:00 on 2026-10-25.
        (Hours(150, 210, zone="Europe/Berlin"), "2026-03-29T00:00+01:00", "2026-03-29T03:00+02:00"),
        (Hours(130, 170, zone="Europe/Berlin"), "2026-03-29T00:00+01:00", "2026-03-30T02:10+02:00"),
        (Hours(150, 170, zone="Europe/Berlin"), "2026-10-25T00:00+02:00", "2026-10-25T02:30+02:00"),
        (Hours(150, 170, zone="Europe/Berlin"), "2026-10-25T02:55+02:00", "2026-10-25T02:30+01:00"),
        (Hours(60, 150, zone="Europe/Berlin"), "2026-10-25T02:40+02:00", "2026-10-25T02:00+01:00"),
        # From midnight to 01:00 on 2018-11-04.
        (Hours(15, 120, zone="America/Sao_Paulo"), "2018-11-03T12:00-03:00", "2018-11-04T01:00-02:00"),
    ],
)
def test_hours_open_where_clocks_are_changed_within_them(hours: Hours, since: str, opens: str) -> None:
    since_s, opens_s = (datetime.fromisoformat(moment).timestamp() for moment in (since, opens))

    assert hours.opens(since_s).timestamp() == opens_s


@pytest.mark.parametrize("hours", [Hours(60, 60), Hours(24 * 60, 0), Hours(weekdays=frozenset())])
def test_hours_without_a_moment_say_so(hours: Hours) -> None:
    assert hours.never
    with pytest.raises(ValueError, match="no moment"):
        hours.opens(clock("2026-03-09T00:00:00"))
