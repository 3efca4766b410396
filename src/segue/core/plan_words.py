"""A plan in words: what it will do, for people who did not write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.core.gates import QUANTILES, Metric
from segue.core.units import percent_from_ppm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.core.gates import Gate
    from segue.core.plan import Hours, Plan, Stage, Step

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_UNITS = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def in_words(plan: Plan) -> Iterator[str]:
    """Stages, gates and policy, a sentence each."""
    yield f"{plan.name}: {len(plan.stages)} stages; {span(plan.hold_s)} if every gate is met as its hold ends."
    for number, stage in enumerate(plan.stages):
        yield f"Stage {number}, {stage.name}: {_stage(stage)}."
    yield from _gates(plan)
    policy = plan.policy
    yield (
        f"After a step back it cools down for {span(policy.cool_down_s)}; after {policy.most_step_backs} of them "
        f"it rolls back for a person to look. A step is reported as stuck after {policy.progress_deadline:g} "
        "times its hold."
    )


def span(time_s: float) -> str:
    """Seconds in the largest unit that divides them."""
    for unit_s, unit in _UNITS:
        if time_s >= unit_s and time_s % unit_s == 0:
            return f"{time_s / unit_s:g} {unit}"
    return f"{time_s:g} s"


def _stage(stage: Stage) -> str:
    whom = ", ".join(sorted(stage.characters)) or "all characters"
    said = "; then ".join(_step(step, whom) for step in stage.steps)
    if stage.approval:
        said += "; a person must agree before it is entered"
    if stage.hours is not None:
        said += f"; it is entered {_hours(stage.hours)} only"
    return said


def _step(step: Step, whom: str) -> str:
    if step.share_ppm == 0:
        return f"nobody hears the candidate for {span(step.hold_s)}, and the baseline must meet the targets"
    share = f"{percent_from_ppm(step.share_ppm):g} %"
    return f"{share} of the listeners of {whom} hear the candidate for {span(step.hold_s)}"


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
    yield f"It goes on when the hold is over and, wrong at most {wrong} of the time, {', '.join(goes_on)}."
    if steps:
        yield f"It goes back one stage (P1) on {', '.join(steps)}; trouble of one character takes that one back."
    if rolls:
        yield f"It goes back altogether (P0) on {', '.join(rolls)}."


def _margin(gate: Gate) -> str:
    assert gate.margin is not None, "checked by the caller"
    return f"{gate.metric} worse than the baseline's by at most {gate.margin * 100:g} %"


def _level(gate: Gate, level: float | None, *, good: bool) -> str:
    assert level is not None, "checked by the caller"
    side = "above" if gate.metric.higher_is_better is good else "below"
    scale = f"{level:g} s" if gate.metric in (Metric.MEAN_SYNTHESIS, *QUANTILES) else f"{level * 100:g} %"
    return f"{gate.metric} {side} {scale}"
