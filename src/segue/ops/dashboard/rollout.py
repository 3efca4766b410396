"""Panels of the rollout itself: where it stands, and each gate on both arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.core.gates import Metric
from segue.ops.dashboard.panels import Kind, Level, Panel, Query, Row, Unit
from segue.telemetry import catalog

if TYPE_CHECKING:
    from segue.core.plan import Plan

_STAGE, _SHARE = f"max({catalog.STAGE.name})", f"max({catalog.SHARE.name})"
_HELD, _HOLD = f"max({catalog.HELD.name})", f"max({catalog.HOLD.name})"

TRANSITIONS = f"sum by (kind, trigger) (increase({catalog.TRANSITIONS.name}[$__rate_interval])) > 0"
"""Every entry of the history, for the annotations."""


def rollout_rows(plan: Plan) -> tuple[Row, ...]:
    return (Row("Rollout", _standing(plan)), Row("Candidate minus baseline", _differences(plan)))


def _standing(plan: Plan) -> tuple[Panel, ...]:
    stages = tuple(f"{number} {stage.name}" for number, stage in enumerate(plan.stages))
    phase = Query(f"max by (phase) ({catalog.PHASE.name}) == 1", "{{phase}}")
    looked = f"time() - max({catalog.LOOKED.name} > 0)"
    moved = f"sum by (kind, trigger) ({catalog.TRANSITIONS.name}) > 0"
    return (
        _value("Stage", _STAGE, Unit.COUNT, names=stages),
        Panel("Phase", (phase,), Unit.COUNT, "", Kind.VALUE, 4),
        _value("Candidate share", _SHARE, Unit.RATIO),
        _value("Held", _HELD, Unit.SECONDS),
        _value("To hold", _HOLD, Unit.SECONDS),
        _value("Last look of the judge", looked, Unit.SECONDS),
        Panel(
            "Stage and share",
            (Query(_STAGE, "stage"), Query(_SHARE, "candidate share")),
            Unit.COUNT,
            "Every entry of the history is marked. The share is 0 to 1.",
            width=12,
        ),
        Panel("Transitions", (Query(moved, "{{kind}} {{trigger}}"),), Unit.COUNT, "Since the replicas' start."),
        Panel(
            "Replicas behind",
            (Query(f"max({catalog.REVISION.name}) - min({catalog.REVISION.name})", "revisions"),),
            Unit.COUNT,
            "By how many entries the slowest replica is behind the fastest.",
            width=4,
        ),
        _gates_against_boundaries(),
    )


def _value(title: str, expr: str, unit: Unit, names: tuple[str, ...] = ()) -> Panel:
    return Panel(title, (Query(expr, title.lower()),), unit, "", Kind.VALUE, 4, (), names)


def _gates_against_boundaries() -> Panel:
    estimate = f'max by (gate, arm) ({catalog.GATE.name}{{bound="estimate"}})'
    boundary = f"max by (gate) ({catalog.GATE_BOUNDARY.name} > 0)"
    return Panel(
        "Gates: part of what is allowed",
        (Query(f"{estimate} / on (gate) group_left () {boundary}", "{{gate}} {{arm}}"),),
        Unit.RATIO,
        "The rate of bad cases since the step began, by the rate at which the target lies: under 100 % is met.",
        width=24,
        levels=(Level(1.0, "red"),),
    )


def _differences(plan: Plan) -> tuple[Panel, ...]:
    """A panel a gate: the estimate between the ends of its interval, 0 where both arms are alike."""
    return tuple(
        Panel(
            f"{gate.metric.replace('_', ' ')}: candidate minus baseline",
            tuple(
                Query(f'sum({catalog.GATE_DIFFERENCE.name}{{gate="{gate.metric}",bound="{bound}"}})', bound)
                for bound in ("low", "estimate", "high")
            ),
            Unit.RATIO,
            "Rates of bad cases since the step began. Above 0 the candidate is worse; it is so for certain where "
            "even the low end is above 0.",
            width=6,
            levels=(Level(0.0, "orange"),),
        )
        for gate in plan.gates
        if gate.metric is not Metric.CACHE_HIT_RATE
    )
