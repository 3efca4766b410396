"""Where a rollout stands, in numbers: for whoever watches it from outside.

The judge reads a gate on one arm, for a verdict. Here every gate is read on both, and the difference between them,
for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.core.decide import eligible
from segue.core.gates import Counted, Gate, Metric, comparable, counted
from segue.core.rollout import Phase
from segue.core.speech import Arm
from segue.core.stats import Interval, rate_interval

if TYPE_CHECKING:
    from segue.core.decide import Decision
    from segue.core.evidence import Evidence
    from segue.core.plan import Plan
    from segue.core.rollout import RolloutState
    from segue.core.windows import Tally

NOT_OF_AN_ARM = "both"
"""What cache hits are counted under: they say nothing of either arm."""


@dataclass(frozen=True, slots=True)
class GateSeen:
    """A gate since the step began: the rate of bad cases and the interval it lies in, 0 to 1.

    For a mean, the part of the longest time a call may take that is used on average. ``arm`` is an arm's name or
    ``NOT_OF_AN_ARM``. ``boundary`` is the rate at which the gate's target lies, or its alarm where it has none.
    """

    gate: str
    arm: str
    estimate: float
    low: float
    high: float
    boundary: float


@dataclass(frozen=True, slots=True)
class GateDifference:
    """The candidate's rate of bad cases minus the baseline's, -1 to 1: above 0 the candidate is worse."""

    gate: str
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Standing:
    """A rollout at one look. ``stage`` and ``step`` count from 0; ``looked_at_s`` is Unix time.

    ``hold_over`` says that the step has been held as long as it should and has not ended; ``stuck`` that this has
    lasted too long; ``trouble`` is why the source of metrics cannot be read, where it cannot.
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
    """The look: upon which revision, when (Unix time)."""

    revision: int
    now_s: float


def standing(plan: Plan, state: RolloutState, evidence: Evidence, decision: Decision, at: At) -> Standing:
    """Where the rollout stood when this was decided."""
    held_s, hold_s = state.held_for_s(at.now_s), plan.step(state.place).hold_s
    waiting = state.phase in (Phase.RUNNING, Phase.AWAITING_APPROVAL) and decision.verb is None
    gates = tuple(seen for gate in plan.gates for seen in _both_arms(gate, plan, state, evidence))
    return Standing(
        at.revision,
        state.phase,
        at.now_s,
        state.place.stage,
        state.place.step,
        held_s,
        hold_s,
        waiting and held_s >= hold_s,
        decision.stuck,
        evidence.trouble,
        gates,
        tuple(_differences(plan, state, evidence)),
    )


def _both_arms(gate: Gate, plan: Plan, state: RolloutState, evidence: Evidence) -> list[GateSeen]:
    level = _level(gate)
    if level is None:
        return []
    if gate.metric is Metric.CACHE_HIT_RATE:
        hits, lookups = evidence.total.hits, evidence.total.lookups
        counts = Counted(max(0.0, lookups - hits), lookups, 1.0 - level)
        return _seen(gate, NOT_OF_AN_ARM, counts, plan.gate_alpha)
    found = []
    for arm in Arm:
        tally = evidence.total.of(arm, eligible(state, evidence))
        found += _seen(gate, arm, counted(gate.metric, level, tally, plan.statistics.longest_s), plan.gate_alpha)
    return found


def _seen(gate: Gate, arm: str, counts: Counted, alpha: float) -> list[GateSeen]:
    """Nothing where there was no case."""
    if not counts.trials:
        return []
    low, high = _interval(counts, alpha)
    return [GateSeen(gate.metric, arm, counts.bad / counts.trials, low, high, counts.boundary)]


def _differences(plan: Plan, state: RolloutState, evidence: Evidence) -> list[GateDifference]:
    """Each side at half of alpha: both intervals hold at once but for alpha of all runs, and so does theirs."""
    found = []
    characters, alpha = eligible(state, evidence), plan.gate_alpha / 2
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
    if level is None or gate.metric is Metric.CACHE_HIT_RATE:
        return None
    if gate.metric is Metric.MEAN_SYNTHESIS:
        return counted(gate.metric, level, tally, plan.statistics.longest_s)
    return comparable(gate.metric, level, tally, arm)


def _level(gate: Gate) -> float | None:
    return gate.alarm if gate.target is None else gate.target


def _interval(counts: Counted, alpha: float) -> Interval:
    return rate_interval(counts.bad, counts.trials - counts.bad, alpha)
