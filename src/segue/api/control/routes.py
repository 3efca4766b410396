"""``/api/v1/rollout``: the rollout's status, and the operators' commands."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query

from segue.access.roles import Permission
from segue.api.auth import Actor
from segue.api.control.answers import (
    done_body,
    event_body,
    judgement_body,
    plan_body,
    routing_body,
    state_body,
    wait_body,
)
from segue.api.control.bodies import ERRORS, CharacterBody, MoveBody, OrderBody, RoutingPatch, StartBody
from segue.api.control.languages import Wanted
from segue.kernel.units import ppm_from_percent
from segue.rollout.controller.ledger import entry_of
from segue.rollout.controller.steering import Command
from segue.rollout.core.rollout import RoutingChange
from segue.rollout.ports.control import DoneBody, EventBody, ReplicaBody, RoutingBody, SaltBody, StatusBody
from segue.speech.service.current import OffBy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from segue.api.auth import Operators
    from segue.rollout.controller.ledger import Ledger
    from segue.rollout.controller.overview import StatusReader
    from segue.rollout.controller.steering import Steering
    from segue.rollout.core.plan import Plan
    from segue.rollout.wording import MessageLanguage
    from segue.speech.core.catalogue import Catalogue
    from segue.speech.service.current import Current

_LONGEST_HISTORY = 1000
_LOCKED = {
    OffBy.ENVIRONMENT: "CHIRP3_ENABLED=false in the environment keeps the candidate switched off; unset it and "
    "restart the service first",
    OffBy.REPLICA: "this replica keeps the candidate switched off: when it last read its rollout file or settings "
    "file, CHIRP3_ENABLED was not true, and it could not record this in the store yet; set CHIRP3_ENABLED=true "
    "there, or try again when the store is back",
}


@dataclass(frozen=True, slots=True)
class RolloutControl:
    """The dependencies of the routes. ``read_plan`` parses a plan file, or raises ConfigurationError."""

    current: Current
    ledger: Ledger
    steering: Steering
    status_reader: StatusReader
    catalogue: Catalogue
    read_plan: Callable[[str], Plan]
    rollout_id: str

    def routing(self) -> RoutingBody:
        return routing_body(self.current, self.rollout_id)

    def refuse_unknown(self, characters: Collection[str]) -> None:
        unknown = sorted(set(characters) - set(self.catalogue.characters))
        if unknown:
            known = ", ".join(sorted(self.catalogue.characters))
            raise HTTPException(400, f"unknown characters: {', '.join(unknown)[:300]}; known: {known[:1000]}")

    def refuse_locked(self) -> None:
        if self.current.locked_off:
            raise HTTPException(409, _LOCKED[self.current.off_by])


def control_routes(control: RolloutControl, operators: Operators) -> APIRouter:
    """The routes, all for operators."""
    routes = APIRouter(prefix="/api/v1/rollout", tags=["rollout"], responses=ERRORS)
    _add_looking(routes, control, operators)
    operator: Any = Depends(operators.may(Permission.OPERATE))
    _add_steering(routes, control, operator)
    _add_going_back(routes, control, operator)
    return routes


def _add_looking(routes: APIRouter, control: RolloutControl, operators: Operators) -> None:
    viewer: Any = Depends(operators.may(Permission.VIEW))
    admin: Any = Depends(operators.may(Permission.ADMIN))

    @routes.get("", summary="Get the routing in force on this replica")
    async def get_routing(_: Actor = viewer) -> RoutingBody:
        return control.routing()

    @routes.get("/status", summary="Get the rollout's status and the judge's latest decision")
    async def get_status(language: Wanted, _: Actor = viewer) -> StatusBody:
        return await _status(control, language)

    @routes.get(
        "/salt",
        summary="Get the salt of assignments; keep it secret, because it lets anyone choose ids for either arm",
    )
    async def get_salt(_: Actor = admin) -> SaltBody:
        return SaltBody(rollout_id=control.rollout_id, salt=control.current.routing.salt)

    @routes.get("/history", summary="Get the history, oldest entry first")
    async def get_history(
        language: Wanted,
        after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        limit: Annotated[int, Query(ge=1, le=_LONGEST_HISTORY)] = _LONGEST_HISTORY,
        _: Actor = viewer,
    ) -> list[EventBody]:
        events = await control.ledger.history(after=after, limit=limit)
        return [event_body(event, entry_of(event), language) for event in events]


def _add_steering(routes: APIRouter, control: RolloutControl, operator: Any) -> None:
    steering = control.steering

    @routes.patch("", summary="Set the routing of the running service")
    async def patch_routing(patch: RoutingPatch, actor: Actor = operator) -> RoutingBody:
        control.refuse_unknown([*(patch.characters or ()), *(patch.held_back or ())])
        if patch.enabled:
            control.refuse_locked()
        await steering.set_routing(_change(patch), _order(patch, actor))
        return control.routing()

    @routes.post("/start", summary="Start a plan; switches the candidate on")
    async def post_start(body: StartBody, actor: Actor = operator) -> DoneBody:
        control.refuse_locked()
        plan = await asyncio.to_thread(control.read_plan, body.plan)  # a long plan takes seconds
        return done_body(await steering.start(plan, _order(body, actor), _stage(plan, body.at)))

    @routes.post("/pause", summary="Freeze the rollout; alarms can still roll it back")
    async def post_pause(body: OrderBody, actor: Actor = operator) -> DoneBody:
        return done_body(await steering.pause(_order(body, actor)))

    @routes.post("/resume", summary="Continue after a pause, a cool-down or a rollback")
    async def post_resume(body: OrderBody, actor: Actor = operator) -> DoneBody:
        control.refuse_locked()
        return done_body(await steering.resume(_order(body, actor)))

    @routes.post("/approve", summary="Approve the next stage, if it requires approval")
    async def post_approve(body: OrderBody, actor: Actor = operator) -> DoneBody:
        return done_body(await steering.approve(_order(body, actor)))

    @routes.post(
        "/advance",
        summary="Go to the next step now without checking the gates; from the last step, finish the plan",
    )
    async def post_advance(body: MoveBody, actor: Actor = operator) -> DoneBody:
        return done_body(await steering.advance(_move(body, actor)))


def _add_going_back(routes: APIRouter, control: RolloutControl, operator: Any) -> None:
    steering = control.steering

    @routes.post(
        "/back",
        summary="Go back to the nearest earlier stage with fewer candidate listeners and cool down; "
        "without one, roll back",
    )
    async def post_back(body: MoveBody, actor: Actor = operator) -> DoneBody:
        return done_body(await steering.back(_move(body, actor)))

    @routes.post("/rollback", summary="Move all listeners to the baseline now, on every replica")
    async def post_rollback(body: OrderBody, actor: Actor = operator) -> DoneBody:
        return done_body(await steering.roll_back(_order(body, actor)))

    @routes.post("/hold-back", summary="Move one character back to the baseline")
    async def post_hold_back(body: CharacterBody, actor: Actor = operator) -> DoneBody:
        control.refuse_unknown([body.character])
        return done_body(await steering.hold_back(body.character, _order(body, actor)))

    @routes.post("/release", summary="Let a held-back character use the candidate again")
    async def post_release(body: CharacterBody, actor: Actor = operator) -> DoneBody:
        control.refuse_unknown([body.character])
        return done_body(await steering.release(body.character, _order(body, actor)))


def _order(body: OrderBody, actor: Actor) -> Command:
    return Command(actor.name, body.why, body.seen, actor_source=actor.source)


def _move(body: MoveBody, actor: Actor) -> Command:
    return Command(actor.name, body.why, body.seen, body.from_stage, body.from_step, actor.source)


def _stage(plan: Plan, at: int | str | None) -> int:
    try:
        return 0 if at is None else plan.stage_number(at)
    except LookupError as error:
        raise HTTPException(400, str(error.args[0])) from None


def _change(patch: RoutingPatch) -> RoutingChange:
    return RoutingChange(
        enabled=patch.enabled,
        share_ppm=None if patch.share_percent is None else ppm_from_percent(patch.share_percent),
        characters=None if patch.characters is None else frozenset(patch.characters),
        held_back=None if patch.held_back is None else frozenset(patch.held_back),
        fallback=patch.fallback,
    )


async def _status(control: RolloutControl, language: MessageLanguage) -> StatusBody:
    overview = await control.status_reader.now()
    state = overview.snapshot.state
    return StatusBody(
        rollout_id=control.rollout_id,
        revision=overview.snapshot.revision,
        now_s=overview.now_s,
        state=state_body(state),
        plan=None if overview.plan is None else plan_body(overview.plan),
        held_for_s=overview.held_s,
        hold_s=overview.hold_s,
        resume_stage=overview.resume_stage,
        waiting=tuple(wait_body(one, language) for one in overview.waiting),
        judgement=None if overview.judgement is None else judgement_body(overview.judgement, language),
        replicas=tuple(ReplicaBody(one.name, one.revision, one.seen_at_s) for one in overview.replicas),
        locked_off=control.current.locked_off,
        locked_off_by=control.current.off_by,
    )
