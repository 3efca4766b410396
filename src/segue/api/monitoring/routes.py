"""``/api/v1/monitoring``: health and metrics.

*Live* says that the process answers at all; restart it when it does not. *Ready* says that listeners can be
answered, which takes the baseline's engine; send it no traffic when it is not. A candidate that is down makes the
service degraded, not unready: the baseline answers.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel

from segue import __version__
from segue.core.speech import Arm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.core.catalogue import Catalogue
    from segue.ports.engine import Engine

_ENGINE_TIMEOUT_S = 2.0


class EngineHealth(BaseModel):
    ready: bool
    detail: str


class HealthAnswer(BaseModel):
    """``status``: ok, degraded (listeners are answered, something is down), or unavailable."""

    status: Literal["ok", "degraded", "unavailable"]
    version: str
    profile: str
    arms: dict[str, EngineHealth]


class LiveAnswer(BaseModel):
    status: Literal["ok"]


def monitoring_routes(
    catalogue: Catalogue,
    engines: Mapping[str, Engine],
    summary: Callable[[], dict[str, object]],
    exposition: Callable[[str], tuple[bytes, str]],
) -> APIRouter:
    """The routes. ``exposition`` takes an Accept header and gives a body and its content type."""
    routes = APIRouter(prefix="/api/v1/monitoring", tags=["monitoring"])

    async def health() -> HealthAnswer:
        arms = {arm: await _asked(engines[catalogue.arms[arm].engine]) for arm in Arm}
        if not arms[Arm.BASELINE].ready:
            status: Literal["ok", "degraded", "unavailable"] = "unavailable"
        else:
            status = "ok" if arms[Arm.CANDIDATE].ready else "degraded"
        return HealthAnswer(
            status=status,
            version=__version__,
            profile=catalogue.profile,
            arms={str(arm): found for arm, found in arms.items()},
        )

    @routes.get("/health", summary="State of the service and its engines", responses=_UNAVAILABLE)
    async def get_health(response: Response) -> HealthAnswer:
        answer = await health()
        response.status_code = 503 if answer.status == "unavailable" else 200
        return answer

    @routes.get("/health/live", summary="Whether the process answers")
    async def get_live() -> LiveAnswer:
        return LiveAnswer(status="ok")

    @routes.get("/health/ready", summary="Whether listeners can be answered", responses=_UNAVAILABLE)
    async def get_ready(response: Response) -> HealthAnswer:
        return await get_health(response)

    @routes.get("/metrics", summary="Totals since start, as JSON")
    async def get_metrics() -> dict[str, Any]:
        return summary()

    @routes.get("/metrics/prometheus", summary="Metrics for Prometheus", response_class=Response, responses=_TEXT)
    async def get_prometheus(accept: Annotated[str, Header()] = "") -> Response:
        body, content_type = exposition(accept)
        return Response(body, headers={"content-type": content_type})

    return routes


_UNAVAILABLE: dict[int | str, dict[str, Any]] = {
    503: {"model": HealthAnswer, "description": "No listener can be answered"}
}
_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


async def _asked(engine: Engine) -> EngineHealth:
    try:
        async with asyncio.timeout(_ENGINE_TIMEOUT_S):
            found = await engine.health()
    except TimeoutError:
        return EngineHealth(ready=False, detail=f"no answer within {_ENGINE_TIMEOUT_S:g} s")
    return EngineHealth(ready=found.ready, detail=found.detail)
