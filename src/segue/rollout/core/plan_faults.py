"""Errors that make a plan unusable or one of its keys pointless: reported all at once, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.units import PPM, percent_from_ppm
from segue.rollout.core.gates import QUANTILES, Gate, GateMetric
from segue.rollout.core.plan import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segue.kernel.shadow_budget import ShadowBudget
    from segue.rollout.core.plan import (
        Plan,
        Policy,
        Stage,
        Statistics,
    )

MOST_ON_THE_YARDSTICK_PPM = 500_000
"""The maximum of listeners who stay on the baseline for ever.

With more of them the candidate is not rolled out.
"""


def faults(plan: Plan) -> list[str]:
    """Each as ``stages[2].hold: what``: the place in the plan's file, and what is wrong there."""
    found = [fault for number, stage in enumerate(plan.stages) for fault in _stage_faults(number, stage)]
    if not plan.stages:
        found.append("stages: a plan needs at least one")
    found += _repeated_names(plan.stages)
    found += _gates_faults(plan)
    found += [fault for number in range(len(plan.stages)) for fault in _target_faults(plan, number)]
    found += _yardstick_faults(plan.yardstick_ppm)
    found += _shadow_faults(plan.shadow)
    return [*found, *_policy_faults(plan.policy), *_statistics_faults(plan.statistics)]


# Stages


def _repeated_names(stages: Sequence[Stage]) -> Iterator[str]:
    first: dict[str, int] = {}
    for number, stage in enumerate(stages):
        if first.setdefault(stage.name, number) != number:
            yield (
                f"stages[{number}].name: {stage.name!r} is already the name of stage {first[stage.name]}; "
                "commands and the history name a stage by it, so each needs its own"
            )


def _stage_faults(number: int, stage: Stage) -> Iterator[str]:
    at = f"stages[{number}]"
    if not stage.steps:
        yield f"{at}: a stage needs at least one step"
    for step in stage.steps:
        if not 0 <= step.share_ppm <= PPM:
            yield f"{at}.share: {percent_from_ppm(step.share_ppm):g} % is not between 0 and 100 %"
        if not step.hold_s > 0:
            yield f"{at}.hold: must be more than 0"
    if stage.hours is not None and stage.hours.never:
        yield f"{at}.hours: they allow no moment, so the stage could never be entered"
    if not 0 <= stage.shadow_ppm <= PPM:
        yield f"{at}.shadow: {percent_from_ppm(stage.shadow_ppm):g} % is not between 0 and 100 %"
    if stage.shadow_ppm > 0 and any(step.share_ppm >= PPM for step in stage.steps):
        yield (
            f"{at}.shadow: at a share of 100 % the baseline answers only the yardstick's listeners, "
            "so there is nothing to shadow"
        )


def _target_faults(plan: Plan, number: int) -> Iterator[str]:
    """Errors in a stage's own targets."""
    at, gates = f"stages[{number}].gates", {gate.metric: gate for gate in plan.gates}
    for metric, target in plan.stages[number].targets.items():
        gate = gates.get(metric)
        if gate is None:
            yield f"{at}.{metric}: the plan has no gate for this metric, so this target has no effect"
            continue
        yield from _level_faults(f"{at}.{metric}.target", metric, target, plan.statistics.longest_s)
        alarm = gate.alarm
        if alarm is not None and (target < alarm if metric.higher_is_better else target > alarm):
            yield f"{at}.{metric}.target: less strict than the level at which the gate takes the candidate back"
    if any(_readable(gate) for gate in plan.gates):
        return
    if plan.stages[number].targets and not any(_readable(gate) for gate in plan.gates_at(Place(number, 0))):
        yield f"{at}: {_NONE_READABLE}"


# Gates


def _gates_faults(plan: Plan) -> Iterator[str]:
    seen = [gate.metric for gate in plan.gates]
    yield from (f"gates.{metric}: appears twice" for metric in sorted(set(seen)) if seen.count(metric) > 1)
    for gate in plan.gates:
        yield from _gate_faults(gate, plan)
    if plan.gates and all(gate.alarm is None for gate in plan.gates):
        yield "gates: none of them has a step_back or roll_back level, so the candidate is never taken back"
    without = [stage for stage in plan.stages if not stage.targets]
    if not any(_readable(gate) for gate in plan.gates) and (without or not plan.stages):
        yield f"gates: {_NONE_READABLE}"


