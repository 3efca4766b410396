"""``/api/v1/rollout``: where the rollout stands, and what operators do to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query

from segue.api.control.bodies import (
    ERRORS,
    CharacterBody,
    DoneBody,
    EventBody,
    JudgementBody,
    OrderBody,
    PlanBody,
    ReplicaBody,
    RoutingBody,
    RoutingPatch,
    StartBody,
    StateBody,
    StatusBody,
)
from segue.controller.ledger import entry_of
from segue.controller.steering import Order
from segue.core.rollout import RoutingChange
from segue.core.units import ppm_from_percent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from segue.controller.ledger import Ledger
    from segue.controller.overview import Overlook
    from segue.controller.steering import Steering
    from segue.core.catalogue import Catalogue
    from segue.core.plan import Plan
    from segue.service.current import Current

_LONGEST_HISTORY = 1000
_LOCKED = "CHIRP3_ENABLED=false in the environment holds the candidate off; unset it first"


@dataclass(frozen=True, slots=True)
class RolloutControl:
    """What the routes act through. ``read_plan`` understands a plan's file, or raises ConfigurationError."""

    current: Current
    ledger: Ledger
    steering: Steering
    overlook: Overlook
    catalogue: Catalogue
    read_plan: Callable[[str], Plan]
    rollout_id: str

    def routing(self) -> RoutingBody:
        current = self.current
        return RoutingBody.of(current.routing, current.revision, locked_off=current.locked_off)

    def refuse_unknown(self, characters: Collection[str]) -> None:
        unknown = sorted(set(characters) - set(self.catalogue.characters))
        if unknown:
            known = ", ".join(sorted(self.catalogue.characters))
            raise HTTPException(400, f"unknown characters: {', '.join(unknown)[:300]}; known: {known[:1000]}")

    def refuse_locked(self) -> None:
        if self.current.locked_off:
            raise HTTPException(409, _LOCKED)


def control_routes(control: RolloutControl, check: Callable[..., str]) -> APIRouter:
    """The routes; every one is for operators."""
    routes = APIRouter(prefix="/api/v1/rollout", tags=["rollout"], responses=ERRORS)
    operator: Any = Depends(check)
    _add_looking(routes, control, operator)
    _add_steering(routes, control, operator)
    _add_going_back(routes, control, operator)
    return routes


def _add_looking(routes: APIRouter, control: RolloutControl, operator: Any) -> None:
    @routes.get("", summary="The routing in force on this replica")
    async def get_routing(_: str = operator) -> RoutingBody:
        return control.routing()

    @routes.get("/status", summary="Where the rollout stands, and what the judge thinks")
    async def get_status(_: str = operator) -> StatusBody:
        return await _status(control)

    @routes.get("/history", summary="What happened, oldest first")
    async def get_history(
        after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        limit: Annotated[int, Query(ge=1, le=_LONGEST_HISTORY)] = _LONGEST_HISTORY,
        _: str = operator,
    ) -> list[EventBody]:
        events = await control.ledger.history(after=after, limit=limit)
        return [EventBody.of(event, entry_of(event)) for event in events]


def _add_steering(routes: APIRouter, control: RolloutControl, operator: Any) -> None:
    steering = control.steering

    @routes.patch("", summary="Change the routing of the running service by hand")
    async def patch_routing(patch: RoutingPatch, actor: str = operator) -> RoutingBody:
        control.refuse_unknown([*(patch.characters or ()), *(patch.held_back or ())])
        if patch.enabled:
            control.refuse_locked()
        await steering.set_routing(_change(patch), _order(patch, actor))
        return control.routing()

    @routes.post("/start", summary="Begin a plan; the candidate is switched on")
    async def post_start(body: StartBody, actor: str = operator) -> DoneBody:
        control.refuse_locked()
        plan = await asyncio.to_thread(control.read_plan, body.plan)  # a long one takes seconds
        return DoneBody.of(await steering.start(plan, _order(body, actor)))

    @routes.post("/pause", summary="Go neither on nor, but for alarms, back")
    async def post_pause(body: OrderBody, actor: str = operator) -> DoneBody:
        return DoneBody.of(await steering.pause(_order(body, actor)))

    @routes.post("/resume", summary="Go on: after a pause, a cool-down, or a roll back")
    async def post_resume(body: OrderBody, actor: str = operator) -> DoneBody:
        control.refuse_locked()
        return DoneBody.of(await steering.resume(_order(body, actor)))

    @routes.post("/approve", summary="Agree to the next stage, where one is asked for")
    async def post_approve(body: OrderBody, actor: str = operator) -> DoneBody:
        return DoneBody.of(await steering.approve(_order(body, actor)))

    @routes.post("/advance", summary="To the next step now, whatever the gates say")
    async def post_advance(body: OrderBody, actor: str = operator) -> DoneBody:
        return DoneBody.of(await steering.advance(_order(body, actor)))


def _add_going_back(routes: APIRouter, control: RolloutControl, operator: Any) -> None:
    steering = control.steering

    @routes.post("/back", summary="One stage back, to cool down")
    async def post_back(body: OrderBody, actor: str = operator) -> DoneBody:
        return DoneBody.of(await steering.back(_order(body, actor)))

    @routes.post("/rollback", summary="Everyone on the baseline, now, on every replica")
    async def post_rollback(body: OrderBody, actor: str = operator) -> DoneBody:
        return DoneBody.of(await steering.roll_back(_order(body, actor)))

    @routes.post("/hold-back", summary="One character on the baseline")
    async def post_hold_back(body: CharacterBody, actor: str = operator) -> DoneBody:
        control.refuse_unknown([body.character])
        return DoneBody.of(await steering.hold_back(body.character, _order(body, actor)))

    @routes.post("/release", summary="A character that was held back may use the candidate again")
    async def post_release(body: CharacterBody, actor: str = operator) -> DoneBody:
        control.refuse_unknown([body.character])
        return DoneBody.of(await steering.release(body.character, _order(body, actor)))


def _order(body: OrderBody, actor: str) -> Order:
    return Order(actor, body.why, body.seen)


def _change(patch: RoutingPatch) -> RoutingChange:
    return RoutingChange(
        enabled=patch.enabled,
        share_ppm=None if patch.share_percent is None else ppm_from_percent(patch.share_percent),
        characters=None if patch.characters is None else frozenset(patch.characters),
        held_back=None if patch.held_back is None else frozenset(patch.held_back),
        fallback=patch.fallback,
    )


async def _status(control: RolloutControl) -> StatusBody:
    overview = await control.overlook.now()
    state = overview.snapshot.state
    return StatusBody(
        rollout_id=control.rollout_id,
        revision=overview.snapshot.revision,
        now_s=overview.now_s,
        state=StateBody.of(state),
        plan=None if overview.plan is None else PlanBody.of(overview.plan),
        held_for_s=state.held_for_s(overview.now_s),
        hold_s=overview.hold_s,
        resume_stage=overview.resume_stage,
        judgement=None if overview.judgement is None else JudgementBody.of(overview.judgement),
        replicas=[
            ReplicaBody(name=one.name, revision=one.revision, seen_at_s=one.seen_at_s) for one in overview.replicas
        ],
        locked_off=control.current.locked_off,
    )
