"""``/api/v1/rollout/report`` and ``/traffic``: the report on the rollout, and the traffic of the last day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query

from segue.access.roles import Permission
from segue.api.auth import Actor
from segue.api.control.bodies import ERRORS
from segue.rollout.ports.control import TrafficBody
from segue.rollout.ports.report import Report

if TYPE_CHECKING:
    from segue.api.auth import Operators
    from segue.rollout.controller.reporting import Reporter
    from segue.rollout.controller.traffic import SeenTraffic, TrafficLog


def _traffic(seen: SeenTraffic) -> TrafficBody:
    return TrafficBody(
        since_s=seen.since_s,
        seen_s=seen.seen_s,
        requests=seen.lookups,
        cache_hits=seen.hits,
        units=dict(seen.units),
    )


def report_routes(reporter: Reporter, traffic: TrafficLog, operators: Operators) -> APIRouter:
    """The routes, for operators."""
    routes = APIRouter(prefix="/api/v1/rollout", tags=["rollout"], responses=ERRORS)
    viewer: Any = Depends(operators.may(Permission.VIEW))

    @routes.get(
        "/report",
        summary="Get the report: decisions, what was served in each stage, and each time the rollout went back",
    )
    async def get_report(
        whole: Annotated[bool, Query(description="Cover the whole history, not only the latest plan")] = False,  # noqa: FBT002
        _: Actor = viewer,
    ) -> Report:
        return await reporter.report(whole=whole)

    @routes.get("/traffic", summary="Get the traffic of the last day, as far as it was recorded")
    async def get_traffic(_: Actor = viewer) -> TrafficBody:
        return _traffic(await traffic.last_day())

    return routes
