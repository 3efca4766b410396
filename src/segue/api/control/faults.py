"""``/api/v1/faults``: fault injection into engines, if the settings allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from segue.access.roles import Permission
from segue.api.auth import Actor
from segue.api.control.bodies import ERRORS
from segue.speech.ports.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Collection

    from segue.api.auth import Operators
    from segue.kernel.ports.clock import Clock
    from segue.speech.ports.faults import FaultBoard


class FaultBody(BaseModel):
    """An injected fault. It lasts for ``for_s`` seconds from now; empty names match everything."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    rate: float = Field(default=1.0, ge=0, le=1)
    character_key: str = Field(default="", max_length=128)
    voice_family: str = Field(default="", max_length=64)
    delay_s: float = Field(default=0.0, ge=0, le=3600)
    for_s: float | None = Field(default=None, gt=0)


class FaultsBody(BaseModel):
    faults: list[FaultBody] = Field(max_length=100)


def fault_routes(board: FaultBoard, engines: Collection[str], clock: Clock, operators: Operators) -> APIRouter:
    """The routes; they exist only if fault injection is allowed."""
    routes = APIRouter(prefix="/api/v1/faults", tags=["faults"], responses=ERRORS)
    viewer: Any = Depends(operators.may(Permission.VIEW))
    operator: Any = Depends(operators.may(Permission.OPERATE))

    def known(engine: str) -> str:
        if engine not in engines:
            raise HTTPException(400, f"unknown engine {engine[:64]!r}; known: {', '.join(sorted(engines))}")
        return engine

    @routes.get("/{engine}", summary="Get the faults in force on an engine of this process")
    async def get_faults(engine: str, _: Actor = viewer) -> FaultsBody:
        now_s = clock.monotonic_s()
        return FaultsBody(
            faults=[_shown(fault, now_s) for fault in board.faults(known(engine)) if _in_force(fault, now_s)]
        )

    @routes.put("/{engine}", summary="Replace the faults of an engine; an empty list removes them")
    async def put_faults(engine: str, body: FaultsBody, _: Actor = operator) -> FaultsBody:
        now_s = clock.monotonic_s()
        board.set_faults(known(engine), tuple(_understood(fault, now_s) for fault in body.faults))
        return body

    return routes


def _in_force(fault: Fault, now_s: float) -> bool:
    return fault.until_s is None or fault.until_s > now_s


def _shown(fault: Fault, now_s: float) -> FaultBody:
    return FaultBody(
        kind=fault.kind,
        rate=fault.rate,
        character_key=fault.character_key,
        voice_family=fault.voice_family,
        delay_s=fault.delay_s,
        for_s=None if fault.until_s is None else fault.until_s - now_s,
    )


def _understood(body: FaultBody, now_s: float) -> Fault:
    until_s = None if body.for_s is None else now_s + body.for_s
    return Fault(body.kind, body.rate, body.character_key, body.voice_family, body.delay_s, until_s)
