"""The whole API, from its parts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from segue import __version__
from segue.api.app import Dialect, Doors
from segue.api.auth import operator_check
from segue.api.catalogue_routes import catalogue_routes
from segue.api.control.config import config_routes
from segue.api.control.faults import fault_routes
from segue.api.control.report import report_routes
from segue.api.control.routes import control_routes
from segue.api.control.stream import RolloutFeed, stream_routes
from segue.api.elevenlabs.door import ElevenLabs
from segue.api.google.voices import Voices
from segue.api.google_rest.door import GoogleRest
from segue.api.monitoring.routes import monitoring_routes
from segue.api.native import synthesize as native
from segue.api.native.audio import AudioDoor
from segue.api.native.jobs import JobsDoor
from segue.api.openai import speech as openai
from segue.api.openai.lists import openai_lists
from segue.api.openapi import with_hot_doors
from segue.core.errors import ConfigurationError, ErrorCode, InvalidRequest, SegueError
from segue.core.rollout import NotNow
from segue.ports.store import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from segue.api.asgi import App
    from segue.api.context import Context
    from segue.api.control.config import Effective
    from segue.api.control.routes import RolloutControl
    from segue.controller.reporting import Reporter
    from segue.ports.engine import Engine
    from segue.ports.faults import FaultBoard
    from segue.service.jobs import Jobs


@dataclass(frozen=True, slots=True)
class Parts:
    """What the API is made of. ``board`` is None where faults may not be injected."""

    context: Context
    engines: Mapping[str, Engine]
    control: RolloutControl
    effective: Effective
    feed: RolloutFeed
    reporter: Reporter
    jobs: Jobs
    board: FaultBoard | None
    admin_token: str | None
    summary: Callable[[], dict[str, object]]
    exposition: Callable[[str], tuple[bytes, str]]
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_api(parts: Parts) -> Doors:
    """The ASGI application."""
    context, check = parts.context, operator_check(parts.admin_token)
    rest = FastAPI(
        title="Segue",
        version=__version__,
        summary="Progressive delivery for text-to-speech",
        lifespan=parts.lifespan,
        docs_url="/docs",
        redoc_url=None,
    )
    rest.include_router(monitoring_routes(context.catalogue, parts.engines, parts.summary, parts.exposition))
    rest.include_router(catalogue_routes(context.catalogue))
    rest.include_router(openai_lists(context))
    rest.include_router(control_routes(parts.control, check))
    rest.include_router(config_routes(parts.effective, parts.control, check))
    rest.include_router(stream_routes(parts.feed, check))
    rest.include_router(report_routes(parts.reporter, check))
    if parts.board is not None:
        rest.include_router(fault_routes(parts.board, parts.engines.keys(), context.clock, check))
    rest.add_exception_handler(SegueError, _told)
    rest.add_exception_handler(RequestValidationError, _not_understood)
    rest.add_api_route("/", _where_to, include_in_schema=False)
    rest.openapi = with_hot_doors(rest.openapi)  # type: ignore[method-assign]  # FastAPI's own way
    posts: dict[str, App] = {native.PATH: native.SynthesizeDoor(context), openai.PATH: openai.SpeechDoor(context)}
    google = GoogleRest(context, Voices(context.catalogue, parts.engines))
    dialects: list[Dialect] = [JobsDoor(context, parts.jobs), ElevenLabs(context), google]
    return Doors(posts, AudioDoor(context), rest, dialects, bodies=context.bodies)


async def _where_to() -> dict[str, str]:
    """For whoever opens the address that the service prints."""
    return {
        "service": f"Segue {__version__}",
        "api": "/docs",
        "openapi": "/openapi.json",
        "health": "/api/v1/monitoring/health",
        "metrics": "/api/v1/monitoring/metrics",
        "voices": "/api/v1/voices",
    }


async def _told(request: Request, error: Exception) -> JSONResponse:
    """An operator's order that could not be carried out: what happened, and whose affair it is."""
    del request
    status = _status(error)
    detail = f"{error}. {_EMERGENCY}" if status == _OUT_OF_REACH else str(error)
    return JSONResponse({"detail": detail, "code": _code(error)}, status)


_OUT_OF_REACH = 503
_EMERGENCY = "To take the candidate off without the store, set CHIRP3_ENABLED=false in the environment and restart"


async def _not_understood(request: Request, error: Exception) -> Response:
    """What is wrong with a body, and where. What was sent is not sent back: it may be long, or no JSON at all."""
    del request
    assert isinstance(error, RequestValidationError)
    faults = [{key: fault[key] for key in ("type", "loc", "msg")} for fault in error.errors()]
    return Response(json.dumps({"detail": faults}), 422, media_type="application/json")


def _status(error: Exception) -> int:
    if isinstance(error, Conflict | NotNow):
        return 409
    return 400 if isinstance(error, InvalidRequest | ConfigurationError) else _OUT_OF_REACH


def _code(error: Exception) -> str:
    """The kind of error for programs; two of the control API's own are told apart from the tree's."""
    if isinstance(error, Conflict):
        return "conflict"
    if isinstance(error, NotNow):
        return "not_now"
    return error.code if isinstance(error, SegueError) else ErrorCode.INTERNAL
