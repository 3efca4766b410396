"""Builds the whole API from its parts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.routing import Match

from segue import __version__
from segue.access.roles import Permission
from segue.api import permissions
from segue.api.app import ApiApp
from segue.api.catalogue_routes import catalogue_routes
from segue.api.control.config import config_routes
from segue.api.control.faults import fault_routes
from segue.api.control.keys import key_routes
from segue.api.control.report import report_routes
from segue.api.control.routes import control_routes
from segue.api.control.stream import RolloutFeed, stream_routes
from segue.api.control.usage import usage_routes
from segue.api.docs_page import docs_routes
from segue.api.elevenlabs.door import ElevenLabs
from segue.api.google.voices import GoogleVoices
from segue.api.google_rest.door import GoogleRest
from segue.api.guard import Guard
from segue.api.headers import error_headers
from segue.api.methods import only
from segue.api.monitoring.routes import State, health_routes, metrics_routes
from segue.api.native import errors as native_errors
from segue.api.native import synthesize as native
from segue.api.native.audio import AudioEndpoint
from segue.api.native.jobs import JobsEndpoint
from segue.api.openai import errors as openai_errors
from segue.api.openai import speech as openai
from segue.api.openai.lists import OPENAI_LISTS, openai_lists
from segue.api.openapi import with_hot_doors
from segue.api.refusals import HttpRefusal, WrongMethod, code_of
from segue.kernel.errors import ConfigurationError, ErrorCode, InvalidRequest, SegueError
from segue.rollout.core.rollout import NotNow
from segue.rollout.ports.store import Conflict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from fastapi import APIRouter

    from segue.access.register import KeyRegister
    from segue.api.app import Dialect
    from segue.api.asgi import App, Receive, Scope, Send
    from segue.api.auth import Operators
    from segue.api.context import Context
    from segue.api.control.config import Effective
    from segue.api.control.routes import RolloutControl
    from segue.kernel.ports.health import PartHealth
    from segue.rollout.controller.reporting import Reporter
    from segue.rollout.controller.traffic import TrafficLog
    from segue.speech.ports.engine import Engine
    from segue.speech.ports.faults import FaultBoard
    from segue.speech.service.jobs import Jobs
    from segue.usage.book import UsageBook


class Shown(NamedTuple):
    """Which pages are served without authentication."""

    docs: bool = True
    metrics: bool = True


@dataclass(frozen=True, slots=True)
class ApiParts:
    """The parts of the API. ``board`` is None if fault injection is not allowed."""

    context: Context
    engines: Mapping[str, Engine]
    control: RolloutControl
    effective: Effective
    feed: RolloutFeed
    reporter: Reporter
    traffic: TrafficLog
    jobs: Jobs
    health: Callable[[], Sequence[PartHealth]]
    board: FaultBoard | None
    operators: Operators
    usage: UsageBook
    keys: KeyRegister
    summary: Callable[[], dict[str, object]]
    exposition: Callable[[str], tuple[bytes, str]]
    stopping: Callable[[], bool]
    shown: Shown
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_api(parts: ApiParts) -> ApiApp:
    """The ASGI application."""
    context = parts.context
    guard, operators = Guard(context.callers, context.identity, context.limiter), parts.operators
    rest = FastAPI(
        title="Segue",
        version=__version__,
        summary="Progressive delivery for text-to-speech",
        lifespan=parts.lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if parts.shown.docs else None,
    )
    rest.add_api_route("/", _where_to(parts.shown), include_in_schema=False)
    public = _public(parts)
    for routes in public:
        rest.include_router(routes)
    opened = permissions.opened_by([*rest.routes, *(route for routes in public for route in routes.routes)])
    rest.include_router(catalogue_routes(context.catalogue))
    rest.include_router(openai_lists(context))
    rest.include_router(control_routes(parts.control, operators))
    rest.include_router(config_routes(parts.effective, parts.control, operators))
    rest.include_router(stream_routes(parts.feed, operators))
    rest.include_router(report_routes(parts.reporter, parts.traffic, operators))
    rest.include_router(key_routes(parts.keys, context.catalogue, context.clock, operators))
    rest.include_router(usage_routes(parts.usage, context.clock, operators))
    if parts.board is not None:
        rest.include_router(fault_routes(parts.board, parts.engines.keys(), context.clock, operators))
    rest.add_exception_handler(SegueError, _told)
    rest.add_exception_handler(RequestValidationError, _not_understood)
    rest.add_exception_handler(405, _wrong_method)
    rest.openapi = with_hot_doors(rest.openapi)  # type: ignore[method-assign]  # FastAPI's own way
    audio = permissions.guarded_audio(guard, AudioEndpoint(context), context.links)
    dialects = _dialects(parts, guard)
    others = permissions.guarded_rest(guard, _authenticated_first(rest, operators), opened)
    return ApiApp(_posts(context, guard), audio, others, dialects, bodies=context.bodies)


def _public(parts: ApiParts) -> list[APIRouter]:
    """What is served without authentication, besides the links at ``/`` and the OpenAPI document."""
    state = State(parts.context.catalogue, parts.engines, parts.health, parts.stopping)
    return [
        health_routes(state),
        *([docs_routes()] if parts.shown.docs else []),
        *([metrics_routes(parts.summary, parts.exposition)] if parts.shown.metrics else []),
    ]


def _authenticated_first(rest: App, operators: Operators) -> App:
    """The control API, for callers that are known: the framework would read and parse anybody's body first."""

    async def check(scope: Scope, receive: Receive, send: Send) -> None:
        if permissions.is_control(scope):
            request = Request(scope)
            try:
                await operators.authenticate(request)
            except HTTPException as error:
                await JSONResponse({"detail": error.detail}, error.status_code)(scope, receive, send)
                return
            except SegueError as error:
                await (await _told(request, error))(scope, receive, send)
                return
        await rest(scope, receive, send)

    return check


