"""A rollout told afterwards: what was decided, what each stage served, and a record of every going back.

Times are Unix seconds. Counts are of units, as the judge counted them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heard:
    """What one arm did in some time.

    ``success_ratio`` counts what got usable audio from the arm itself. Durations are the engine's; quantiles are
    within 1 %, or, from a source that keeps no sketches, the lowest edge of the judge's histogram that so many
    stayed under, None where that is beyond its last. Each is None where there was nothing to measure.
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
    """Both arms from ``start_s`` for ``length_s``: one or more of the judge's slots together."""

    start_s: float
    length_s: float
    baseline: Heard
    candidate: Heard


@dataclass(frozen=True, slots=True)
class Standing:
    """A state in words. ``share_percent`` is 0 while the switch is off; no ``characters`` are all of them."""

    phase: str
    stage: str
    step: int
    share_percent: float
    characters: tuple[str, ...] = ()
    held_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transition:
    """One entry of the history. ``gates`` are the sentences of the gates that were read for it."""

    revision: int
    at_s: float
    actor: str
    kind: str
    why: str
    trigger: str
    character: str
    after: Standing
    gates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Followed:
    """A replica served by a change ``after_s`` seconds."""

    replica: str
    after_s: float


@dataclass(frozen=True, slots=True)
class GoingBack:
    """The record of one going back: when, who, why, how grave, from what, how, how fast, whom it touched, to what.

    ``trigger``: P0 or P1 where the judge went back; empty for a person. ``decided_in_s`` is from looking to
    writing; ``followed`` names the replicas that have said when they took it; ``took_s`` is the decision and the
    slowest of them, None where none has said so. ``characters`` were touched, all of
    them where none is named; ``units_hour_before`` heard the candidate as one of them in the hour before.
    """

    revision: int
    at_s: float
    actor: str
    why: str
    trigger: str
    kind: str
    before: Standing
    after: Standing
    decided_in_s: float
    took_s: float | None
    followed: tuple[Followed, ...]
    characters: tuple[str, ...]
    units_hour_before: float


@dataclass(frozen=True, slots=True)
class Stay:
    """From one entry of the history to the next: where it stood, and what was heard."""

    revision: int
    from_s: float
    to_s: float
    standing: Standing
    baseline: Heard
    candidate: Heard


@dataclass(frozen=True, slots=True)
class Report:
    """The whole. ``from_s`` to ``to_s`` is what it covers; ``plan`` is its plan's name, where it had one."""

    rollout_id: str
    plan: str
    description: str
    from_s: float
    to_s: float
    transitions: tuple[Transition, ...]
    stays: tuple[Stay, ...]
    goings_back: tuple[GoingBack, ...]
    points: tuple[Point, ...]
