"""Describes a plan in words, for readers who did not write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.units import PPM, percent_from_ppm
from segue.rollout.core.gates import QUANTILES, GateMetric
from segue.rollout.core.plan import Missed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.rollout.core.gates import Gate
    from segue.rollout.core.plan import Hours, Plan, Policy, Stage, Step

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_UNITS = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def in_words(plan: Plan) -> Iterator[str]:
    """One or more sentences about stages, gates, comparison and policy."""
    yield f"{plan.name}: {len(plan.stages)} stages; {span(plan.hold_s)} if all gates are met when each hold ends."
    for number, stage in enumerate(plan.stages):
        yield f"Stage {number}, {stage.name}: {_stage(stage)}."
    yield from _gates(plan)
    yield from _comparison(plan)
    yield from _policy(plan.policy)


def _comparison(plan: Plan) -> Iterator[str]:
    """What the candidate is compared with, and the budget for shadow requests."""
    if plan.yardstick_ppm:
        part = percent_from_ppm(plan.yardstick_ppm)
        yield (
            f"{part:g} % of the listeners stay on the baseline at every share, and after the plan has finished. "
            "They are the yardstick for comparing the candidate."
        )
    elif any(step.share_ppm >= PPM for stage in plan.stages for step in stage.steps):
        yield (
            "At a share of 100 % no listener is left on the baseline for a comparison: only requests that fall "
            "back to it show which arm an outage affects. A yardstick (such as 1 %) is better."
        )
    if any(stage.shadow_ppm for stage in plan.stages):
        budget = plan.shadow
        yield (
            f"Shadow requests use at most {budget.characters_a_day:,.0f} characters of text a day, "
            f"{budget.at_once} at the same time."
        )


def _policy(policy: Policy) -> Iterator[str]:
    yield (
        f"After a step back the rollout cools down for {span(policy.cool_down_s)}. After {policy.most_step_backs} "
        "step backs it rolls back, and a person must decide. A step is reported as stuck after "
        f"{policy.progress_deadline:g} times its hold."
    )
    if policy.missed is not Missed.HOLD:
        yield (
            "If a target is still certainly missed when the hold has been over for another hold, the rollout "
            f"{_MISSED[policy.missed]}."
        )
    alone = "stops the rollout from advancing while it lasts; a person can roll back"
    if policy.alone_after_s is not None:
        alone = f"causes a rollback when it has lasted {span(policy.alone_after_s)}"
    yield f"An alarm that no baseline can confirm or refute {alone}."
    if policy.resume_after_s is not None:
        yield f"{span(policy.resume_after_s)} after a rollback by the judge, the rollout resumes automatically."


_MISSED = {
    Missed.STEP_BACK: "goes back to the nearest earlier stage with less exposure",
    Missed.ROLL_BACK: "rolls back",
}


def span(time_s: float) -> str:
    """Seconds in the largest unit that divides them."""
    for unit_s, unit in _UNITS:
        if time_s >= unit_s and time_s % unit_s == 0:
            return f"{time_s / unit_s:g} {unit}"
    return f"{time_s:g} s"


def _stage(stage: Stage) -> str:
    whom = ", ".join(sorted(stage.characters)) or "all characters"
    said = "; then ".join(_step(step, stage, whom) for step in stage.steps)
    if stage.shadow_ppm:
        part = percent_from_ppm(stage.shadow_ppm)
        said += (
            f"; {part:g} % of the requests that the baseline answers are also sent to the candidate as shadow "
            "requests"
        )
    if stage.targets:
        said += f"; targets of this stage: {', '.join(_targets(stage))}"
    if stage.approval:
        said += "; a person must approve before it is entered"
    if stage.hours is not None:
        said += f"; it is entered only {_hours(stage.hours)}"
    return said


def _step(step: Step, stage: Stage, whom: str) -> str:
    if step.share_ppm == 0:
        arm = "candidate" if stage.shadow_ppm else "baseline"
        return f"no listener hears the candidate for {span(step.hold_s)}; the {arm} must meet the targets"
    share = f"{percent_from_ppm(step.share_ppm):g} %"
    return f"{share} of the listeners of {whom} hear the candidate for {span(step.hold_s)}"


def _targets(stage: Stage) -> Iterator[str]:
    return (level_in_words(metric, level, good=True) for metric, level in stage.targets.items())


def _hours(hours: Hours) -> str:
    first, last = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (hours.first_minute, hours.last_minute))
    days = ", ".join(_WEEKDAYS[day] for day in sorted(hours.weekdays))
    return f"from {first} to {last} ({hours.zone}) on {days}"


def _gates(plan: Plan) -> Iterator[str]:
    goes_on = [_level(gate, gate.target, good=True) for gate in plan.gates if gate.target is not None]
    goes_on += [_margin(gate) for gate in plan.gates if gate.margin is not None]
    steps = [_level(gate, gate.step_back, good=False) for gate in plan.gates if gate.step_back is not None]
    rolls = [_level(gate, gate.roll_back, good=False) for gate in plan.gates if gate.roll_back is not None]
    wrong = f"{plan.statistics.promotion_alpha * 100:g} %"
    yield f"It advances when the hold is over and, with at most {wrong} error probability, {', '.join(goes_on)}."
    if steps:
        yield (
            f"It goes back (P1) on {', '.join(steps)}, to the nearest earlier stage with less exposure; if "
            "there is none, it rolls back."
        )
    if rolls:
        yield f"It rolls back (P0) on {', '.join(rolls)}."
    if steps or rolls:
        yield "If only one or a few characters are affected, it first holds back the worst of them instead."


def _margin(gate: Gate) -> str:
    assert gate.margin is not None, "checked by the caller"
    return f"{gate.metric} worse than the baseline's by at most {gate.margin * 100:g} %"


def _level(gate: Gate, level: float | None, *, good: bool) -> str:
    assert level is not None, "checked by the caller"
    return level_in_words(gate.metric, level, good=good)


def level_in_words(metric: GateMetric, level: float, *, good: bool) -> str:
    """``error_rate below 1 %``: the good side of the level, or the bad one."""
    side = "above" if metric.higher_is_better is good else "below"
    scale = f"{level:g} s" if metric in (GateMetric.MEAN_SYNTHESIS, *QUANTILES) else f"{level * 100:g} %"
    return f"{metric} {side} {scale}"
