"""What the control API answers, as far as the commands read it; what is new in an answer is passed over."""

from __future__ import annotations

import msgspec


class State(msgspec.Struct, frozen=True):
    """The state at a revision. ``stage`` and ``step`` count from 0; times are Unix seconds."""

    phase: str
    enabled: bool
    share_percent: float
    characters: tuple[str, ...]
    held_back: tuple[str, ...]
    fallback: bool
    stage: int
    step: int
    cool_until_s: float
    step_backs: int
    plan: str | None = None


class Following(msgspec.Struct, frozen=True):
    """How long a replica took to serve by a change; None: it does not yet."""

    replica: str
    after_ms: float | None


class Done(msgspec.Struct, frozen=True):
    """What an order came to."""

    revision: int
    at_s: float
    state: State
    following: tuple[Following, ...]


class Reading(msgspec.Struct, frozen=True):
    """A gate as it was read; rates are of bad cases, from 0 to 1."""

    gate: str
    arm: str
    character: str
    trials: float
    estimate: float
    low: float
    high: float
    boundary: float
    verdict: str
    sentence: str


class Event(msgspec.Struct, frozen=True):
    """One entry of the history."""

    revision: int
    at_s: float
    actor: str
    kind: str
    why: str
    trigger: str
    character: str
    after: State


class Step(msgspec.Struct, frozen=True):
    share_percent: float
    hold_s: float


class Stage(msgspec.Struct, frozen=True):
    name: str
    steps: tuple[Step, ...]
    characters: tuple[str, ...]
    approval: bool


class Plan(msgspec.Struct, frozen=True):
    name: str
    stages: tuple[Stage, ...]


class Judgement(msgspec.Struct, frozen=True):
    """What the acting controller thought when it last looked."""

    at_s: float
    by: str
    revision: int
    verb: str | None
    reasons: tuple[str, ...]
    readings: tuple[Reading, ...]
    wake_at_s: float
    stuck: bool


class Replica(msgspec.Struct, frozen=True):
    name: str
    revision: int


class Status(msgspec.Struct, frozen=True):
    """Where the rollout stands, at ``now_s`` by the service's clock."""

    rollout_id: str
    revision: int
    now_s: float
    state: State
    plan: Plan | None
    held_for_s: float
    hold_s: float
    judgement: Judgement | None
    replicas: tuple[Replica, ...]
    locked_off: bool
    resume_stage: int | None = None


class Routing(msgspec.Struct, frozen=True):
    """The routing that the replica which answered assigns by."""

    revision: int
