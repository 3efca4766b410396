"""Without a key, a service that requires keys shows only what the page lists, and not which routes exist."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from wyoming.event import Event

from segue.api.elevenlabs.lists import SEARCH
from segue.api.google_grpc.messages import VERSIONS
from support.service import staged
from support.wyoming import said

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.service import Stage

PAGE = (Path(__file__).parents[2] / "docs" / "keys.md").read_text("utf-8")
_LISTED = PAGE.partition("\nThese need no key")[2].partition("\n## ")[0]
OPEN = frozenset(re.findall(r"`(GET|HEAD) (/[^`]*)`", _LISTED))
"""The methods and paths that the page lists."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "SOMETHING")
WRONG = "sgk_" + "0" * 12 + "_" + "f" * 64
KEYS_SENT: tuple[dict[str, str], ...] = ({}, {"Authorization": f"Bearer {WRONG}"}, {"xi-api-key": WRONG})
HIDEABLE = ("/docs", "/openapi.json", "/api/v1/monitoring/metrics")
"""Prefixes of what settings can switch off."""

_CONTROL = ("/api/v1/rollout", "/api/v1/config", "/api/v1/faults", "/api/v1/keys", "/api/v1/usage")
_ELEVENLABS = ("/v1/text-to-speech/", "/v1/voices/", "/v1/user", SEARCH)
_GOOGLE = ("/v1/text:synthesize", "/v1beta1/text:synthesize", "/v1/voices", "/v1beta1/voices")


@pytest.fixture(params=["true", "false"], ids=["shown", "hidden"])
async def stage(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    ports = {"SEGUE_GOOGLE_GRPC_PORT": "0", "SEGUE_WYOMING_PORT": "0"}
    shown = {"SEGUE_API_DOCS": request.param, "SEGUE_METRICS": request.param}
    async with staged(tmp_path, SEGUE_AUTH="keys", SEGUE_FAULT_INJECTION="true", **ports, **shown) as started:
        started.service.access.callers._waiting = 1000  # no refusal is delayed
        yield started


async def addressed(tmp_path: Path) -> list[tuple[str, str]]:
    """Every path that the service has with every method, and paths beside and below each."""
    async with staged(tmp_path, SEGUE_FAULT_INJECTION="true") as described:
        listed = (await described.client.get("/openapi.json")).json()["paths"]
    assert len(listed) > 30
    plain = [re.sub(r"\{[^}]*\}", "one", path) for path in listed]
    every = {*plain, *(path for _, path in OPEN), "/nothing", "/v1", "/api", "/api/v1", "/v1/text:other"}
    beside = [
        way for path in every for way in (f"{path}/", f"{path}/nothing", f"{path}x", f"/{path}", path.upper())
    ]
    return [*product(METHODS, sorted(every)), *product(("GET",), sorted({*beside} - every))]


def shape_of(path: str, headers: dict[str, str]) -> str:
    """Which API answers for the path."""
    if path.startswith(_CONTROL):
        return "control"
    if path in ("/v1/voices", "/v1/models") and "xi-api-key" in headers:
        return "elevenlabs"
    if path in _GOOGLE:
        return "google"
    if path.startswith(_ELEVENLABS[:2]) or path in _ELEVENLABS:
        return "elevenlabs"
    return "openai" if path.startswith(("/v1/models", "/v1/audio/")) else "native"


def is_shaped(shape: str, body: dict[str, Any]) -> bool:
    match shape:
        case "control":
            return {*body} == {"detail", "code"} and body["code"] == "unauthenticated"
        case "native":
            return {"detail", "code", "request_id"} <= {*body} and body["code"] == "unauthenticated"
        case "openai":
            return bool(body["error"]["code"] == "invalid_api_key")
        case "elevenlabs":
            return bool(body["detail"]["status"] == "invalid_api_key")
        case _:
            return bool(body["error"]["status"] == "UNAUTHENTICATED")


async def test_every_path_and_method_answers_401_in_its_apis_shape_or_is_on_the_page(
    stage: Stage, tmp_path: Path
) -> None:
    shown = (await stage.client.get("/docs")).status_code == 200
    for number, (method, address) in enumerate(await addressed(tmp_path)):
        headers = KEYS_SENT[number % len(KEYS_SENT)]
        answer = await stage.client.request(method, address, headers=headers)
        path = answer.request.url.path
        told = f"{method} {path} {[*headers]}: {answer.status_code} {answer.text[:200]}"
        if (method, path) in OPEN and (shown or not path.startswith(HIDEABLE)):
            assert answer.status_code == 200, told
            continue
        assert answer.status_code == 401, told
        if method != "HEAD":  # which has no body
            assert is_shaped(shape_of(path, headers), answer.json()), told


async def test_every_grpc_method_is_unauthenticated_whether_it_exists_or_not(stage: Stage) -> None:
    assert stage.service.google_grpc is not None
    unary, streamed = ("ListVoices", "SynthesizeSpeech"), ("StreamingSynthesize",)
    nothing = ("Nothing", "")
    paths = ["/grpc.health.v1.Health/Check", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/x/y"]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{stage.service.google_grpc.port}") as channel:
        one: Any = channel.unary_unary
        many: Any = channel.stream_stream
        calls: list[tuple[str, Any, Any]] = [(path, one(path), b"") for path in paths]
        for version in VERSIONS:
            at = f"/{version.service}"
            calls += [(name, one(f"{at}/{name}"), b"") for name in (*unary, *nothing)]
            calls += [(name, many(f"{at}/{name}"), iter(())) for name in (*streamed, *nothing)]
        for number, (path, call, message) in enumerate(calls):
            metadata = (("x-goog-api-key", WRONG),) if number % 2 else ()
            assert (await call(message, metadata=metadata).code()).name == "UNAUTHENTICATED", path


async def test_without_a_key_wyoming_answers_a_ping_only(stage: Stage) -> None:
    assert stage.service.wyoming is not None
    for kind in ("describe", "synthesize", "synthesize-start", "synthesize-chunk", "synthesize-stop"):
        for data in ({}, {"text": 1}, {"text": "Hello.", "voice": "nobody"}):
            found = await said(stage.service.wyoming.port, Event(kind, dict(data)), until="info")
            assert found.error is not None, (kind, data)
            assert found.error.code == "unauthenticated", (kind, data)
    assert (await said(stage.service.wyoming.port, Event("ping"), until="pong")).last == "pong"
