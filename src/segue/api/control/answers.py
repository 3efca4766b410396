"""The control API's answers, made from the rollout's values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.units import percent_from_ppm
from segue.rollout.core.plan import Place
from segue.rollout.core.reasons import Reason
from segue.rollout.ports.control import (
    DoneBody,
    EventBody,
    FollowingBody,
    JudgementBody,
    PlanBody,
    ReadingBody,
    ReasonBody,
    RoutingBody,
    StageBody,
    StateBody,
    StepBody,
    WaitBody,
)
from segue.rollout.wording import MessageLanguage, message, messages, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.rollout.controller.ledger import HistoryEntry
    from segue.rollout.controller.loop import Judgement
    from segue.rollout.controller.presence import ReplicaProgress
    from segue.rollout.controller.steering import CommandResult
    from segue.rollout.core.gates import Reading
    from segue.rollout.core.plan import Plan
    from segue.rollout.core.rollout import RolloutState
    from segue.rollout.core.waiting import Wait
    from segue.rollout.ports.store import Event
    from segue.speech.service.current import Current


def routing_body(current: Current, rollout_id: str) -> RoutingBody:
    routing = current.routing
    return RoutingBody(
        revision=current.revision,
        enabled=routing.enabled,
        share_percent=percent_from_ppm(routing.share_ppm),
        characters=tuple(sorted(routing.characters)),
        held_back=tuple(sorted(routing.held_back)),
        fallback=routing.fallback,
        rollout_id=rollout_id,
        locked_off=current.locked_off,
        locked_off_by=current.off_by,
    )


def following_body(one: ReplicaProgress) -> FollowingBody:
    return FollowingBody(
        replica=one.replica, after_ms=None if one.after_s is None else round(one.after_s * 1000, 1)
    )


def state_body(state: RolloutState) -> StateBody:
    routing = state.routing
    return StateBody(
        phase=state.phase,
        enabled=routing.enabled,
        share_percent=percent_from_ppm(routing.share_ppm),
        shadow_percent=percent_from_ppm(routing.shadow_ppm),
        characters=tuple(sorted(routing.characters)),
        held_back=tuple(sorted(routing.held_back)),
        fallback=routing.fallback,
        plan=state.plan,
        stage=state.place.stage,
        step=state.place.step,
        entered_at_s=state.entered_at_s,
        held_s=state.held_s,
        cool_until_s=state.cool_until_s,
        step_backs=state.step_backs,
        started_at_s=state.started_at_s,
        resume_at_s=state.resume_at_s,
        entering=state.entering is not None,
        approved=state.approved is not None,
    )


def done_body(done: CommandResult) -> DoneBody:
    return DoneBody(
        revision=done.snapshot.revision,
        at_s=done.snapshot.at_s,
        state=state_body(done.snapshot.state),
        following=tuple(following_body(one) for one in done.following),
    )


def reason_bodies(reasons: Iterable[Reason | str | None], language: MessageLanguage) -> tuple[ReasonBody, ...]:
    """The reasons that have values, which only those of development versions lack."""
    return tuple(
        ReasonBody(reason=one.code, values=dict(one.values), message=message(one, language))
        for one in reasons
        if isinstance(one, Reason)
    )


def reading_body(reading: Reading, language: MessageLanguage) -> ReadingBody:
    interval = reading.interval
    return ReadingBody(
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
        sentence=sentence(reading, language),
        reason=next(iter(reason_bodies([reading.reason], language)), None),
    )


def event_body(event: Event, entry: HistoryEntry, language: MessageLanguage) -> EventBody:
    """``why`` is as it was written, in English."""
    decision = entry.decision
    reasons = decision.reasons if decision else ()
    return EventBody(
        revision=event.revision,
        at_s=event.at_s,
        actor=event.actor,
        kind=event.kind,
        why=entry.why,
        trigger=entry.trigger,
        character=entry.character,
        took_s=entry.took_s,
        reasons=messages(reasons, language),
        readings=tuple(reading_body(one, language) for one in decision.readings) if decision else (),
        before=state_body(entry.before),
        after=state_body(entry.after),
        reason_values=reason_bodies(reasons, language),
        actor_source=entry.actor_source,
    )


def stage_body(plan: Plan, number: int) -> StageBody:
    stage = plan.stages[number]
    places = [Place(number, step) for step in range(len(stage.steps))]
    return StageBody(
        name=stage.name,
        description=stage.description,
        steps=tuple(
            StepBody(share_percent=percent_from_ppm(plan.share_ppm(place)), hold_s=plan.step(place).hold_s)
            for place in places
        ),
        characters=tuple(sorted(stage.characters)),
        approval=stage.approval,
        hours=stage.hours is not None,
        shadow_percent=percent_from_ppm(stage.shadow_ppm),
    )


def plan_body(plan: Plan) -> PlanBody:
    return PlanBody(
        name=plan.name,
        description=plan.description,
        stages=tuple(stage_body(plan, number) for number in range(len(plan.stages))),
        yardstick_percent=percent_from_ppm(plan.yardstick_ppm),
    )


def judgement_body(judgement: Judgement, language: MessageLanguage) -> JudgementBody:
    decision = judgement.decision
    return JudgementBody(
        at_s=judgement.at_s,
        by=judgement.by,
        revision=judgement.revision,
        verb=decision.verb,
        reasons=messages(decision.reasons, language),
        readings=tuple(reading_body(one, language) for one in decision.readings),
        wake_at_s=decision.wake_at_s,
        stuck=decision.stuck,
        held_s=decision.held_s,
        reason_values=reason_bodies(decision.reasons, language),
    )


def wait_body(wait: Wait, language: MessageLanguage) -> WaitBody:
    return WaitBody(what=wait.what, from_s=wait.from_s, names=(*wait.names, *messages(wait.reasons, language)))
