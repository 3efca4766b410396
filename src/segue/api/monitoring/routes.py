"""``/api/v1/monitoring``: health and metrics.

*Live* means that the process responds; if it does not, restart it. *Ready* means that requests can be answered:
one of the baseline's engines is ready, and recent requests were completed; if it is not, send no traffic. If the
candidate or one of several engines of the baseline is down, the service is degraded but ready, because the
baseline answers. It is also degraded if the disk is low on space or does not respond.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel

from segue import __version__
from segue.kernel.arms import Arm
from segue.kernel.ports.health import HealthLevel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from segue.kernel.ports.health import PartHealth
    from segue.speech.core.catalogue import Catalogue
    from segue.speech.ports.engine import Engine

_ENGINE_TIMEOUT_S = 2.0


class EngineHealth(BaseModel):
    ready: bool
    detail: str


class OtherHealth(BaseModel):
    """``status`` is what the state of this part means for the whole service."""

    status: HealthLevel
    detail: str


class HealthAnswer(BaseModel):
    """The health of the service.

    ``status``: ok, degraded (requests are answered, but something is down), unavailable, or, only in ready,
    stopping (current requests are completed, but send no new ones). An arm with several engines is ready if all of
    them are. ``parts``: the disk, the cache on it, files of jobs, and whether syntheses are completed.
    """

    status: HealthLevel | Literal["stopping"]
    version: str
    profile: str
    arms: dict[str, EngineHealth]
    parts: dict[str, OtherHealth]


class LiveAnswer(BaseModel):
    status: Literal["ok"]


class State(NamedTuple):
    """The sources of health. ``stopping``: whether this service is stopping and must get no new requests."""

    catalogue: Catalogue
    engines: Mapping[str, Engine]
    parts: Callable[[], Sequence[PartHealth]]
    stopping: Callable[[], bool]


def health_routes(state: State) -> APIRouter:
    """The health routes."""
    routes = APIRouter(prefix="/api/v1/monitoring", tags=["monitoring"])

    async def health() -> HealthAnswer:
        catalogue, parts = state.catalogue, state.parts()
        found = {name: await _asked(state.engines[name]) for name in catalogue.engine_names}
        arms = {arm: {name: found[name] for name in catalogue.engines_of(arm)} for arm in Arm}
        return HealthAnswer(
            status=_worst(arms, parts),
            version=__version__,
            profile=catalogue.profile,
            arms={str(arm): _together(engines) for arm, engines in arms.items()},
            parts={part.name: OtherHealth(status=part.level, detail=part.detail) for part in parts},
        )

    @routes.get("/health", summary="Get the health of the service and its engines", responses=_UNAVAILABLE)
    async def get_health(response: Response) -> HealthAnswer:
        answer = await health()
        response.status_code = 503 if answer.status is HealthLevel.UNAVAILABLE else 200
        return answer

    @routes.get("/health/live", summary="Check whether the process responds")
    async def get_live() -> LiveAnswer:
        return LiveAnswer(status="ok")

    @routes.get("/health/ready", summary="Check whether requests can be answered", responses=_UNAVAILABLE)
    async def get_ready(response: Response) -> HealthAnswer:
        answer = await get_health(response)
        if state.stopping():
            answer.status = "stopping"
            response.status_code = 503
        return answer

    return routes


def metrics_routes(
    summary: Callable[[], dict[str, object]], exposition: Callable[[str], tuple[bytes, str]]
) -> APIRouter:
    """The metrics routes. ``exposition`` takes an Accept header and returns a body and its content type."""
    routes = APIRouter(prefix="/api/v1/monitoring", tags=["monitoring"])

    @routes.get("/metrics", summary="Get totals since the start, as JSON")
    async def get_metrics() -> dict[str, Any]:
        return summary()

    @routes.get(
        "/metrics/prometheus", summary="Get metrics for Prometheus", response_class=Response, responses=_TEXT
    )
    async def get_prometheus(accept: Annotated[str, Header()] = "") -> Response:
        body, content_type = exposition(accept)
        return Response(body, headers={"content-type": content_type})

    return routes


_UNAVAILABLE: dict[int | str, dict[str, Any]] = {
    503: {"model": HealthAnswer, "description": "Requests cannot be answered"}
}
_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


def _worst(arms: Mapping[Arm, Mapping[str, EngineHealth]], parts: Sequence[PartHealth]) -> HealthLevel:
    """An arm of which one engine of several is down still answers for the characters of the others."""
    levels = {part.level for part in parts}
    if not any(engine.ready for engine in arms[Arm.BASELINE].values()) or HealthLevel.UNAVAILABLE in levels:
        return HealthLevel.UNAVAILABLE
    well = all(_together(engines).ready for engines in arms.values())
    return HealthLevel.OK if well and levels <= {HealthLevel.OK} else HealthLevel.DEGRADED


def _together(engines: Mapping[str, EngineHealth]) -> EngineHealth:
    """An arm's: ready where all of its engines are; of several, each is told by name."""
    if len(engines) == 1:
        return next(iter(engines.values()))
    told = "; ".join(f"{name}: {engine.detail}" for name, engine in engines.items())
    return EngineHealth(ready=all(engine.ready for engine in engines.values()), detail=told)


async def _asked(engine: Engine) -> EngineHealth:
    try:
        async with asyncio.timeout(_ENGINE_TIMEOUT_S):
            found = await engine.health()
    except TimeoutError:
        return EngineHealth(ready=False, detail=f"no answer within {_ENGINE_TIMEOUT_S:g} s")
    return EngineHealth(ready=found.ready, detail=found.detail)
