"""Warnings about usable plans: gates that raise no alarm although the candidate fails completely.

After several failures in a row the breaker refuses calls, so the candidate receives no more requests. A refused
call is not an error, has no duration and no audio, and its listener is served by the fallback. Therefore most
metrics count nothing bad for a candidate that fails completely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.units import PPM
from segue.rollout.core.gates import Gate, GateMetric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segue.rollout.core.plan import Plan, Stage

_ALWAYS = GateMetric.SUCCESS_RATE
"""Counts refused calls everywhere: for listeners and for shadow requests."""


def doubts(plan: Plan, *, fallback: bool) -> list[str]:
    """One sentence or more for each warning; ``fallback``: the baseline answers when the candidate fails."""
    return [*_of_the_dead(plan, fallback=fallback), *_of_nobody_to_compare_with(plan, fallback=fallback)]


def _of_the_dead(plan: Plan, *, fallback: bool) -> Iterator[str]:
    """Warns that a candidate that fails completely raises no alarm, for listeners or in the shadow."""
    by_listeners = (_ALWAYS, GateMetric.FALLBACK_RATE if fallback else GateMetric.UNSERVED_RATE)
    alarms = {gate.metric for gate in plan.watched_gates}
    if not alarms.intersection(by_listeners):
        yield (
            "a candidate that fails completely raises no alarm of this plan: after a few failures the breaker "
            f"refuses its calls, and only {' and '.join(by_listeners)} count refused "
            f"calls{'' if fallback else ' while the fallback is off'}. Give one of them a step_back or a "
            f"roll_back.{_ends_all_the_same(plan, by_listeners, plan.stages)}"
        )
    elif shadowed := [stage for stage in plan.stages if stage.shadow_ppm and _ALWAYS not in alarms]:
        yield (
            f"a candidate that fails completely in the shadow ({_named(shadowed)}) raises no alarm of this plan: "
            "after a few failures the breaker refuses its calls, and in the shadow only "
            f"{_ALWAYS} counts refused calls. Give it a step_back or a roll_back."
            f"{_ends_all_the_same(plan, (_ALWAYS,), shadowed)}"
        )


def _ends_all_the_same(plan: Plan, seeing: Iterable[GateMetric], stages: Iterable[Stage]) -> str:
    """Adds that a stage would still end, because no target in it requires a success or a call with a duration."""
    ends = [stage for stage in stages if _asks_the_candidate(stage) and not _holds(plan, stage, frozenset(seeing))]
    return f" These stages would still end with their targets met: {_named(ends)}." if ends else ""


def _asks_the_candidate(stage: Stage) -> bool:
    return bool(stage.shadow_ppm) or any(step.share_ppm for step in stage.steps)


def _holds(plan: Plan, stage: Stage, seeing: frozenset[GateMetric]) -> bool:
    """Whether a target of the stage is missed, or has no data, while all calls are refused."""
    return any(
        _has_target(gate, stage) and (gate.metric in seeing or gate.metric.is_duration) for gate in plan.gates
    )


def _has_target(gate: Gate, stage: Stage) -> bool:
    return gate.target is not None or gate.metric in stage.targets


def _of_nobody_to_compare_with(plan: Plan, *, fallback: bool) -> Iterator[str]:
    """Warns if there is nothing to compare the candidate with, so that the rollout never goes back by itself."""
    if fallback or plan.yardstick_ppm or plan.policy.alone_after_s is not None:
        return
    everyone = [stage for stage in plan.stages if any(step.share_ppm >= PPM for step in stage.steps)]
    if everyone:
        yield (
            f"at a share of 100 % ({_named(everyone)}) no listener hears the baseline, and with the fallback off "
            "no request falls back to it: no alarm can be attributed to the candidate. policy.when_alone is "
            "`hold`, so the rollout then does not advance while an alarm lasts, and never goes back by itself. "
            "Set a yardstick (such as 1 %) or when_alone: {roll_back_after: 2h}."
        )


def _named(stages: Iterable[Stage]) -> str:
    return ", ".join(stage.name for stage in stages)
