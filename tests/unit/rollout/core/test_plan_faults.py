"""What makes a plan unusable: every fault at once, each with its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.kernel.shadow_budget import ShadowBudget
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import (
    Hours,
    Plan,
    Policy,
    Stage,
    Statistics,
    Step,
)
from segue.rollout.core.plan_faults import faults
from support.rollouts import chirp3

PLAN = chirp3()
NONE_READABLE = (
    "no gate has a target that can be evaluated on both arms (cache_hit_rate and fallback_rate cannot), "
    "so no step could ever end; give another gate a target"
)
TARGET = Gate(GateMetric.ERROR_RATE, target=0.01, roll_back=0.1)


def plan_of(*stages: Stage, gates: tuple[Gate, ...] = (TARGET,), statistics: Statistics | None = None) -> Plan:
    named = tuple(replace(stage, name=f"{stage.name}-{number}") for number, stage in enumerate(stages))
    return Plan("test", named, gates, statistics or Statistics())


def stage(share_ppm: int = 500_000, hold_s: float = 60.0) -> Stage:
    return Stage("any", (Step(share_ppm, hold_s),))


def wrong(gate: Gate) -> list[str]:
    """The faults of a plan that would be whole but for this gate."""
    rest = (TARGET,) if gate.metric is not TARGET.metric else (Gate(GateMetric.SUCCESS_RATE, 0.95, roll_back=0.9),)
    return faults(plan_of(stage(), gates=(gate, *rest)))


def test_the_plan_that_ships_has_no_faults() -> None:
    assert faults(PLAN) == []


def test_a_plan_needs_stages_and_a_stage_steps() -> None:
    assert faults(plan_of()) == ["stages: a plan needs at least one"]
    assert faults(plan_of(stage(), Stage("empty", ()))) == ["stages[1]: a stage needs at least one step"]


@pytest.mark.parametrize(("share_ppm", "told"), [(-1, "-0.0001"), (1_000_001, "100")])
def test_a_share_is_a_part_of_the_whole(share_ppm: int, told: str) -> None:
    assert faults(plan_of(stage(share_ppm))) == [f"stages[0].share: {told} % is not between 0 and 100 %"]
    assert faults(plan_of(stage(0), stage(1_000_000))) == []


def test_a_hold_takes_time() -> None:
    assert faults(plan_of(stage(hold_s=0.0))) == ["stages[0].hold: must be more than 0"]
    assert faults(plan_of(stage(hold_s=0.5))) == []


def test_a_stage_must_be_enterable() -> None:
    closed = replace(stage(), hours=Hours(60, 60))

    assert faults(plan_of(closed)) == [
        "stages[0].hours: they allow no moment, so the stage could never be entered"
    ]
    assert faults(plan_of(replace(stage(), hours=Hours()))) == []


def test_all_faults_are_told_at_once() -> None:
    found = faults(plan_of(stage(-1, 0.0), Stage("empty", ()), gates=(Gate(GateMetric.ERROR_RATE),)))

    assert [fault.partition(":")[0] for fault in found] == [
        "stages[0].share",
        "stages[0].hold",
        "stages[1]",
        "gates.error_rate",
        "gates",
        "gates",
    ]


def test_a_metric_has_one_gate() -> None:
    twice = (TARGET, TARGET, Gate(GateMetric.SUCCESS_RATE, 0.95), Gate(GateMetric.MEAN_SYNTHESIS, 2.0))

    assert faults(plan_of(stage(), gates=twice)) == ["gates.error_rate: appears twice"]


def test_a_gate_needs_a_level() -> None:
    assert wrong(Gate(GateMetric.ERROR_RATE)) == [
        (
            "gates.error_rate: has no target, step_back, roll_back or margin, so it cannot pass or fail; add "
            "one, or remove the gate"
        )
    ]
    assert wrong(Gate(GateMetric.ERROR_RATE, margin=0.01)) == []


@pytest.mark.parametrize(("level", "told"), [(0.0, "0% can never be crossed"), (1.0, "100% can never be crossed")])
def test_a_rate_that_cannot_be_crossed_is_no_level(level: float, told: str) -> None:
    assert wrong(Gate(GateMetric.ERROR_RATE, target=level)) == [f"gates.error_rate.target: {told}"]


@pytest.mark.parametrize("level", [-0.1, 1.5])
def test_a_level_out_of_range_is_no_rate(level: float) -> None:
    assert wrong(Gate(GateMetric.ERROR_RATE, roll_back=level)) == [
        f"gates.error_rate.roll_back: {level:.0%} is not between 0 % and 100 %"
    ]


def test_a_duration_needs_an_edge_of_the_histogram() -> None:
    known = "0.35, 0.75, 1, 1.5, 2, 2.5, 4, 5, 7.5, 10 s"
    told = f"gates.p95_synthesis.target: 3 s is not an edge of the histogram; use one of {known}"

    assert wrong(Gate(GateMetric.P95_SYNTHESIS, target=3.0)) == [told]
    assert wrong(Gate(GateMetric.P95_SYNTHESIS, target=2.5)) == []
    assert wrong(Gate(GateMetric.P95_SYNTHESIS, target=0.35)) == []


def test_the_first_audio_has_edges_of_its_own() -> None:
    known = "0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5 s"
    told = f"gates.p95_first_audio.target: 2.5 s is not an edge of the histogram; use one of {known}"

    assert wrong(Gate(GateMetric.P95_FIRST_AUDIO, target=2.5)) == [told]
    assert wrong(Gate(GateMetric.P95_FIRST_AUDIO, target=0.3, step_back=0.5)) == []


def test_no_time_at_all_is_never_met() -> None:
    unresolved, never = wrong(Gate(GateMetric.P95_SYNTHESIS, target=0.0))

    assert "0 s is not an edge of the histogram" in unresolved
    assert never == "gates.p95_synthesis.target: no call takes longer than 20 s, so 0 s can never be crossed"


@pytest.mark.parametrize("metric", [GateMetric.MEAN_SYNTHESIS, GateMetric.P50_SYNTHESIS, GateMetric.P99_SYNTHESIS])
def test_a_duration_that_no_call_reaches_is_no_level(metric: GateMetric) -> None:
    plan = plan_of(stage(), gates=(TARGET, Gate(metric, step_back=4.0)), statistics=Statistics(longest_s=4.0))
    longer = replace(plan, statistics=Statistics(longest_s=4.1))

    assert faults(plan) == [
        f"gates.{metric}.step_back: no call takes longer than 4 s, so 4 s can never be crossed"
    ]
    assert faults(longer) == []


def test_levels_grow_worse_from_target_to_roll_back() -> None:
    told = "step_back must be worse than target, and roll_back worse than both"

    assert wrong(Gate(GateMetric.ERROR_RATE, 0.01, 0.1, 0.05)) == [f"gates.error_rate: {told}"]
    assert wrong(Gate(GateMetric.SUCCESS_RATE, 0.9, roll_back=0.95)) == [f"gates.success_rate: {told}"]
    assert wrong(Gate(GateMetric.SUCCESS_RATE, 0.95, 0.95, 0.9)) == []


@pytest.mark.parametrize("levels", [{"step_back": 0.5}, {"roll_back": 0.5}, {"margin": 0.1}])
def test_cache_hits_take_nothing_back(levels: dict[str, float]) -> None:
    told = (
        "gates.cache_hit_rate: cache hits do not depend on the arm, so this gate can hold a rollout but not "
        "take it back"
    )

    assert wrong(Gate(GateMetric.CACHE_HIT_RATE, target=0.9, **levels)) == [told]
    assert wrong(Gate(GateMetric.CACHE_HIT_RATE, target=0.9)) == []


def test_a_margin_on_a_quantile_needs_a_time_to_compare_at() -> None:
    told = (
        "gates.p95_synthesis.margin: compares the calls that take longer than a level, but the gate has no level"
    )

    assert wrong(Gate(GateMetric.P95_SYNTHESIS, margin=0.1)) == [told]
    assert wrong(Gate(GateMetric.P95_SYNTHESIS, target=2.5, margin=0.1)) == []
    assert wrong(Gate(GateMetric.MEAN_SYNTHESIS, margin=0.1)) == []


def test_some_gate_must_be_able_to_take_the_candidate_back() -> None:
    told = "gates: none of them has a step_back or roll_back level, so the candidate is never taken back"

    assert faults(
        plan_of(stage(), gates=(Gate(GateMetric.ERROR_RATE, 0.01), Gate(GateMetric.SUCCESS_RATE, 0.9)))
    ) == [told]
    assert (
        faults(
            plan_of(stage(), gates=(Gate(GateMetric.ERROR_RATE, 0.01), Gate(GateMetric.SUCCESS_RATE, 0.9, 0.8)))
        )
        == []
    )


@pytest.mark.parametrize(
    "gates",
    [
        (),
        (Gate(GateMetric.ERROR_RATE, roll_back=0.1),),
        (Gate(GateMetric.ERROR_RATE, roll_back=0.1), Gate(GateMetric.CACHE_HIT_RATE, 0.9)),
        (Gate(GateMetric.FALLBACK_RATE, 0.01, roll_back=0.1),),
    ],
    ids=["none", "alarms", "cache", "fallbacks"],
)
def test_some_gate_must_be_able_to_let_the_candidate_on(gates: tuple[Gate, ...]) -> None:
    told = f"gates: {NONE_READABLE}"

    assert faults(plan_of(stage(), gates=gates)) == [told]


@pytest.mark.parametrize(
    ("statistics", "told"),
    [
        (Statistics(slot_s=0.0), "statistics.slot: must be more than 0"),
        (Statistics(longest_s=0.0), "statistics.longest_synthesis: must be more than 0"),
        (Statistics(promotion_alpha=0.0), "statistics.promotion_alpha: must be more than 0 % and less than 100 %"),
        (Statistics(promotion_alpha=1.0), "statistics.promotion_alpha: must be more than 0 % and less than 100 %"),
    ],
)
def test_statistics_that_cannot_be_reckoned_with_are_faults(statistics: Statistics, told: str) -> None:
    assert faults(plan_of(stage(), statistics=statistics)) == [told]


def test_short_slots_and_calls_are_no_faults() -> None:
    assert faults(plan_of(stage(), statistics=Statistics(slot_s=0.5, longest_s=0.5, promotion_alpha=0.5))) == []


# Yardstick, shadow, targets of a stage, policy


@pytest.mark.parametrize("yardstick_ppm", [-1, 500_001])
def test_a_yardstick_is_the_smaller_half(yardstick_ppm: int) -> None:
    (told,) = faults(replace(PLAN, yardstick_ppm=yardstick_ppm))

    assert told.startswith("yardstick: ")
    assert told.endswith("% is not between 0 and 50 %: these listeners never hear the candidate")
    assert faults(replace(PLAN, yardstick_ppm=500_000)) == []


def test_a_shadow_needs_somebody_on_the_baseline() -> None:
    shadowed = replace(stage(1_000_000), shadow_ppm=1)

    (told,) = faults(plan_of(shadowed))

    assert told.startswith("stages[0].shadow: at a share of 100 % the baseline answers only the yardstick's")
    assert faults(plan_of(replace(stage(999_999), shadow_ppm=1_000_000))) == []
    assert faults(plan_of(stage(1_000_000))) == []


@pytest.mark.parametrize("shadow_ppm", [-1, 1_000_001])
def test_a_shadow_is_a_part_of_the_requests(shadow_ppm: int) -> None:
    (told,) = faults(plan_of(replace(stage(), shadow_ppm=shadow_ppm)))

    assert told.startswith("stages[0].shadow: ")


def test_a_shadow_has_a_budget() -> None:
    found = faults(replace(PLAN, shadow=ShadowBudget(0.0, 0)))

    assert [fault.partition(":")[0] for fault in found] == ["shadow.characters_a_day", "shadow.at_once"]


def with_targets(**targets: float) -> Plan:
    own = replace(stage(), targets={GateMetric(name): level for name, level in targets.items()})
    gates = (
        replace(TARGET, step_back=0.05),
        Gate(GateMetric.P95_SYNTHESIS, 2.5),
        Gate(GateMetric.SUCCESS_RATE, 0.95, 0.9),
    )
    return plan_of(stage(), own, gates=gates)


def test_a_stages_target_is_one_its_gate_could_have() -> None:
    assert faults(with_targets(error_rate=0.05, p95_synthesis=4.0, success_rate=0.9)) == []
    looser = "less strict than the level at which the gate takes the candidate back"
    assert faults(with_targets(error_rate=0.051)) == [f"stages[1].gates.error_rate.target: {looser}"]
    assert faults(with_targets(success_rate=0.89)) == [f"stages[1].gates.success_rate.target: {looser}"]
    assert "3 s is not an edge of the histogram" in faults(with_targets(p95_synthesis=3.0))[0]
    assert faults(with_targets(error_rate=0.0)) == ["stages[1].gates.error_rate.target: 0% can never be crossed"]


def test_a_stages_target_needs_a_gate() -> None:
    told = "the plan has no gate for this metric, so this target has no effect"

    assert faults(with_targets(mean_synthesis=2.0)) == [f"stages[1].gates.mean_synthesis: {told}"]


def test_targets_may_stand_in_the_stages_alone() -> None:
    alarm = Gate(GateMetric.ERROR_RATE, roll_back=0.1)
    own = replace(stage(), targets={GateMetric.ERROR_RATE: 0.05})
    none = NONE_READABLE

    assert faults(plan_of(own, gates=(alarm,))) == []
    assert faults(plan_of(own, stage(), gates=(alarm,))) == [f"gates: {none}"]
    cached = replace(stage(), targets={GateMetric.CACHE_HIT_RATE: 0.5})
    gates = (alarm, Gate(GateMetric.CACHE_HIT_RATE))
    assert faults(plan_of(own, cached, gates=gates)) == [f"stages[1].gates: {none}"]


def test_what_is_to_be_done_after_a_time_waits_for_it() -> None:
    odd = Policy(alone_after_s=-1.0, resume_after_s=0.0)

    assert [fault.partition(":")[0] for fault in faults(replace(PLAN, policy=odd))] == [
        "policy.resume.after",
        "policy.when_alone.roll_back_after",
    ]
    assert faults(replace(PLAN, policy=Policy(alone_after_s=0.0, resume_after_s=0.1))) == []


@pytest.mark.parametrize(
    ("statistics", "key"),
    [
        (Statistics(quiet_s=59.9), "quiet"),
        (Statistics(slower_ratio=0.99), "slower_ratio"),
        (Statistics(least_duration_s=-1.0), "least_duration"),
    ],
)
def test_what_makes_no_sense_in_the_statistics_is_a_fault(statistics: Statistics, key: str) -> None:
    (told,) = faults(plan_of(stage(), statistics=statistics))

    assert told.startswith(f"statistics.{key}: ")
    assert (
        faults(plan_of(stage(), statistics=Statistics(quiet_s=60.0, slower_ratio=1.0, least_duration_s=0.0))) == []
    )


def test_each_stage_needs_a_name_of_its_own() -> None:
    step = (Step(500_000, 60.0),)
    named = tuple(Stage(name, step) for name in ("canary", "half", "canary", "half"))

    assert [fault.partition(";")[0] for fault in faults(Plan("plan", named, (TARGET,)))] == [
        "stages[2].name: 'canary' is already the name of stage 0",
        "stages[3].name: 'half' is already the name of stage 1",
    ]
