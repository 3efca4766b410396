"""A plan: its places in order, the way back, the hours, and what makes it unusable."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from segue.core.gates import Gate, Metric
from segue.core.plan import Hours, Place, Plan, Policy, Stage, Statistics, Step, faults, starved
from support.rollouts import chirp3

PLAN = chirp3()
TARGET = Gate(Metric.ERROR_RATE, target=0.01, roll_back=0.1)


def plan_of(*stages: Stage, gates: tuple[Gate, ...] = (TARGET,), statistics: Statistics | None = None) -> Plan:
    return Plan("test", stages, gates, statistics or Statistics())


def stage(share_ppm: int = 500_000, hold_s: float = 60.0, *, characters: frozenset[str] = frozenset()) -> Stage:
    return Stage("any", (Step(share_ppm, hold_s),), characters)


def wrong(gate: Gate) -> list[str]:
    """The faults of a plan that would be whole but for this gate."""
    rest = (TARGET,) if gate.metric is not TARGET.metric else (Gate(Metric.SUCCESS_RATE, 0.95, roll_back=0.9),)
    return faults(plan_of(stage(), gates=(gate, *rest)))


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


def test_the_promotion_alpha_is_split_over_all_that_is_read() -> None:
    both = replace(TARGET, margin=0.01)
    alarm_only = Gate(Metric.FALLBACK_RATE, roll_back=0.2)

    assert PLAN.gate_alpha == pytest.approx(0.05 / 8)
    assert plan_of(stage(), gates=(both, alarm_only)).gate_alpha == pytest.approx(0.05 / 2)
    assert plan_of(stage(), gates=(alarm_only,)).gate_alpha == 0.05


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
    assert PLAN.retreat(Place(6, 2), 1_000_000, frozenset()) == Place(4, 0)


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


# Faults


def test_the_plan_that_ships_has_no_faults() -> None:
    assert faults(PLAN) == []


def test_a_plan_needs_stages_and_a_stage_steps() -> None:
    assert faults(plan_of()) == ["stages: a plan needs at least one"]
    assert faults(plan_of(stage(), Stage("empty", ()))) == ["stages[1]: a stage needs at least one step"]


@pytest.mark.parametrize(("share_ppm", "told"), [(-1, "-0.0001"), (1_000_001, "100")])
def test_a_share_is_a_part_of_the_whole(share_ppm: int, told: str) -> None:
    assert faults(plan_of(stage(share_ppm))) == [f"stages[0].share: {told} % is not from 0 to 100"]
    assert faults(plan_of(stage(0), stage(1_000_000))) == []


def test_a_hold_takes_time() -> None:
    assert faults(plan_of(stage(hold_s=0.0))) == ["stages[0].hold: must be longer than nothing"]
    assert faults(plan_of(stage(hold_s=0.5))) == []


def test_a_stage_must_be_enterable() -> None:
    closed = replace(stage(), hours=Hours(60, 60))

    assert faults(plan_of(closed)) == [
        "stages[0].hours: no moment lies within, so the stage could never be entered"
    ]
    assert faults(plan_of(replace(stage(), hours=Hours()))) == []


def test_all_faults_are_told_at_once() -> None:
    found = faults(plan_of(stage(-1, 0.0), Stage("empty", ()), gates=(Gate(Metric.ERROR_RATE),)))

    assert [fault.partition(":")[0] for fault in found] == [
        "stages[0].share",
        "stages[0].hold",
        "stages[1]",
        "gates.error_rate",
        "gates",
        "gates",
    ]


def test_a_metric_has_one_gate() -> None:
    twice = (TARGET, TARGET, Gate(Metric.SUCCESS_RATE, 0.95), Gate(Metric.MEAN_SYNTHESIS, 2.0))

    assert faults(plan_of(stage(), gates=twice)) == ["gates.error_rate: named twice"]


def test_a_gate_needs_a_level() -> None:
    assert wrong(Gate(Metric.ERROR_RATE)) == ["gates.error_rate: has no level, so it can neither pass nor fail"]
    assert wrong(Gate(Metric.ERROR_RATE, margin=0.01)) == []


@pytest.mark.parametrize(("level", "told"), [(0.0, "0% can never be crossed"), (1.0, "100% can never be crossed")])
def test_a_rate_that_cannot_be_crossed_is_no_level(level: float, told: str) -> None:
    assert wrong(Gate(Metric.ERROR_RATE, target=level)) == [f"gates.error_rate.target: {told}"]


@pytest.mark.parametrize("level", [-0.1, 1.5])
def test_a_level_out_of_range_is_no_rate(level: float) -> None:
    assert wrong(Gate(Metric.ERROR_RATE, roll_back=level)) == ["gates.error_rate.roll_back: not a rate"]


def test_a_duration_needs_an_edge_of_the_histogram() -> None:
    known = "0.35, 0.75, 1, 1.5, 2, 2.5, 4, 5, 7.5, 10 s"
    told = f"gates.p95_synthesis.target: the histogram cannot resolve 3 s; it can at {known}"

    assert wrong(Gate(Metric.P95_SYNTHESIS, target=3.0)) == [told]
    assert wrong(Gate(Metric.P95_SYNTHESIS, target=2.5)) == []
    assert wrong(Gate(Metric.P95_SYNTHESIS, target=0.35)) == []


def test_the_first_audio_has_edges_of_its_own() -> None:
    known = "0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5 s"
    told = f"gates.p95_first_audio.target: the histogram cannot resolve 2.5 s; it can at {known}"

    assert wrong(Gate(Metric.P95_FIRST_AUDIO, target=2.5)) == [told]
    assert wrong(Gate(Metric.P95_FIRST_AUDIO, target=0.3, step_back=0.5)) == []


def test_no_time_at_all_is_never_met() -> None:
    unresolved, never = wrong(Gate(Metric.P95_SYNTHESIS, target=0.0))

    assert "cannot resolve 0 s" in unresolved
    assert never == "gates.p95_synthesis.target: no call takes longer than 20 s, so 0 s is never crossed"


@pytest.mark.parametrize("metric", [Metric.MEAN_SYNTHESIS, Metric.P50_SYNTHESIS, Metric.P99_SYNTHESIS])
def test_a_duration_that_no_call_reaches_is_no_level(metric: Metric) -> None:
    plan = plan_of(stage(), gates=(TARGET, Gate(metric, step_back=4.0)), statistics=Statistics(longest_s=4.0))
    longer = replace(plan, statistics=Statistics(longest_s=4.1))

    assert faults(plan) == [f"gates.{metric}.step_back: no call takes longer than 4 s, so 4 s is never crossed"]
    assert faults(longer) == []


def test_levels_grow_worse_from_target_to_roll_back() -> None:
    told = "target, step_back and roll_back must each be worse than the one before"

    assert wrong(Gate(Metric.ERROR_RATE, 0.01, 0.1, 0.05)) == [f"gates.error_rate: {told}"]
    assert wrong(Gate(Metric.SUCCESS_RATE, 0.9, roll_back=0.95)) == [f"gates.success_rate: {told}"]
    assert wrong(Gate(Metric.SUCCESS_RATE, 0.95, 0.95, 0.9)) == []


@pytest.mark.parametrize("levels", [{"step_back": 0.5}, {"roll_back": 0.5}, {"margin": 0.1}])
def test_cache_hits_take_nothing_back(levels: dict[str, float]) -> None:
    told = "gates.cache_hit_rate: cache hits say nothing of an arm, so they can hold a rollout, never take it back"

    assert wrong(Gate(Metric.CACHE_HIT_RATE, target=0.9, **levels)) == [told]
    assert wrong(Gate(Metric.CACHE_HIT_RATE, target=0.9)) == []


def test_a_margin_on_a_quantile_needs_a_time_to_compare_at() -> None:
    told = "gates.p95_synthesis.margin: compares who takes longer than a level, and none is given"

    assert wrong(Gate(Metric.P95_SYNTHESIS, margin=0.1)) == [told]
    assert wrong(Gate(Metric.P95_SYNTHESIS, target=2.5, margin=0.1)) == []
    assert wrong(Gate(Metric.MEAN_SYNTHESIS, margin=0.1)) == []


def test_some_gate_must_be_able_to_take_the_candidate_back() -> None:
    told = "gates: none of them can ever take the candidate back"

    assert faults(plan_of(stage(), gates=(Gate(Metric.ERROR_RATE, 0.01), Gate(Metric.SUCCESS_RATE, 0.9)))) == [
        told
    ]
    assert (
        faults(plan_of(stage(), gates=(Gate(Metric.ERROR_RATE, 0.01), Gate(Metric.SUCCESS_RATE, 0.9, 0.8)))) == []
    )


@pytest.mark.parametrize(
    "gates",
    [
        (),
        (Gate(Metric.ERROR_RATE, roll_back=0.1),),
        (Gate(Metric.ERROR_RATE, roll_back=0.1), Gate(Metric.CACHE_HIT_RATE, 0.9)),
        (Gate(Metric.FALLBACK_RATE, 0.01, roll_back=0.1),),
    ],
    ids=["none", "alarms", "cache", "fallbacks"],
)
def test_some_gate_must_be_able_to_let_the_candidate_on(gates: tuple[Gate, ...]) -> None:
    told = "gates: none with a target can be read on both arms, so no step could ever end"

    assert faults(plan_of(stage(), gates=gates)) == [told]


@pytest.mark.parametrize(
    ("statistics", "told"),
    [
        (Statistics(slot_s=0.0), "statistics.slot: must be longer than nothing"),
        (Statistics(longest_s=0.0), "statistics.longest_synthesis: must be longer than nothing"),
        (Statistics(promotion_alpha=0.0), "statistics.promotion_alpha: must be more than 0 % and less than 100 %"),
        (Statistics(promotion_alpha=1.0), "statistics.promotion_alpha: must be more than 0 % and less than 100 %"),
    ],
)
def test_statistics_that_cannot_be_reckoned_with_are_faults(statistics: Statistics, told: str) -> None:
    assert faults(plan_of(stage(), statistics=statistics)) == [told]


def test_short_slots_and_calls_are_no_faults() -> None:
    assert faults(plan_of(stage(), statistics=Statistics(slot_s=0.5, longest_s=0.5, promotion_alpha=0.5))) == []


def test_the_defaults_are_those_the_documents_name() -> None:
    assert Statistics() == PLAN.statistics
    assert Policy() == PLAN.policy == Policy(cool_down_s=3600.0, most_step_backs=3, progress_deadline=1.5)
    assert Statistics().alarm_log_e == pytest.approx(11.5129, abs=1e-4)
    assert Statistics().least_baseline_units == 20.0
    assert (Statistics().slot_s, Statistics().unit_window_s, Statistics().longest_s) == (60.0, 900.0, 20.0)
    assert (Stage("plain", ()).approval, Stage("plain", ()).hours, Hours().zone) == (False, None, "UTC")


# Traffic


def test_a_step_without_the_traffic_to_end_is_foretold() -> None:
    """A flawless candidate takes about 950 units to show fewer than 1 % errors, eight gates sharing 5 %."""
    hour = 3600.0
    plan = replace(PLAN, stages=(stage(0, hour), stage(500_000, hour), stage(500_000, hour)))

    found = starved(plan, {Place(1, 0): 0.1, Place(2, 0): 1.0})

    assert len(found) == 1
    assert found[0].startswith("stages[1] (any): error_rate needs about 945 units")
    assert found[0].endswith(" of a flawless candidate; this traffic gives 360 within the hold")


def test_a_step_without_any_traffic_is_starved_and_a_step_without_a_share_is_not() -> None:
    week_s = 604_800.0
    plan = plan_of(stage(0, week_s), stage(1, week_s))

    assert [fault[:9] for fault in starved(plan, {})] == ["stages[1]"]


def test_as_many_units_as_are_needed_are_enough_whichever_gate_needs_them() -> None:
    alike = (Gate(Metric.P50_SYNTHESIS, 1.5), Gate(Metric.FALLBACK_RATE, roll_back=0.2))
    plan = plan_of(stage(1, 1.0), gates=alike)

    assert starved(plan, {Place(0, 0): 50.0}) == []
    assert starved(plan, {Place(0, 0): 49.9}) != []


@pytest.mark.parametrize(
    ("gate", "units"),
    [
        (Gate(Metric.ERROR_RATE, 0.01), 725),
        (Gate(Metric.SUCCESS_RATE, 0.95), 125),
        (Gate(Metric.P95_SYNTHESIS, 2.5), 125),
        (Gate(Metric.P99_SYNTHESIS, 4.0), 725),
        (Gate(Metric.MEAN_SYNTHESIS, 1.0), 125),
        (Gate(Metric.P50_SYNTHESIS, 1.5), 50),
        (Gate(Metric.P95_FIRST_AUDIO, 0.5), 125),
        (Gate(Metric.CACHE_HIT_RATE, 0.999), 50),
        (Gate(Metric.ERROR_RATE, step_back=0.001), 50),
    ],
    ids=lambda value: value.metric if isinstance(value, Gate) else str(value),
)
def test_what_a_gate_needs_follows_from_its_level(gate: Gate, units: int) -> None:
    """The least that a verdict takes is 50."""
    plan = plan_of(stage(1_000_000, 1.0), gates=(gate,))

    assert starved(plan, {Place(0, 0): float(units + 3)}) == []
    assert starved(plan, {Place(0, 0): float(units - 3)}) != []
