"""``/api/v1/rollout/report``: the rollout told afterwards, for people's records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query

from segue.api.control.bodies import ERRORS
from segue.ports.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.controller.reporting import Reporter


def report_routes(reporter: Reporter, check: Callable[..., str]) -> APIRouter:
    """The route; for operators."""
    routes = APIRouter(prefix="/api/v1/rollout", tags=["rollout"], responses=ERRORS)
    operator: Any = Depends(check)

    @routes.get("/report", summary="What was decided, what was heard, and a record of every going back")
    async def get_report(
        whole: Annotated[bool, Query(description="From the history's beginning, not the latest start")] = False,  # noqa: FBT002
        _: str = operator,
    ) -> Report:
        return await reporter.report(whole=whole)

    return routes
