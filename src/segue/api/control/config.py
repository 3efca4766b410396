"""``/api/v1/config``: what the service that answers was started with, and what is in force now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from segue import __version__
from segue.api.control.bodies import ERRORS, RoutingBody

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.api.control.routes import RolloutControl
    from segue.core.catalogue import Catalogue


class SettingBody(BaseModel):
    """One setting by its variable's name. Of a secret ``value`` says only whether it is set."""

    name: str
    value: Any
    source: str = Field(description="environment, rollout file, settings file or default")
    secret: bool


class ArmBody(BaseModel):
    """What plays an arm, and the name it is counted as."""

    engine: str
    model: str


class ConfigBody(BaseModel):
    """``settings`` are as read when this process began; ``in_force`` is the routing since changed or not."""

    version: str
    profile: str
    arms: dict[str, ArmBody]
    settings: list[SettingBody]
    in_force: RoutingBody


@dataclass(frozen=True, slots=True)
class Effective:
    """What the route tells of."""

    settings: Sequence[SettingBody]
    catalogue: Catalogue


def config_routes(effective: Effective, control: RolloutControl, check: Callable[..., str]) -> APIRouter:
    """The route; for operators, and only to look."""
    routes = APIRouter(prefix="/api/v1", tags=["config"], responses=ERRORS)
    operator: Any = Depends(check)
    catalogue = effective.catalogue
    arms = {str(arm): ArmBody(engine=spec.engine, model=spec.model) for arm, spec in catalogue.arms.items()}

    @routes.get("/config", summary="Every setting with its source, and the routing in force, of this process")
    async def get_config(_: str = operator) -> ConfigBody:
        return ConfigBody(
            version=__version__,
            profile=catalogue.profile,
            arms=arms,
            settings=list(effective.settings),
            in_force=control.routing(),
        )

    return routes