def _posts(context: Context, guard: Guard) -> dict[str, tuple[App, App]]:
    """The endpoints on the hot path: for each path, the one for POST and the one for other methods."""
    speech = Permission.SYNTHESIZE
    return {
        native.PATH: (
            guard.guarded(native.SynthesizeEndpoint(context), permissions.NATIVE, speech),
            guard.guarded(only("POST", native_errors.refused), permissions.NATIVE, speech),
        ),
        openai.PATH: (
            guard.guarded(openai.OpenAISpeechEndpoint(context), permissions.OPENAI, speech),
            guard.guarded(only("POST", openai_errors.refused), permissions.OPENAI, speech),
        ),
    }


def _dialects(parts: ApiParts, guard: Guard) -> list[Dialect]:
    context = parts.context
    google = GoogleRest(context, GoogleVoices(context.catalogue, parts.engines))
    return [
        guard.guarded_dialect(JobsEndpoint(context, parts.jobs), permissions.NATIVE, permissions.needed_by_jobs),
        guard.guarded_dialect(ElevenLabs(context), permissions.ELEVENLABS, permissions.needed_by_elevenlabs),
        guard.guarded_dialect(google, permissions.GOOGLE, permissions.needed_by_google),
    ]


def _where_to(shown: Shown) -> Callable[[], Awaitable[dict[str, str]]]:
    """The response for ``/``: links to the main pages."""
    docs = {"api": "/docs", "openapi": "/openapi.json"} if shown.docs else {}
    metrics = {"metrics": "/api/v1/monitoring/metrics"} if shown.metrics else {}
    health = {"health": "/api/v1/monitoring/health"}
    places = {"service": f"Segue {__version__}"} | docs | health | metrics | {"voices": "/api/v1/voices"}

    async def where_to() -> dict[str, str]:
        return places

    return where_to


async def _told(request: Request, error: Exception) -> JSONResponse:
    """The response for an operator's command that failed: what happened, with a code and a status."""
    del request
    assert isinstance(error, SegueError)
    status = _status(error)
    detail = f"{error}. {_EMERGENCY}" if status == _OUT_OF_REACH else str(error)
    headers = {name.decode(): value.decode() for name, value in error_headers(error, b"", "")[1:]}
    return JSONResponse({"detail": detail, "code": _code(error)}, status, headers)


_OUT_OF_REACH = 503
_EMERGENCY = (
    "To switch the candidate off without the store, set CHIRP3_ENABLED=false in the rollout file, or in the "
    "environment and restart"
)


_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


async def _wrong_method(request: Request, error: Exception) -> Response:
    """The response for a wrong method, in OpenAI's format at its paths, otherwise in Segue's.

    Names all methods of the path, because the framework names only those of the first matching route.
    """
    del error
    routes, scope = request.app.routes, request.scope
    allowed = [
        method
        for method in _METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    errors = openai_errors if request.url.path.startswith(OPENAI_LISTS) else native_errors
    answer = errors.refused(WrongMethod(request.method, *allowed), "")
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    return Response(answer.body, answer.status, headers)


async def _not_understood(request: Request, error: Exception) -> Response:
    """The response for an invalid body: the faults with their places, without the values, which may be long."""
    del request
    assert isinstance(error, RequestValidationError)
    faults = [{key: fault[key] for key in ("type", "loc", "msg")} for fault in error.errors()]
    return Response(json.dumps({"detail": faults}), 422, media_type="application/json")


def _status(error: Exception) -> int:
    if isinstance(error, Conflict | NotNow):
        return 409
    if isinstance(error, HttpRefusal):
        return error.status
    return 400 if isinstance(error, InvalidRequest | ConfigurationError) else _OUT_OF_REACH


def _code(error: Exception) -> str:
    """The error code for programs; two errors of the control API have their own codes."""
    if isinstance(error, Conflict):
        return "conflict"
    if isinstance(error, NotNow):
        return "not_now"
    return code_of(error) if isinstance(error, SegueError) else ErrorCode.INTERNAL
