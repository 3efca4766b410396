"""Answers of the control API, of which a test names what it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from segue.rollout.ports.control import (
    EventBody,
    PlanBody,
    ReadingBody,
    StageBody,
    StateBody,
    StatusBody,
    StepBody,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_STATE = StateBody(
    phase="running",
    enabled=False,
    share_percent=0.0,
    shadow_percent=0.0,
    characters=(),
    held_back=(),
    fallback=True,
    plan=None,
    stage=0,
    step=0,
    entered_at_s=0.0,
    held_s=0.0,
    cool_until_s=0.0,
    step_backs=0,
    started_at_s=0.0,
    resume_at_s=0.0,
    entering=False,
    approved=False,
)
_STATUS = StatusBody(
    rollout_id="test",
    revision=1,
    now_s=0.0,
    state=_STATE,
    plan=None,
    held_for_s=0.0,
    hold_s=1.0,
    resume_stage=None,
    waiting=(),
    judgement=None,
    replicas=(),
    locked_off=False,
)


def a_state(phase: str = "running", share_percent: float = 0.0, **more: Any) -> StateBody:
    return replace(_STATE, phase=phase, enabled=share_percent > 0, share_percent=share_percent, **more)


def a_stage(name: str, share_percent: float, hold_s: float, characters: tuple[str, ...] = ()) -> StageBody:
    steps = (StepBody(share_percent, hold_s),)
    return StageBody(name, "", steps, characters, approval=False, hours=False, shadow_percent=0.0)


def a_plan(name: str, stages: Sequence[StageBody], yardstick_percent: float = 0.0) -> PlanBody:
    return PlanBody(name, "", tuple(stages), yardstick_percent)


def a_status(state: StateBody, plan: PlanBody | None, **more: Any) -> StatusBody:
    return replace(_STATUS, state=state, plan=plan, **more)


def an_entry(revision: int, at_s: float, kind: str, after: StateBody, actor: str = "judge") -> EventBody:
    """One entry of the history."""
    return EventBody(revision, at_s, actor, kind, "because", "", "", 0.0, (), (), after, after)


def a_reading(gate: str, verdict: str, sentence: str) -> ReadingBody:
    """Of the candidate: 1 bad one of 40, where 1 in 10 may be."""
    return ReadingBody(gate, "candidate", "", 1, 40, 0.025, 0.001, 0.16, 0.1, verdict, sentence)
