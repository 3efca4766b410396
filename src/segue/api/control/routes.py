"""``/api/v1/rollout``: the routing in force, and changes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from segue.core.rollout import RoutingChange, Verb, routing_set
from segue.core.units import percent_from_ppm, ppm_from_percent
from segue.ports.store import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.controller.follower import Follower
    from segue.controller.ledger import Ledger
    from segue.core.catalogue import Catalogue
    from segue.ports.clock import Clock
    from segue.service.current import Current


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


class RoutingPatch(BaseModel):
    """A change, field by field. ``seen`` refuses it when someone else has changed the state since."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool | None = None
    share_percent: float | None = Field(default=None, ge=0, le=100)
    characters: list[str] | None = Field(default=None, max_length=1000)
    held_back: list[str] | None = Field(default=None, max_length=1000)
    fallback: bool | None = None
    why: str = Field(default="", max_length=1000)
    seen: int | None = Field(default=None, ge=0, le=2**31 - 1)


class Fault(BaseModel):
    detail: str


ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": Fault, "description": "The change makes no sense"},
    401: {"model": Fault, "description": "The token is missing or wrong"},
    403: {"model": Fault, "description": "The control API is closed"},
    409: {"model": Fault, "description": "Someone else was first, or the environment forbids it"},
}


class RolloutControl:
    """Reads and changes the routing, and makes sure that this replica follows at once."""

    def __init__(
        self, current: Current, ledger: Ledger, follower: Follower, catalogue: Catalogue, clock: Clock
    ) -> None:
        self._clock = clock
        self._current = current
        self._ledger = ledger
        self._follower = follower
        self._catalogue = catalogue

    def shown(self) -> RoutingBody:
        routing = self._current.routing
        return RoutingBody(
            revision=self._current.revision,
            enabled=routing.enabled,
            share_percent=percent_from_ppm(routing.share_ppm),
            characters=sorted(routing.characters),
            held_back=sorted(routing.held_back),
            fallback=routing.fallback,
            rollout_id=routing.salt,
            locked_off=self._current.locked_off,
        )

    async def change(self, patch: RoutingPatch, actor: str) -> RoutingBody:
        """Records the change and takes it.

        Raises:
            HTTPException: 400 for unknown characters, 409 for a conflict.
        """
        self._refuse_unknown(patch)
        if patch.enabled and self._current.locked_off:
            raise HTTPException(
                409, "CHIRP3_ENABLED=false in the environment holds the candidate off; unset it first"
            )
        wanted = RoutingChange(
            enabled=patch.enabled,
            share_ppm=None if patch.share_percent is None else ppm_from_percent(patch.share_percent),
            characters=None if patch.characters is None else frozenset(patch.characters),
            held_back=None if patch.held_back is None else frozenset(patch.held_back),
            fallback=patch.fallback,
        )
        try:
            await self._ledger.change(
                lambda state: routing_set(state, wanted, self._clock.now_s()),
                actor=actor,
                kind=Verb.SET_ROUTING,
                why=patch.why,
                seen=patch.seen,
            )
        except Conflict as error:
            raise HTTPException(409, str(error)) from error
        await self._follower.catch_up()
        return self.shown()

    def _refuse_unknown(self, patch: RoutingPatch) -> None:
        named = {*(patch.characters or ()), *(patch.held_back or ())}
        unknown = sorted(named - set(self._catalogue.characters))
        if unknown:
            raise HTTPException(400, f"unknown characters: {', '.join(unknown)[:300]}")


def control_routes(control: RolloutControl, check: Callable[..., str]) -> APIRouter:
    """The routes; every one is for operators."""
    routes = APIRouter(prefix="/api/v1/rollout", tags=["rollout"], responses=ERRORS)
    operator: Any = Depends(check)

    @routes.get("", summary="The routing in force on this replica")
    async def get_routing(_: str = operator) -> RoutingBody:
        return control.shown()

    @routes.patch("", summary="Change the routing of the running service")
    async def patch_routing(patch: RoutingPatch, actor: str = operator) -> RoutingBody:
        return await control.change(patch, actor)

    return routes
