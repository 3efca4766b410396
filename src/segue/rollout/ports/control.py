"""Responses of the control API: ``segue.api.control`` serves these values, and the commands decode them.

Times are Unix seconds, shares are percents of all listeners. A new field needs no new version, because decoders
ignore fields that they do not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RoutingBody:
    """The routing by which this replica assigns.

    ``locked_off``: the candidate is kept off on this replica, whatever the history says. ``locked_off_by``:
    "environment" if its CHIRP3_ENABLED is false, "replica" if the settings that this replica read again switch the
    candidate off and the store cannot record it yet; otherwise empty, also from a service of an earlier version.
    """

    revision: int
    enabled: bool
    share_percent: float
    characters: tuple[str, ...]
    held_back: tuple[str, ...]
    fallback: bool
    rollout_id: str
    locked_off: bool
    locked_off_by: str = ""


@dataclass(frozen=True, slots=True)
class SaltBody:
    """The salt that ``docs/assignment.md`` describes."""

    rollout_id: str
    salt: str


@dataclass(frozen=True, slots=True)
class FollowingBody:
    """How long a replica took to apply a change, in milliseconds; None if it has not applied it yet."""

    replica: str
    after_ms: float | None


@dataclass(frozen=True, slots=True)
class StateBody:
    """The state at a revision. ``stage`` and ``step`` count from 0; times are Unix seconds.

    ``shadow_percent`` of the requests that the baseline answers are also sent to the candidate as shadow requests.
    After a rollback the rollout resumes automatically at ``resume_at_s``; 0: a person must resume it.
    ``entering``: the stage is not entered yet, because it waits for its approval or its hours. ``approved``: a
    person has approved what comes next.
    """

    phase: str
    enabled: bool
    share_percent: float
    shadow_percent: float
    characters: tuple[str, ...]
    held_back: tuple[str, ...]
    fallback: bool
    plan: str | None
    stage: int
    step: int
    entered_at_s: float
    held_s: float
    cool_until_s: float
    step_backs: int
    started_at_s: float
    resume_at_s: float
    entering: bool
    approved: bool


@dataclass(frozen=True, slots=True)
class DoneBody:
    """The state after a command, and how each living replica applied it."""

    revision: int
    at_s: float
    state: StateBody
    following: tuple[FollowingBody, ...]


@dataclass(frozen=True, slots=True)
class ReasonBody:
    """A reason of the judge: a code, the numbers that belong to it, and the same in words.

    The words follow the request's ``Accept-Language`` (English or Traditional Chinese).
    """

    reason: str
    values: dict[str, float | int | str]
    message: str


@dataclass(frozen=True, slots=True)
class ReadingBody:
    """A gate as it was evaluated.

    Rates are of bad cases, 0 to 1. The interval from ``low`` to ``high`` is valid at all times. ``sentence`` is
    the message of ``reason``; entries of development versions have only the sentence.
    """

    gate: str
    arm: str
    character: str
    bad: float
    trials: float
    estimate: float
    low: float
    high: float
    boundary: float
    verdict: str
    sentence: str
    reason: ReasonBody | None = None


@dataclass(frozen=True, slots=True)
class EventBody:
    """One entry of the history: when, who, what, why, on what evidence, and the state before and after.

    ``actor_source``: how the service knows the actor: key, token, person, or claimed for a name that the holder of
    the admin token gave; empty for the service itself, and in entries of earlier versions.

    ``trigger``: P0 or P1 if the judge went back. ``took_s`` is the time from reading the state to writing the
    event. ``reasons`` are the messages of ``reason_values``; entries of development versions have only the
    messages.
    """

    revision: int
    at_s: float
    actor: str
    kind: str
    why: str
    trigger: str
    character: str
    took_s: float
    reasons: tuple[str, ...]
    readings: tuple[ReadingBody, ...]
    before: StateBody
    after: StateBody
    reason_values: tuple[ReasonBody, ...] = ()
    actor_source: str = ""


@dataclass(frozen=True, slots=True)
class StepBody:
    """One step. ``share_percent`` is of all listeners, already limited by the yardstick."""

    share_percent: float
    hold_s: float


@dataclass(frozen=True, slots=True)
class StageBody:
    """One stage. ``hours``: it may be entered only at some hours."""

    name: str
    description: str
    steps: tuple[StepBody, ...]
    characters: tuple[str, ...]
    approval: bool
    hours: bool
    shadow_percent: float


@dataclass(frozen=True, slots=True)
class PlanBody:
    """The plan. ``yardstick_percent`` of the listeners stay on the baseline at every share."""

    name: str
    description: str
    stages: tuple[StageBody, ...]
    yardstick_percent: float


@dataclass(frozen=True, slots=True)
class JudgementBody:
    """The latest decision of the acting controller. ``verb`` None means hold.

    ``held_s`` of the step's hold had passed; a gap without traffic counts if it is no longer than the plan's
    ``statistics.quiet``. ``reasons`` are the messages of ``reason_values``.
    """

    at_s: float
    by: str
    revision: int
    verb: str | None
    reasons: tuple[str, ...]
    readings: tuple[ReadingBody, ...]
    wake_at_s: float
    stuck: bool
    held_s: float
    reason_values: tuple[ReasonBody, ...] = ()


@dataclass(frozen=True, slots=True)
class WaitBody:
    """One thing that the rollout waits for before it enters the next stage.

    ``what``: ``approval``, ``hours`` (they begin at ``from_s``, Unix time), ``gates`` (those in ``names`` are not
    met), ``traffic`` (the gates in ``names`` need more of it), or ``judge`` (``names`` are its reasons).
    """

    what: str
    from_s: float
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReplicaBody:
    """An active replica and the revision that it has applied."""

    name: str
    revision: int
    seen_at_s: float


@dataclass(frozen=True, slots=True)
class StatusBody:
    """The status of the rollout.

    ``held_for_s`` of ``hold_s`` of the present step had passed at the judge's latest decision; a gap without
    traffic counts if it is no longer than the plan's ``statistics.quiet``. ``resume_stage`` is the stage that a
    resume enters after the rollback of a plan. ``waiting`` is what an approval, or a stage that is not entered
    yet, still waits for.
    """

    rollout_id: str
    revision: int
    now_s: float
    state: StateBody
    plan: PlanBody | None
    held_for_s: float
    hold_s: float
    resume_stage: int | None
    waiting: tuple[WaitBody, ...]
    judgement: JudgementBody | None
    replicas: tuple[ReplicaBody, ...]
    locked_off: bool
    locked_off_by: str = ""


@dataclass(frozen=True, slots=True)
class SettingBody:
    """One setting by the name of its variable.

    For a secret, ``value`` says only whether it is set. ``source``: environment, rollout file, settings file or
    default.
    """

    name: str
    value: Any
    source: str
    secret: bool


@dataclass(frozen=True, slots=True)
class ArmBody:
    """What speaks for an arm, and the model name under which it is counted.

    ``engines`` are all engines of its deliveries, by their names in the catalogue; ``engine`` is the first of
    them.
    """

    engine: str
    model: str
    engines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConfigBody:
    """The configuration. ``settings`` are as read when this process began; ``in_force`` is the current routing."""

    version: str
    profile: str
    arms: dict[str, ArmBody]
    settings: tuple[SettingBody, ...]
    in_force: RoutingBody


@dataclass(frozen=True, slots=True)
class TrafficBody:
    """The traffic since ``since_s`` (Unix time), of which ``seen_s`` seconds were observed.

    It contains the requests, those that a cache answered, and the units by character: a listener's first request
    to an arm in a day.
    """

    since_s: float
    seen_s: float
    requests: float
    cache_hits: float
    units: dict[str, float]
