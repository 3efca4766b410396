"""``/api/v1/config``: the settings of the process that answers, and the routing in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends

from segue import __version__
from segue.access.roles import Permission
from segue.api.auth import Actor
from segue.api.control.bodies import ERRORS
from segue.rollout.ports.control import ArmBody, ConfigBody, SettingBody

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.api.auth import Operators
    from segue.api.control.routes import RolloutControl
    from segue.speech.core.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Effective:
    """The data for the route."""

    settings: Sequence[SettingBody]
    catalogue: Catalogue


def config_routes(effective: Effective, control: RolloutControl, operators: Operators) -> APIRouter:
    """The route, for operators; it only reads."""
    routes = APIRouter(prefix="/api/v1", tags=["config"], responses=ERRORS)
    viewer: Any = Depends(operators.may(Permission.VIEW))
    catalogue = effective.catalogue
    arms = {
        str(arm): ArmBody(engine=engines[0], model=spec.model, engines=tuple(engines))
        for arm, spec in catalogue.arms.items()
        for engines in [catalogue.engines_of(arm)]
    }

    @routes.get("/config", summary="Get this process's settings with their sources, and the routing in force")
    async def get_config(_: Actor = viewer) -> ConfigBody:
        return ConfigBody(
            version=__version__,
            profile=catalogue.profile,
            arms=arms,
            settings=tuple(effective.settings),
            in_force=control.routing(),
        )

    return routes
