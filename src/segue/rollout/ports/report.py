"""A report about a rollout: the decisions, what was served in each stage, and a record of each time it went back.

Times are Unix seconds. Counts are of units, as the judge counted them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArmStatistics:
    """What one arm did in a period.

    ``success_ratio`` is the part of the units that got usable audio from the arm itself. Durations are the
    engine's. Quantiles are within 1 %. From a source without sketches they are the lowest edge of the judge's
    histogram that this part of the durations did not exceed, or None beyond its last edge. Each value is None if
    there was nothing to measure.
    """

    units: float = 0.0
    errors: float = 0.0
    refused: float = 0.0
    fallbacks: float = 0.0
    unserved: float = 0.0
    success_ratio: float | None = None
    mean_s: float | None = None
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """Both arms from ``start_s`` for ``length_s``: one or more of the judge's slots."""

    start_s: float
    length_s: float
    baseline: ArmStatistics
    candidate: ArmStatistics


@dataclass(frozen=True, slots=True)
class StandingInWords:
    """A state in words. ``share_percent`` is 0 while the master switch is off; empty ``characters`` means all."""

    phase: str
    stage: str
    step: int
    share_percent: float
    characters: tuple[str, ...] = ()
    held_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transition:
    """One entry of the history. ``gates`` are the sentences of the gates that were evaluated for it."""

    revision: int
    at_s: float
    actor: str
    kind: str
    why: str
    trigger: str
    character: str
    after: StandingInWords
    gates: tuple[str, ...] = ()
    actor_source: str = ""


@dataclass(frozen=True, slots=True)
class Followed:
    """A replica applied a change after ``after_s`` seconds."""

    replica: str
    after_s: float


@dataclass(frozen=True, slots=True)
class GoingBack:
    """The record of one time the rollout went back: when, who, why, severity, state before, how, how fast, effect,
    state after.

    ``trigger``: P0 or P1 if the judge went back; empty for a person. ``decided_in_s`` is the time from reading the
    state to writing the decision. ``followed`` names the replicas that have reported when they applied it.
    ``took_s`` is the decision and the slowest of them, or None if none has reported. ``characters`` were affected,
    all if it is empty; ``units_hour_before`` of them heard the candidate in the hour before.
    """

    revision: int
    at_s: float
    actor: str
    why: str
    trigger: str
    kind: str
    before: StandingInWords
    after: StandingInWords
    decided_in_s: float
    took_s: float | None
    followed: tuple[Followed, ...]
    characters: tuple[str, ...]
    units_hour_before: float
    actor_source: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """The period from one entry of the history to the next: the state, and what was served."""

    revision: int
    from_s: float
    to_s: float
    standing: StandingInWords
    baseline: ArmStatistics
    candidate: ArmStatistics


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report. It covers ``from_s`` to ``to_s``; ``plan`` is the name of its plan, if it had one."""

    rollout_id: str
    plan: str
    description: str
    from_s: float
    to_s: float
    transitions: tuple[Transition, ...]
    stays: tuple[Period, ...]
    goings_back: tuple[GoingBack, ...]
    points: tuple[Point, ...]
