"""What the control API takes and gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from segue.core.units import percent_from_ppm

if TYPE_CHECKING:
    from segue.controller.ledger import Entry
    from segue.controller.loop import Judgement
    from segue.controller.presence import Following
    from segue.controller.steering import Done
    from segue.core.assign import Routing
    from segue.core.gates import Reading
    from segue.core.plan import Plan
    from segue.core.rollout import RolloutState
    from segue.ports.store import Event

_LARGEST_REVISION = 2**31 - 1


class Fault(BaseModel):
    """A refusal in words. ``code``: ``conflict`` (someone else was first), ``not_now``, or a kind of error."""

    detail: str
    code: str = ""


ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": Fault, "description": "The change makes no sense"},
    401: {"model": Fault, "description": "The token is missing or wrong"},
    403: {"model": Fault, "description": "The control API is closed"},
    409: {"model": Fault, "description": "Someone else was first, or the state or the environment forbids it"},
    503: {"model": Fault, "description": "The store is out of reach; the last known state goes on serving"},
}


class RoutingBody(BaseModel):
    """The routing that this replica assigns by. ``locked_off``: the environment holds the switch off."""

    revision: int
    enabled: bool
    share_percent: float
    characters: list[str]
    held_back: list[str]
    fallback: bool
    rollout_id: str
    locked_off: bool

    @classmethod
    def of(cls, routing: Routing, revision: int, *, locked_off: bool) -> RoutingBody:
        return cls(
            revision=revision,
            enabled=routing.enabled,
            share_percent=percent_from_ppm(routing.share_ppm),
            characters=sorted(routing.characters),
            held_back=sorted(routing.held_back),
            fallback=routing.fallback,
            rollout_id=routing.salt,
            locked_off=locked_off,
        )


class OrderBody(BaseModel):
    """Why, and the revision that was seen: with one, nothing that came between is overlooked."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field(default="", max_length=1000)
    seen: int | None = Field(default=None, ge=0, le=_LARGEST_REVISION)


class RoutingPatch(OrderBody):
    """A change, field by field; what is not named stays as it is."""

    enabled: bool | None = None
    share_percent: float | None = Field(default=None, ge=0, le=100, strict=True)
    characters: list[str] | None = Field(default=None, max_length=1000)
    held_back: list[str] | None = Field(default=None, max_length=1000)
    fallback: bool | None = None


class StartBody(OrderBody):
    """``plan`` is the plan's file, as YAML."""

    plan: str = Field(min_length=1, max_length=200_000)


class CharacterBody(OrderBody):
    character: str = Field(min_length=1, max_length=128)


class FollowingBody(BaseModel):
    """How long a replica took to serve by a change, in milliseconds; None: it does not yet."""

    replica: str
    after_ms: float | None

    @classmethod
    def of(cls, one: Following) -> FollowingBody:
        return cls(replica=one.replica, after_ms=None if one.after_s is None else round(one.after_s * 1000, 1))


class StateBody(BaseModel):
    """The state at a revision. ``place`` counts from 0; times are Unix seconds."""

    phase: str
    enabled: bool
    share_percent: float
    characters: list[str]
    held_back: list[str]
    fallback: bool
    plan: str | None
    stage: int
    step: int
    entered_at_s: float
    held_s: float
    cool_until_s: float
    step_backs: int
    started_at_s: float

    @classmethod
    def of(cls, state: RolloutState) -> StateBody:
        routing = state.routing
        return cls(
            phase=state.phase,
            enabled=routing.enabled,
            share_percent=percent_from_ppm(routing.share_ppm),
            characters=sorted(routing.characters),
            held_back=sorted(routing.held_back),
            fallback=routing.fallback,
            plan=state.plan,
            stage=state.place.stage,
            step=state.place.step,
            entered_at_s=state.entered_at_s,
            held_s=state.held_s,
            cool_until_s=state.cool_until_s,
            step_backs=state.step_backs,
            started_at_s=state.started_at_s,
        )