_NONE_READABLE = (
    "no gate has a target that can be evaluated on both arms (cache_hit_rate and fallback_rate cannot), so no "
    "step could ever end; give another gate a target"
)

_LEVELS = "target, step_back, roll_back or margin"
_SILENT_ON_AN_ARM = (GateMetric.CACHE_HIT_RATE, GateMetric.FALLBACK_RATE)
"""Cache hits do not depend on the arm.

The baseline, on which a step without a share is evaluated, has no fallbacks.
"""


def _readable(gate: Gate) -> bool:
    return gate.target is not None and gate.metric not in _SILENT_ON_AN_ARM


def _gate_faults(gate: Gate, plan: Plan) -> Iterator[str]:
    at, metric = f"gates.{gate.metric}", gate.metric
    levels = {"target": gate.target, "step_back": gate.step_back, "roll_back": gate.roll_back}
    given = {name: level for name, level in levels.items() if level is not None}
    if not given and gate.margin is None and not any(metric in stage.targets for stage in plan.stages):
        yield f"{at}: has no {_LEVELS}, so it cannot pass or fail; add one, or remove the gate"
    for name, level in given.items():
        yield from _level_faults(f"{at}.{name}", metric, level, plan.statistics.longest_s)
    ordered = list(given.values())
    if ordered != sorted(ordered, reverse=metric.higher_is_better):
        yield f"{at}: step_back must be worse than target, and roll_back worse than both"
    if metric is GateMetric.CACHE_HIT_RATE and (gate.alarm is not None or gate.margin is not None):
        yield f"{at}: cache hits do not depend on the arm, so this gate can hold a rollout but not take it back"
    if metric in QUANTILES and gate.margin is not None and not given:
        yield f"{at}.margin: compares the calls that take longer than a level, but the gate has no level"


def _level_faults(at: str, metric: GateMetric, level: float, longest_s: float) -> Iterator[str]:
    if metric.is_duration and level not in metric.edges_s:
        known = ", ".join(f"{edge:g}" for edge in metric.edges_s)
        yield f"{at}: {level:g} s is not an edge of the histogram; use one of {known} s"
    if metric.is_duration and not 0 < level < longest_s:
        yield f"{at}: no call takes longer than {longest_s:g} s, so {level:g} s can never be crossed"
    if not metric.is_duration and not 0 < level < 1:
        yield (
            f"{at}: {level:.0%} can never be crossed"
            if level in (0, 1)
            else f"{at}: {level:.0%} is not between 0 % and 100 %"
        )


# The rest


def _yardstick_faults(yardstick_ppm: int) -> Iterator[str]:
    if not 0 <= yardstick_ppm <= MOST_ON_THE_YARDSTICK_PPM:
        yield (
            f"yardstick: {percent_from_ppm(yardstick_ppm):g} % is not between 0 and "
            f"{percent_from_ppm(MOST_ON_THE_YARDSTICK_PPM):g} %: these listeners never hear the candidate"
        )


def _shadow_faults(budget: ShadowBudget) -> Iterator[str]:
    if not budget.characters_a_day > 0:
        yield "shadow.characters_a_day: must be more than 0; for no shadow requests, remove `shadow` from stages"
    if not budget.at_once > 0:
        yield "shadow.at_once: must be at least 1"


def _policy_faults(policy: Policy) -> Iterator[str]:
    if policy.resume_after_s is not None and not policy.resume_after_s > 0:
        yield "policy.resume.after: must be more than 0"
    if policy.alone_after_s is not None and not policy.alone_after_s >= 0:
        yield "policy.when_alone.roll_back_after: must not be negative"


def _statistics_faults(statistics: Statistics) -> Iterator[str]:
    if not statistics.slot_s > 0:
        yield "statistics.slot: must be more than 0"
    if not statistics.longest_s > 0:
        yield "statistics.longest_synthesis: must be more than 0"
    if not 0 < statistics.promotion_alpha < 1:
        yield "statistics.promotion_alpha: must be more than 0 % and less than 100 %"
    if statistics.quiet_s < statistics.slot_s:
        yield (
            f"statistics.quiet: shorter than a slot ({statistics.slot_s:g} s), "
            "so a hold could not continue from one slot to the next"
        )
    if not statistics.slower_ratio >= 1:
        yield "statistics.slower_ratio: must be at least 1; with 1 the candidate must not be slower at all"
    if statistics.blip_s < 0:
        yield "statistics.least_duration: must not be negative"
