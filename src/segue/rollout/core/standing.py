"""The state of a rollout in numbers, for monitoring.

The judge evaluates a gate on one arm, for a verdict. Here every gate is evaluated on both arms, with their
difference, for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.kernel.arms import Arm
from segue.rollout.core.decide import eligible
from segue.rollout.core.gates import Counted, Gate, GateMetric, comparable, counted
from segue.rollout.core.stats import Interval, rate_interval

if TYPE_CHECKING:
    from segue.rollout.core.decide import Decision
    from segue.rollout.core.evidence import Evidence
    from segue.rollout.core.plan import Plan
    from segue.rollout.core.rollout import Phase, RolloutState
    from segue.rollout.core.windows import Tally

NOT_OF_AN_ARM = "both"
"""The ``arm`` of cache hits, which do not depend on the arm."""


@dataclass(frozen=True, slots=True)
class GateSeen:
    """A gate since the step began: the rate of bad cases and its interval, 0 to 1.

    For a mean, the rate is the mean as a part of the longest time that a call can take. ``arm`` is an arm's name
    or ``NOT_OF_AN_ARM``. ``boundary`` is the rate at the gate's target, or at its alarm level if it has no target.
    """

    gate: str
    arm: str
    estimate: float
    low: float
    high: float
    boundary: float


@dataclass(frozen=True, slots=True)
class GateDifference:
    """The candidate's rate of bad cases minus the baseline's, -1 to 1; above 0 the candidate is worse."""

    gate: str
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A rollout at one moment. ``stage`` and ``step`` count from 0; ``looked_at_s`` is Unix time.

    ``held_s`` of ``hold_s`` have passed, as the judge counts them. ``hold_over``: at least the hold has passed
    since the step began, with or without traffic, and the step has not ended. ``stuck``: this has lasted too long.
    ``trouble`` is why the source of metrics cannot be read; empty if it can.
    """

    revision: int
    phase: Phase
    looked_at_s: float
    stage: int = 0
    step: int = 0
    held_s: float = 0.0
    hold_s: float = 0.0
    hold_over: bool = False
    stuck: bool = False
    trouble: str = ""
    gates: tuple[GateSeen, ...] = ()
    differences: tuple[GateDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class At:
    """The revision and the time (Unix time) of an observation."""

    revision: int
    now_s: float


def standing(plan: Plan, state: RolloutState, evidence: Evidence, decision: Decision, at: At) -> Standing:
    """The state of the rollout at the time of this decision."""
    held_s, hold_s = evidence.held_s, plan.step(state.place).hold_s
    waiting = state.is_held and decision.verb is None
    gates = tuple(seen for gate in plan.gates for seen in _both_arms(gate, plan, state, evidence))
    return Standing(
        at.revision,
        state.phase,
        at.now_s,
        state.place.stage,
        state.place.step,
        held_s,
        hold_s,
        waiting and state.held_for_s(at.now_s) >= hold_s,
        decision.stuck,
        evidence.trouble,
        gates,
        tuple(_differences(plan, state, evidence)),
    )


def _both_arms(gate: Gate, plan: Plan, state: RolloutState, evidence: Evidence) -> list[GateSeen]:
    level = _level(gate)
    if level is None:
        return []
    if gate.metric is GateMetric.CACHE_HIT_RATE:
        hits, lookups = evidence.total.hits, evidence.total.lookups
        counts = Counted(max(0.0, lookups - hits), lookups, 1.0 - level)
        return _seen(gate, NOT_OF_AN_ARM, counts, plan.statistics.promotion_alpha)
    found = []
    for arm in Arm:
        tally = evidence.total.of(arm, eligible(state, evidence))
        found += _seen(
            gate,
            arm,
            counted(gate.metric, level, tally, plan.statistics.longest_s),
            plan.statistics.promotion_alpha,
        )
    return found


def _seen(gate: Gate, arm: str, counts: Counted, alpha: float) -> list[GateSeen]:
    """Empty if there was no case."""
    if not counts.trials:
        return []
    low, high = _interval(counts, alpha)
    return [GateSeen(gate.metric, arm, counts.bad / counts.trials, low, high, counts.boundary)]


def _differences(plan: Plan, state: RolloutState, evidence: Evidence) -> list[GateDifference]:
    """Each side uses half of alpha: both intervals, and therefore their difference, hold except in alpha of all
    runs.
    """
    found = []
    characters, alpha = eligible(state, evidence), plan.statistics.promotion_alpha / 2
    for gate in plan.gates:
        sides = [
            _compared(gate, plan, evidence.total.of(arm, characters), arm) for arm in (Arm.CANDIDATE, Arm.BASELINE)
        ]
        if any(side is None or not side.trials for side in sides):
            continue
        ours, theirs = (side for side in sides if side is not None)
        mine, other = _interval(ours, alpha), _interval(theirs, alpha)
        estimate = ours.bad / ours.trials - theirs.bad / theirs.trials
        found.append(GateDifference(gate.metric, estimate, mine.low - other.high, mine.high - other.low))
    return found


def _compared(gate: Gate, plan: Plan, tally: Tally, arm: Arm) -> Counted | None:
    level = _level(gate)
    if level is None or gate.metric is GateMetric.CACHE_HIT_RATE:
        return None
    if gate.metric is GateMetric.MEAN_SYNTHESIS:
        return counted(gate.metric, level, tally, plan.statistics.longest_s)
    return comparable(gate.metric, level, tally, arm)


def _level(gate: Gate) -> float | None:
    return gate.alarm if gate.target is None else gate.target


def _interval(counts: Counted, alpha: float) -> Interval:
    return rate_interval(counts.bad, counts.trials - counts.bad, alpha)
