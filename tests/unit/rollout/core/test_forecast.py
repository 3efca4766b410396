"""How long steps take: what a day brings, what the targets ask for, and which of them are never met."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.kernel.shadow_budget import ShadowBudget
from segue.rollout.core.demand import ExpectedQuality, cases_needed
from segue.rollout.core.forecast import Days, Forecast, forecast
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import (
    Place,
    Plan,
    Stage,
    Statistics,
    Step,
)
from segue.rollout.core.stats import log_below
from segue.rollout.core.supply import Traffic, supply

DAY_S = 86_400.0
FIRST = Place(0, 0)
GATE = Gate(GateMetric.ERROR_RATE, 0.01, roll_back=0.1)
QUICK = ExpectedQuality(0.5, tuple(0.0 if edge_s > 1.0 else 0.5 for edge_s in EDGES_S))
ALPHA = 0.05


def stage(share_ppm: int, hold_days: float = 1.0, **more: object) -> Stage:
    return replace(Stage("any", (Step(share_ppm, hold_days * DAY_S),)), **more)  # type: ignore[arg-type]


def plan_of(*stages: Stage, gates: tuple[Gate, ...] = (GATE,), **more: object) -> Plan:
    return replace(Plan("test", stages, gates), **more)  # type: ignore[arg-type]


def traffic(requests_a_day: float = 1000.0, **more: object) -> Traffic:
    spread = Traffic(requests_a_day, {"ghoul": 0.25, "raider": 0.75})
    return replace(spread, **more)  # type: ignore[arg-type]


def foreseen(
    plan: Plan, requests_a_day: float, error_rate: float = 0.0, expected: ExpectedQuality = QUICK
) -> list[Days]:
    found = forecast(plan, traffic(requests_a_day), expected, (error_rate,))
    return [step.days[error_rate] for step in found.steps]


# What a day brings


def test_a_share_brings_its_part_of_the_requests_and_its_characters() -> None:
    ghoul = frozenset({"ghoul"})

    assert supply(plan_of(stage(100_000)), FIRST, traffic()).units_a_day == pytest.approx(100.0)
    assert supply(plan_of(stage(100_000, characters=ghoul)), FIRST, traffic()).units_a_day == pytest.approx(25.0)
    nobody = stage(100_000, characters=frozenset({"codsworth"}))
    assert supply(plan_of(nobody), FIRST, traffic()).units_a_day == 0.0


def test_a_yardstick_is_no_part_of_any_share() -> None:
    plan = plan_of(stage(1_000_000), yardstick_ppm=20_000)

    assert supply(plan, FIRST, traffic()).units_a_day == pytest.approx(980.0)


def test_without_a_share_or_a_shadow_the_baseline_is_read() -> None:
    assert supply(plan_of(stage(0)), FIRST, traffic()) == (1000.0, 1000.0, 0.0, False)


def test_a_shadow_brings_its_part_of_what_the_baseline_answers() -> None:
    plan = plan_of(stage(0, shadow_ppm=200_000), stage(500_000, shadow_ppm=1_000_000))

    assert supply(plan, FIRST, traffic()) == pytest.approx((200.0, 200.0, 200.0, True))
    assert supply(plan, Place(1, 0), traffic()) == pytest.approx((1000.0, 1000.0, 500.0, True))


def test_a_shadow_costs_no_more_than_its_budget() -> None:
    plan = plan_of(stage(0, shadow_ppm=1_000_000), shadow=ShadowBudget(characters_a_day=12_000.0))

    assert supply(plan, FIRST, traffic(chars_per_request=120.0)).units_a_day == pytest.approx(100.0)
    assert supply(plan, FIRST, traffic(chars_per_request=60.0)).units_a_day == pytest.approx(200.0)


def test_a_listener_counts_once_a_day() -> None:
    often = traffic(requests_per_listener=4.0)

    assert supply(plan_of(stage(500_000)), FIRST, often).units_a_day == pytest.approx(125.0)
    some = supply(plan_of(stage(500_000, characters=frozenset({"ghoul"}))), FIRST, often)
    assert some.units_a_day == pytest.approx(125.0 * (1.0 - 0.75**4)), "who speaks to ghoul at least once"
    assert some.requests_a_day == pytest.approx(125.0)


# What a target asks for


def test_the_cases_a_target_needs_are_just_enough() -> None:
    for bad in (0, 1, 7):
        needed = cases_needed(0.01, bad, ALPHA)
        assert log_below(bad, needed - bad, 0.01) >= -math.log(ALPHA)
        assert log_below(bad, 0.99 * needed - bad, 0.01) < -math.log(ALPHA)
    assert cases_needed(0.01, 0, ALPHA) == pytest.approx(377.0, abs=1.0)
    assert all(a < b for a, b in pairwise(cases_needed(0.05, bad, ALPHA) for bad in range(20)))


def test_a_flawless_candidate_takes_its_hold_or_the_units_without_a_bad_one() -> None:
    short, long = plan_of(stage(500_000)), plan_of(stage(500_000, 30.0))

    (days,) = foreseen(short, 100.0)
    assert days == pytest.approx((377.0 / 50.0, 377.0 / 50.0), rel=0.01)
    assert foreseen(long, 100.0)[0] == pytest.approx((30.0, 30.0))
    assert foreseen(short, 100_000.0) == [Days(1.0, 1.0)]


def test_a_candidate_with_errors_takes_longer_and_less_surely() -> None:
    (good,), (poor,) = (foreseen(plan_of(stage(1_000_000)), 100.0, rate) for rate in (0.002, 0.005))

    assert 3.7 <= good.median <= 8.0, "377 to 800 units"
    assert 10.0 <= good.p90 <= 14.5, "one run in twenty takes 1,443"
    assert 15.0 <= poor.median <= 25.0, "1,937 units"
    assert poor.p90 > 1.8 * poor.median


def test_what_was_seen_before_counts() -> None:
    plan = plan_of(stage(500_000), stage(500_000))

    first, second = foreseen(plan, 100.0)
    assert first.median == pytest.approx(7.5, rel=0.02)
    assert second == pytest.approx((1.0, 1.0))


def test_of_what_was_seen_before_only_the_same_characters_count() -> None:
    ghoul, raider = (stage(1_000_000, characters=frozenset({key})) for key in ("ghoul", "raider"))
    plan = plan_of(ghoul, raider, stage(1_000_000))

    assert [days.median for days in foreseen(plan, 100.0)] == pytest.approx([15.1, 5.03, 1.0], rel=0.02)
    assert [days.median for days in foreseen(plan_of(stage(1_000_000), ghoul), 100.0)] == pytest.approx(
        [3.77, (377 - 0.25 * 377) / 25.0], rel=0.02
    )


def test_what_the_baseline_did_is_not_the_candidates() -> None:
    first, second = foreseen(plan_of(stage(0, 5.0), stage(1_000_000)), 100.0)

    assert first.median == 5.0
    assert second.median == pytest.approx(3.77, rel=0.01)


def test_a_stages_own_target_takes_less() -> None:
    early = stage(1_000_000, 0.1, targets={GateMetric.ERROR_RATE: 0.05})

    first, second = foreseen(plan_of(early, stage(1_000_000, 0.1)), 100.0)
    assert first.median == pytest.approx(0.74, rel=0.03)
    assert second.median == pytest.approx(3.77 - 0.74, rel=0.03)


def test_a_step_takes_ten_units_of_its_own() -> None:
    first, second = foreseen(plan_of(stage(1_000_000, 30.0), stage(40_000, 1.0)), 100.0)

    assert first.median == pytest.approx(30.0)
    assert second.median == pytest.approx(2.5), "ten units, four a day"


def test_silences_longer_than_a_night_are_no_hold() -> None:
    rare = plan_of(stage(1_000_000), gates=(replace(GATE, target=0.5),), statistics=Statistics(least_units=1.0))

    (days,) = foreseen(rare, 12.0)
    assert days.median == pytest.approx(1.0 / (1.0 - math.exp(-6.0) * 7.0), rel=1e-6)


@pytest.mark.parametrize(
    ("gate", "units"),
    [
        (Gate(GateMetric.ERROR_RATE, 0.01), 377),
        (Gate(GateMetric.SUCCESS_RATE, 0.95), 74),
        (Gate(GateMetric.P95_SYNTHESIS, 2.5), 74),
        (Gate(GateMetric.P99_SYNTHESIS, 4.0), 377),
        (Gate(GateMetric.P50_SYNTHESIS, 1.5), 50),
        (Gate(GateMetric.BAD_AUDIO_RATE, 0.01), 377),
        (Gate(GateMetric.UNSERVED_RATE, 0.01), 377),
        (Gate(GateMetric.FALLBACK_RATE, 0.5), 50),
        (Gate(GateMetric.P95_FIRST_AUDIO, 0.5), 148),
    ],
    ids=lambda value: value.metric if isinstance(value, Gate) else str(value),
)
def test_what_a_gate_needs_follows_from_its_level(gate: Gate, units: int) -> None:
    """The least that a verdict takes is 50. Half of the calls are streams: the first audio takes twice as many."""
    prompt = replace(QUICK, streams_ratio=0.5, late=(0.0,) * len(FIRST_AUDIO_EDGES_S))

    (days,) = foreseen(plan_of(stage(1_000_000, 0.01), gates=(gate,)), 10.0, expected=prompt)
    assert days.median == pytest.approx(units / 10.0, rel=0.03)


def test_the_mean_takes_units_by_how_far_it_is_from_its_target() -> None:
    def days_at(mean_s: float) -> float:
        slow = ExpectedQuality(mean_s, tuple(0.9 if edge_s < mean_s else 0.05 for edge_s in EDGES_S))
        plan = plan_of(stage(1_000_000, 0.01), gates=(Gate(GateMetric.MEAN_SYNTHESIS, 2.0),))
        return foreseen(plan, 10.0, expected=slow)[0].median

    assert 5.0 <= days_at(0.8) < days_at(1.2) < days_at(1.4) < math.inf
    assert days_at(2.1) == math.inf


# Never


def test_a_target_that_is_not_met_is_named_and_what_follows_never_comes() -> None:
    found = forecast(plan_of(stage(1_000_000), stage(500_000)), traffic(), QUICK, (0.0, 0.01))

    assert [step.missed[0.01] for step in found.steps] == [(GateMetric.ERROR_RATE,)] * 2
    assert [step.missed[0.0] for step in found.steps] == [(), ()]
    assert [step.days[0.01] for step in found.steps] == [Days(math.inf, math.inf)] * 2
    assert found.total[0.01].median == math.inf
    assert found.in_time == {0.0: 1.0, 0.01: 0.0}
    assert found.can_end


def test_a_plan_whose_characters_nobody_asks_never_ends() -> None:
    found = forecast(plan_of(stage(1_000_000, characters=frozenset({"codsworth"}))), traffic(), QUICK)

    assert not found.can_end
    assert found.steps[0].units_a_day == 0.0


def test_streams_that_are_not_there_are_never_judged() -> None:
    plan = plan_of(stage(1_000_000), gates=(Gate(GateMetric.P95_FIRST_AUDIO, 0.5),))

    assert forecast(plan, traffic(), QUICK, (0.0,)).steps[0].missed[0.0] == (GateMetric.P95_FIRST_AUDIO,)


def with_cache(cache_hits: float | None) -> Forecast:
    gates = (replace(GATE, target=0.5), Gate(GateMetric.CACHE_HIT_RATE, 0.9))
    return forecast(plan_of(stage(1_000_000), gates=gates), traffic(cache_hits=cache_hits), QUICK, (0.0,))


def test_cache_hits_are_foreseen_where_they_are_known() -> None:
    assert with_cache(0.95).steps[0].missed[0.0] == ()
    assert with_cache(None).steps[0].missed[0.0] == ()
    assert with_cache(0.90).steps[0].missed[0.0] == (GateMetric.CACHE_HIT_RATE,)
    assert with_cache(1.0).steps[0].missed[0.0] == ()


def test_the_same_is_foreseen_every_time() -> None:
    plan = plan_of(stage(100_000), stage(500_000), gates=(GATE, Gate(GateMetric.P99_SYNTHESIS, 1.0)))
    slow = ExpectedQuality(0.5, (0.005,) * len(EDGES_S))

    assert forecast(plan, traffic(), slow) == forecast(plan, traffic(), slow)
