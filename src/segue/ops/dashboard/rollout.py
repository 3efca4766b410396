"""Panels of the rollout: its state, and each gate on both arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.telemetry import catalog
from segue.ops.dashboard.panels import Panel, PanelKind, PanelQuery, PanelRow, PanelUnit, Threshold
from segue.rollout.core.gates import GateMetric

if TYPE_CHECKING:
    from segue.rollout.core.plan import Plan

_STAGE, _SHARE = f"max({catalog.STAGE.name})", f"max({catalog.SHARE.name})"
_HELD, _HOLD = f"max({catalog.HELD.name})", f"max({catalog.HOLD.name})"

TRANSITIONS = f"sum by (kind, trigger) (increase({catalog.TRANSITIONS.name}[$__rate_interval])) > 0"
"""Every entry of the history, for the annotations."""


def rollout_rows(plan: Plan) -> tuple[PanelRow, ...]:
    return (PanelRow("Rollout", _standing(plan)), PanelRow("Candidate minus baseline", _differences(plan)))


def _standing(plan: Plan) -> tuple[Panel, ...]:
    stages = tuple(f"{number} {stage.name}" for number, stage in enumerate(plan.stages))
    phase = PanelQuery(f"max by (phase) ({catalog.PHASE.name}) == 1", "{{phase}}")
    looked = f"time() - max({catalog.LOOKED.name} > 0)"
    moved = f"sum by (kind, trigger) ({catalog.TRANSITIONS.name}) > 0"
    return (
        _value("Stage", _STAGE, PanelUnit.COUNT, names=stages),
        Panel("Phase", (phase,), PanelUnit.COUNT, "", PanelKind.VALUE, 4),
        _value("Candidate share", _SHARE, PanelUnit.RATIO),
        _value("Time held", _HELD, PanelUnit.SECONDS),
        _value("Hold of the step", _HOLD, PanelUnit.SECONDS),
        _value("Time since the judge last read the evidence", looked, PanelUnit.SECONDS),
        Panel(
            "Stage and share",
            (PanelQuery(_STAGE, "stage"), PanelQuery(_SHARE, "candidate share")),
            PanelUnit.COUNT,
            "Every entry of the history is marked. The share is 0 to 1.",
            width=12,
        ),
        Panel(
            "Transitions",
            (PanelQuery(moved, "{{kind}} {{trigger}}"),),
            PanelUnit.COUNT,
            "Counted since the replicas started.",
        ),
        Panel(
            "Replicas behind",
            (PanelQuery(f"max({catalog.REVISION.name}) - min({catalog.REVISION.name})", "revisions"),),
            PanelUnit.COUNT,
            "How many entries of the history the slowest replica is behind the fastest.",
            width=4,
        ),
        _gates_against_boundaries(),
    )


def _value(title: str, expr: str, unit: PanelUnit, names: tuple[str, ...] = ()) -> Panel:
    return Panel(title, (PanelQuery(expr, title.lower()),), unit, "", PanelKind.VALUE, 4, (), names)


def _gates_against_boundaries() -> Panel:
    estimate = f'max by (gate, arm) ({catalog.GATE.name}{{bound="estimate"}})'
    boundary = f"max by (gate) ({catalog.GATE_BOUNDARY.name} > 0)"
    return Panel(
        "Gates: bad cases relative to the target",
        (PanelQuery(f"{estimate} / on (gate) group_left () {boundary}", "{{gate}} {{arm}}"),),
        PanelUnit.RATIO,
        "The rate of bad cases since the step began, divided by the rate at the target. Above 100 % the estimate "
        "misses the target. Below 100 % it meets the target, but the gate is met only when there are enough cases "
        "to be certain: see `segue rollout status`.",
        width=24,
        levels=(Threshold(1.0, "red"),),
    )


def _differences(plan: Plan) -> tuple[Panel, ...]:
    """One panel per gate: the estimate and both ends of its interval; 0 means that both arms are equal."""
    return tuple(
        Panel(
            f"{gate.metric.replace('_', ' ')}: candidate minus baseline",
            tuple(
                PanelQuery(f'sum({catalog.GATE_DIFFERENCE.name}{{gate="{gate.metric}",bound="{bound}"}})', bound)
                for bound in ("low", "estimate", "high")
            ),
            PanelUnit.RATIO,
            "Rates of bad cases since the step began. Above 0 the candidate is worse. If the low end is above 0, "
            "it is worse with the confidence of the interval.",
            width=6,
            levels=(Threshold(0.0, "orange"),),
        )
        for gate in plan.gates
        if gate.metric is not GateMetric.CACHE_HIT_RATE
    )