class DoneBody(BaseModel):
    """The state after an order, and how each living replica followed."""

    revision: int
    at_s: float
    state: StateBody
    following: list[FollowingBody]

    @classmethod
    def of(cls, done: Done) -> DoneBody:
        return cls(
            revision=done.snapshot.revision,
            at_s=done.snapshot.at_s,
            state=StateBody.of(done.snapshot.state),
            following=[FollowingBody.of(one) for one in done.following],
        )


class ReadingBody(BaseModel):
    """A gate as it was read. Rates are of bad cases, 0 to 1; ``low`` to ``high`` holds at every look at once."""

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

    @classmethod
    def of(cls, reading: Reading) -> ReadingBody:
        interval = reading.interval
        return cls(
            gate=reading.gate,
            arm=reading.arm,
            character=reading.character,
            bad=reading.bad,
            trials=reading.trials,
            estimate=reading.estimate,
            low=interval.low,
            high=interval.high,
            boundary=reading.boundary,
            verdict=reading.verdict,
            sentence=reading.sentence,
        )


class EventBody(BaseModel):
    """One entry of the history: when, who, what, why, on what evidence, the state before and after.

    ``trigger``: P0 or P1 where the judge went back. ``took_s`` is from looking to writing.
    """

    revision: int
    at_s: float
    actor: str
    kind: str
    why: str
    trigger: str
    character: str
    took_s: float
    reasons: list[str]
    readings: list[ReadingBody]
    before: StateBody
    after: StateBody

    @classmethod
    def of(cls, event: Event, entry: Entry) -> EventBody:
        decision = entry.decision
        return cls(
            revision=event.revision,
            at_s=event.at_s,
            actor=event.actor,
            kind=event.kind,
            why=entry.why,
            trigger=entry.trigger,
            character=entry.character,
            took_s=entry.took_s,
            reasons=list(decision.reasons) if decision else [],
            readings=[ReadingBody.of(one) for one in decision.readings] if decision else [],
            before=StateBody.of(entry.before),
            after=StateBody.of(entry.after),
        )


class StepBody(BaseModel):
    share_percent: float
    hold_s: float


class StageBody(BaseModel):
    name: str
    description: str
    steps: list[StepBody]
    characters: list[str]
    approval: bool


class PlanBody(BaseModel):
    name: str
    description: str
    stages: list[StageBody]

    @classmethod
    def of(cls, plan: Plan) -> PlanBody:
        stages = [
            StageBody(
                name=stage.name,
                description=stage.description,
                steps=[
                    StepBody(share_percent=percent_from_ppm(s.share_ppm), hold_s=s.hold_s) for s in stage.steps
                ],
                characters=sorted(stage.characters),
                approval=stage.approval,
            )
            for stage in plan.stages
        ]
        return cls(name=plan.name, description=plan.description, stages=stages)


class JudgementBody(BaseModel):
    """What the acting controller thought when it last looked. ``verb`` None is to hold."""

    at_s: float
    by: str
    revision: int
    verb: str | None
    reasons: list[str]
    readings: list[ReadingBody]
    wake_at_s: float
    stuck: bool

    @classmethod
    def of(cls, judgement: Judgement) -> JudgementBody:
        decision = judgement.decision
        return cls(
            at_s=judgement.at_s,
            by=judgement.by,
            revision=judgement.revision,
            verb=decision.verb,
            reasons=list(decision.reasons),
            readings=[ReadingBody.of(one) for one in decision.readings],
            wake_at_s=decision.wake_at_s,
            stuck=decision.stuck,
        )


class ReplicaBody(BaseModel):
    """A living replica and the revision it serves by."""

    name: str
    revision: int
    seen_at_s: float


class StatusBody(BaseModel):
    """Where the rollout stands. ``held_for_s`` of ``hold_s`` of the present step have passed.

    ``resume_stage`` is where a resume would begin, after a roll back of a plan.
    """

    rollout_id: str
    revision: int
    now_s: float
    state: StateBody
    plan: PlanBody | None
    held_for_s: float
    hold_s: float
    resume_stage: int | None
    judgement: JudgementBody | None
    replicas: list[ReplicaBody]
    locked_off: bool
