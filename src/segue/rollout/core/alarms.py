"""Alarms: which levels are crossed, in which scope, and whether only the candidate is affected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.rollout.core.detect import EvidenceRun, Watch, grave_by_rate
from segue.rollout.core.evidence import LISTENERS_PART, UNITS_PART, alarm_log_e
from segue.rollout.core.gates import QUANTILES, Gate, GateMetric, level_as_rate

if TYPE_CHECKING:
    from segue.rollout.core.evidence import Evidence
    from segue.rollout.core.plan import Plan


@dataclass(frozen=True, slots=True)
class Alarm:
    """A gate whose detector raised an alarm: its scope, its run, and the rate of bad cases at its level.

    ``worse``: in the same time the candidate did worse than the baseline. ``alone``: the baseline had too few
    trials to compare with. ``by_listener``: the alarm counts listeners per day, not units. ``lasted_s`` is the
    time from the start of the run until its evidence last grew. That may be long ago, because evidence of past
    trouble decreases slowly.
    """

    gate: Gate
    scope: str
    run: EvidenceRun
    boundary: float
    grave: bool
    log_e: float
    worse: bool
    alone: bool
    lasted_s: float
    by_listener: bool = False


def alarms(plan: Plan, evidence: Evidence) -> list[Alarm]:
    """Every gate in every scope with enough evidence that its level is crossed, and for longer than ``blip_s``."""
    found = []
    characters = len(evidence.characters)
    for watches, part in ((evidence.watches, UNITS_PART), (evidence.by_listener, LISTENERS_PART)):
        for gate in plan.watched_gates:
            for (metric, scope), watch in watches.items():
                if metric == gate.metric and watch.evidence >= alarm_log_e(plan, scope, characters, part):
                    found.append(_alarm(gate, scope, watch, plan, by_listener=part == LISTENERS_PART))
    return [alarm for alarm in found if alarm.run.lasted_s >= plan.statistics.blip_s]


def _alarm(gate: Gate, scope: str, watch: Watch, plan: Plan, *, by_listener: bool) -> Alarm:
    best = watch.best
    assert best.run is not None, "an alarm has evidence"
    assert best.comparison is not None, "an alarm has evidence"
    compared = best.comparison
    alone = not compared.accuses and compared.other_trials < plan.statistics.least_baseline_units
    grave = _grave(gate, best.run, plan)
    boundary = level_as_rate(gate, plan.statistics.longest_s)
    return Alarm(
        gate,
        scope,
        best.run,
        boundary,
        grave,
        watch.evidence,
        compared.accuses,
        alone,
        best.top_s - best.run.since_s,
        by_listener=by_listener,
    )


def _grave(gate: Gate, run: EvidenceRun, plan: Plan) -> bool:
    if gate.roll_back is None:
        return False
    if gate.step_back is None:
        return True
    if gate.metric is GateMetric.MEAN_SYNTHESIS:
        return run.rate * plan.statistics.longest_s > gate.roll_back
    if gate.metric in QUANTILES:
        return grave_by_rate(run, 1.0 - QUANTILES[gate.metric])
    return grave_by_rate(run, 1.0 - gate.roll_back if gate.metric.higher_is_better else gate.roll_back)
